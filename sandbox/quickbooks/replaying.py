"""The requestid: a request with a known one gets the first answer again, and nothing is done."""

from collections import OrderedDict, defaultdict
from dataclasses import dataclass

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request, Response

from sandbox.quickbooks.switches import Switches
from sandbox.quickbooks.world.faults import malformed

REQUEST_ID_LENGTH = 50


@dataclass(frozen=True)
class FirstAnswer:
    asked: bytes
    status: int
    body: bytes
    headers: Headers

    def replayed(self, request: Request, switches: Switches) -> Response:
        """The answer as it was, even if its object has been deleted since (others observed this at the service)."""
        if switches.request_id_other_body == "refuse" and request.get_data() != self.asked:
            raise malformed("The requestid has been used for another request")
        return Response(self.body, self.status, self.headers)


class FirstAnswers:
    """The successful answers of each company by requestid, oldest first; a refused request may be repeated."""

    def __init__(self) -> None:
        self._kept: dict[str, OrderedDict[str, FirstAnswer]] = defaultdict(OrderedDict)

    def find(self, realm_id: str, request_id: str) -> FirstAnswer | None:
        return self._kept[realm_id].get(request_id)

    def keep(self, realm_id: str, request_id: str, request: Request, response: Response, most: int) -> None:
        kept = self._kept[realm_id]
        kept[request_id] = FirstAnswer(
            request.get_data(), response.status_code, response.get_data(), response.headers.copy()
        )
        while len(kept) > most:
            kept.popitem(last=False)
