"""A person at the dashboard: follows redirects and sends forms as the page wrote them, hidden fields and all."""

import atexit
from contextlib import ExitStack
from functools import cache
from html.parser import HTMLParser
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from domain.users import UserRole
from tasks.context import Context
from usecases.logins import create_login_link
from usecases.results import Rejected
from usecases.users import create_user

PASSWORD = "correct horse battery staple"


@cache
def _event_loop() -> BlockingPortal:
    """One for all browsers: the client would begin a thread and a loop for each request."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(start_blocking_portal("asyncio"))


class Browser:
    def __init__(self, app: FastAPI, **options: Any) -> None:
        self.client = TestClient(app, raise_server_exceptions=False, **options)
        self.client.portal = _event_loop()
        self.page = ""

    def get(self, address: str, **options: Any) -> Response:
        return self._keep(self.client.get(address, **options))

    def send(self, action: str, values: dict[str, str] | None = None, **options: Any) -> Response:
        """Sends the form with this action from the page that is open, with these fields filled in."""
        forms = [form for form in forms_in(self.page) if form.action == action]
        assert forms, f"the page has no form for {action}"
        return self._keep(self.client.post(action, data=forms[-1].fields | (values or {}), **options))

    def log_in(self, email: str, password: str = PASSWORD) -> Response:
        self.get("/login")
        return self.send("/login", {"email": email, "password": password})

    def _keep(self, response: Response) -> Response:
        self.page = response.text
        return response


class Form:
    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, str] = {}


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            self.forms.append(Form(values.get("action") or ""))
        if tag == "input" and self.forms and values.get("name"):
            left_out = values.get("type") in {"checkbox", "radio"} and "checked" not in values
            if not left_out:
                self.forms[-1].fields[str(values["name"])] = values.get("value") or ""


def forms_in(page: str) -> list[Form]:
    parser = _Forms()
    parser.feed(page)
    return parser.forms


def add_user(
    context: Context,
    email: str,
    organization: str | None = None,
    password: str | None = None,
    role: UserRole = UserRole.ADMIN,
) -> None:
    """A person of the organization, or an operator without one."""
    assert not isinstance(create_user(context, email, password, organization, role), Rejected)


def logged_in(app: FastAPI, email: str, organization: str | None = None, role: UserRole = UserRole.ADMIN) -> Browser:
    """A new user who came in by a one-time link, which spares the slow comparison of a password."""
    add_user(app.state.context, email, organization, role=role)
    return back_again(app, email)


def back_again(app: FastAPI, email: str) -> Browser:
    """A user who was there before, by another one-time link."""
    context, settings = app.state.context, app.state.settings
    token = create_login_link(context, settings.secret_key.get_secret_value(), email)
    browser = Browser(app)
    # The page after it would be a quarter of the time that tests of pages take.
    there = browser.client.get("/login/once", params={"token": token}, follow_redirects=False)
    assert (there.status_code, there.headers["location"]) == (303, "/overview")
    return browser
