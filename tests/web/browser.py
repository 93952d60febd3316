"""A person at the dashboard: follows redirects and sends forms as the page wrote them, hidden fields and all."""

import atexit
import json
from base64 import b64encode
from contextlib import ExitStack
from functools import cache
from html.parser import HTMLParser
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from httpx2 import Request as Sent
from httpx2 import Response
from itsdangerous import TimestampSigner
from starlette.requests import Request
from starlette.testclient import TestClient

from domain.users import UserRole
from models.users import user_by_email
from tasks.context import Context
from usecases.logins import begin_session
from usecases.results import Rejected
from usecases.users import create_user
from web.signed_in import remember

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
    """A new user who has come in."""
    add_user(app.state.context, email, organization, role=role)
    return back_again(app, email)


def back_again(app: FastAPI, email: str) -> Browser:
    """A user who was there before, in a browser with a session as every login begins it, and with its cookie.

    The ways in, which test_login.py goes, would be a third of the time that tests of pages take.
    """
    context, settings = app.state.context, app.state.settings
    with context.database.writing() as session:
        user = user_by_email(session, email, locked=True)
        assert user is not None
        key = begin_session(context, session, user, browser="")
    begun = Request({"type": "http", "session": {}})
    remember(begun, key)
    signer = TimestampSigner(settings.secret_key.get_secret_value())
    cookie = signer.sign(b64encode(json.dumps(begun.session).encode())).decode()
    browser = Browser(app)
    request = Sent("GET", browser.client.base_url)
    answer = Response(303, headers={"Set-Cookie": f"session={cookie}; path=/"}, request=request)
    browser.client.cookies.extract_cookies(answer)
    return browser
