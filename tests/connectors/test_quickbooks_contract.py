"""QuickBooks is a source, whatever Intuit leaves open."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from connectors.base import Source
from tests.connectors.source_contract import SourceContract
from tests.connectors.vendors import QuickBooks, open_quickbooks


@dataclass
class Books:
    quickbooks: QuickBooks

    @property
    def source(self) -> Source:
        return self.quickbooks.source

    def now(self) -> datetime:
        return self.quickbooks.clock.now()

    def pass_time(self, seconds: float) -> None:
        self.quickbooks.clock.move(seconds=seconds)

    def add_invoice(self, number: str | None, total: str) -> str:
        return self.quickbooks.invoice(total, number)

    def pay(self, total: str, *lines: tuple[str, str]) -> str:
        return self.quickbooks.pay(total, *lines)

    def void(self, payment_id: str) -> None:
        self.quickbooks.sandbox.void_payment(payment_id)

    def delete(self, payment_id: str) -> None:
        self.quickbooks.sandbox.delete_payment(payment_id)

    def move(self, payment_id: str, from_invoice_id: str, to_invoice_id: str) -> None:
        self.quickbooks.sandbox.move_payment(payment_id, from_invoice_id, to_invoice_id)


class QuickBooksContract(SourceContract):
    switches: ClassVar[dict[str, Any]] = {}

    @contextmanager
    def open_world(self) -> Iterator[Books]:
        with open_quickbooks() as quickbooks:
            quickbooks.sandbox.set_switches(**self.switches)
            yield Books(quickbooks)


class TestTheUsualCompany(QuickBooksContract):
    pass


class TestACompanyWithFieldsThatNobodyKnows(QuickBooksContract):
    switches: ClassVar[dict[str, Any]] = {"unknown_fields": True, "void_note": "Voided - ", "fault_spelling": "lower"}


class TestACompanyWhoseTokensEndAtOnce(QuickBooksContract):
    """Every call finds a token that is about to end; the value changes with every refresh."""

    switches: ClassVar[dict[str, Any]] = {"access_token_seconds": 60, "replaced_refresh": "kills_both"}


class TestACompanyWhereIdsCannotBeSorted(QuickBooksContract):
    switches: ClassVar[dict[str, Any]] = {"id_sortable": False, "fault_spelling": "upper"}


class TestAStrictCompany(QuickBooksContract):
    """Everything that Intuit leaves open is as unkind as it may be."""

    switches: ClassVar[dict[str, Any]] = {
        "in_list_limit": 40,
        "cdc_inclusive": False,
        "cdc_cap_scope": "request",
        "cdc_cap_keeps": "oldest",
        "line_over_balance": "reject",
        "query_order": "newest_first",
        "fault_spelling": "lower",
        "last_modified_by": False,
    }


class TestALenientCompany(QuickBooksContract):
    switches: ClassVar[dict[str, Any]] = {
        "cdc_inclusive": True,
        "cdc_cap_scope": "entity",
        "cdc_cap_keeps": "newest",
        "cdc_beyond_30_days": "clip",
        "line_over_balance": "accept",
        "query_order": "oldest_first",
        "fault_spelling": "upper",
        "xml_without_accept": False,
    }
