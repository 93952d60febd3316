"""A person who goes from route to route, and comes in again where one of them has ended the session."""

from httpx2 import Response

from tests.web.browser import Browser, back_again, forms_in
from tests.web.routes import CHANGES, Row
from tests.web.things import Things


def is_turned_away(answer: Response) -> bool:
    return answer.status_code in (401, 403) or answer.headers.get("location", "").startswith("/login?next")


def tokens_of(browser: Browser) -> dict[bool, str]:
    """The token of a form of the page for one's own account (True), and of one about the organization (False)."""
    fields = {form.action: form.fields for form in forms_in(browser.get("/settings/account").text)}
    return {True: fields["/settings/account/password"]["csrf_token"], False: fields["/logout"]["csrf_token"]}


class Walker:
    def __init__(self, things: Things, email: str) -> None:
        self._things, self._email = things, email
        self._come_in()

    def _come_in(self) -> None:
        self._browser = back_again(self._things.app, self._email)
        self._tokens = tokens_of(self._browser)

    def call(self, route: tuple[str, str], row: Row) -> Response:
        """The route's answer, with the token that its form has; who is turned away has just come in."""
        answer = self._once(route, row)
        if is_turned_away(answer):
            self._come_in()
            answer = self._once(route, row)
        return answer

    def _once(self, route: tuple[str, str], row: Row) -> Response:
        token = self._tokens[row.own] if route[0] in CHANGES else ""
        return self._things.call(self._browser, route, row, token)
