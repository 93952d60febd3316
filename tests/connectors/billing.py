"""A tenant whose invoices wait for the books, with our biller in front of it."""

from collections.abc import Collection
from dataclasses import dataclass

from connectors.base import Got, ReadResult
from connectors.connectwise.biller import ConnectWiseBiller
from connectors.copying import BilledPage, DetailsRead
from domain.copying.billed import BilledDetail
from sandbox.connectwise import ConnectWiseSandbox
from tests.connectors.vendors import ConnectWise


@dataclass
class Billing:
    connectwise: ConnectWise
    biller: ConnectWiseBiller

    @property
    def sandbox(self) -> ConnectWiseSandbox:
        return self.connectwise.sandbox

    def connect(self) -> ConnectWiseBiller:
        """A biller that has not discovered the API yet."""
        return ConnectWiseBiller(self.connectwise.connect()._client)

    def invoice(self, number: str = "INV-1", **fields) -> str:
        """A closed invoice over cable (524.56 with a price of four digits) and work (75.00), with 36.72 of tax."""
        if "FL" not in self.sandbox.companies["acme"].tax_codes:
            self.sandbox.add_tax_code("FL", [{"rate": "0.06", "xref": "STATE"}, {"rate": "0.01", "xref": "CITY"}])
        invoice_id = self.sandbox.add_invoice(number, 0, closed=False, tax_code="FL", **fields)
        self.sandbox.add_line(invoice_id, "product", "Cable", "5.2456", 100, taxable=True, item="CBL", cost=60)
        self.sandbox.add_line(invoice_id, "time", "Laid it", 150, "0.5", item="Remote Support")
        self.sandbox.close_invoice(invoice_id)
        return str(invoice_id)

    def entries_of(self, invoice_id: str) -> frozenset[str]:
        return frozenset(map(str, self.sandbox.invoice(int(invoice_id)).gl_entry_ids))

    def page(self, after: str | None = None) -> BilledPage:
        return value_of(self.biller.list_unposted(after))

    def details(self, invoice_ids: Collection[str]) -> DetailsRead:
        return value_of(self.biller.read_details(invoice_ids))

    def detail(self, invoice_id: str) -> BilledDetail:
        read = self.details([invoice_id])
        assert not read.unreadable
        [found] = read.details
        return found

    def calls(self, route: str) -> int:
        return self.sandbox.calls.count(route)


def value_of(result: ReadResult) -> object:
    assert isinstance(result, Got), result
    return result.value
