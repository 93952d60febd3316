"""The two outside systems as a bare client sees them, which keeps nothing: for what is measured beside the product."""

import base64
from dataclasses import dataclass
from functools import cached_property

import requests

from benchmarks.books import Book
from sandbox.stack import CONNECTWISE_CLIENT_ID, Stack

API = "/v4_6_release/apis/3.0"
_SECONDS = 30


def token_of(stack: Stack, book: Book) -> str:
    with stack.quickbooks() as quickbooks:
        return str(quickbooks.issue_tokens(realm_id=book.tenant.realm_id)["access_token"])


def basic_of(book: Book) -> dict[str, str]:
    slug = book.tenant.company_id
    login = base64.b64encode(f"{slug}+{slug}-public:{slug}-private".encode()).decode()
    return {"Authorization": f"Basic {login}", "clientId": CONNECTWISE_CLIENT_ID}


def calls_to_connectwise(stack: Stack) -> int:
    with stack.connectwise() as connectwise:
        return int(connectwise.calls()["total"])


def metered_reads(stack: Stack) -> int:
    with stack.quickbooks() as quickbooks:
        return sum(quickbooks.metered_reads().values())


@dataclass
class BareClient:
    """Asks what the product asks about one payment, and enters it, one call after the other."""

    stack: Stack
    book: Book
    session: requests.Session

    def pay(self, place: int) -> None:
        self._read("Payment", self.book.payment_ids[place])
        number = str(self._read("Invoice", self.book.invoice_ids[place])["DocNumber"])
        invoices = f"{self.stack.connectwise_url}{API}/finance/invoices"
        invoice_id = self._find(invoices, f'invoiceNumber = "{number}"')
        # The product looks once more right before it sends.
        self._find(invoices, f"id in ({invoice_id})")
        body = {"type": "P", "amount": 100, "paymentDate": "2026-11-20T00:00:00Z", "invoice": {"id": invoice_id}}
        address = f"{invoices}/{invoice_id}/payments"
        self.session.post(address, json=body, headers=self._basic, timeout=_SECONDS).raise_for_status()

    @cached_property
    def _bearer(self) -> dict[str, str]:
        token = token_of(self.stack, self.book)
        return {"Authorization": f"Bearer {token}", "Accept": "application/json", "Content-Type": "application/text"}

    @cached_property
    def _basic(self) -> dict[str, str]:
        return basic_of(self.book)

    def _read(self, name: str, one: str) -> dict[str, object]:
        query = f"SELECT * FROM {name} WHERE Id IN ('{one}') MAXRESULTS 1000"  # noqa: S608 - an id of the sandbox
        address = f"{self.stack.quickbooks_url}/v3/company/{self.book.tenant.realm_id}/query"
        answer = self.session.post(address, data=query, headers=self._bearer, timeout=_SECONDS)
        answer.raise_for_status()
        found: list[dict[str, object]] = answer.json()["QueryResponse"][name]
        return found[0]

    def _find(self, invoices: str, conditions: str) -> int:
        answer = self.session.get(invoices, params={"conditions": conditions}, headers=self._basic, timeout=_SECONDS)
        answer.raise_for_status()
        return int(answer.json()[0]["id"])
