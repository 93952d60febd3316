"""What the calls about webhooks and about notification channels have in common."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TypeVar

from fastapi import Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from usecases.endpoints_out import NoticesOut
from usecases.notices import Log
from usecases.results import Rejected
from web.api.pages import link_to_next
from web.api.payments import WITHOUT_NUL
from web.call_semaphores import COME_BACK_SECONDS, call_slot
from web.payments import ID_MAX
from web.problems import Problem, Refused

_BUSY = "Other calls are running right now. Try again in a minute."
Id = Annotated[int, Path(ge=1, le=ID_MAX, description="as the list has it")]
Text = Annotated[str, Field(pattern=WITHOUT_NUL)]
T = TypeVar("T")


class SwitchIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    is_on: bool


@contextmanager
def call_slot_or_refused(request: Request, organization_id: int) -> Iterator[None]:
    """A slot for a call to an endpoint.

    Raises:
        Refused: none is free.
    """
    with call_slot(request, organization_id) as free:
        if not free:
            raise Refused(Problem.BUSY, _BUSY, headers={"Retry-After": str(COME_BACK_SECONDS)})
        yield


def there(found: T | Rejected | None, noun: str, refused: Problem) -> T:
    """What was found or done.

    Raises:
        Refused: it is not there, or was rejected.
    """
    match found:
        case None:
            raise Refused(Problem.NOT_FOUND, f"There is no such {noun}, or no such notice in its log.")
        case Rejected(message):
            raise Refused(refused, message)
        case _:
            return found


def page_of(request: Request, response: Response, log: Log) -> NoticesOut:
    """A page of the log, with the link to the next one."""
    document = NoticesOut.of(log)
    link_to_next(request, response, document.next_cursor)
    return document
