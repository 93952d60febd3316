"""Signed webhooks as QuickBooks sends them, and the time that the door takes to answer each."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http import HTTPStatus

import requests

from benchmarks.books import Book
from sandbox.quickbooks.webhooks.events import Event, body_of, new_event, signature_of
from sandbox.stack import Stack

# QuickBooks itself waits three seconds; a longer answer is measured to its end.
TIMEOUT_SECONDS = 60
SENDINGS_MAX = 20


class Hooks:
    """One sender with one connection to the door. Threads must not share it."""

    def __init__(self, stack: Stack) -> None:
        self._address = f"{stack.web_url}/webhooks/quickbooks"
        self._token = stack.verifier_token
        self._session = requests.Session()
        self._session.trust_env = False
        # The server may close an idle connection just as the next delivery begins on it.
        self._session.headers["Connection"] = "close"

    def _post(self, body: bytes, headers: dict[str, str]) -> requests.Response:
        return self._session.post(self._address, data=body, headers=headers, timeout=TIMEOUT_SECONDS)

    def send(self, events: Sequence[Event]) -> float:
        """Sends a delivery, again if the door refuses it, as Intuit does; returns the seconds until it is accepted."""
        body = body_of(events, "cloudevents", "void")
        headers = {"intuit-signature": signature_of(body, self._token), "Content-Type": "application/json"}
        started = time.monotonic()
        answer = self._post(body, headers)
        for _ in range(SENDINGS_MAX):
            if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                break
            answer = self._post(body, headers)
        answer.raise_for_status()
        return time.monotonic() - started


def events_of(book: Book, first: int = 0, count: int | None = None) -> Iterator[Event]:
    """QuickBooks' events for each payment: the payment was created, and its invoice has changed."""
    realm_id, now = book.tenant.realm_id, datetime.now(UTC)
    until = len(book.payment_ids) if count is None else first + count
    for place in range(first, until):
        yield new_event(realm_id, "Payment", book.payment_ids[place], "Create", now)
        yield new_event(realm_id, "Invoice", book.invoice_ids[place], "Update", now)
