"""The bridge leads from the receivables of the source to the open balance of the target, whatever is apart."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.reconciliation.bridge import BridgeLine, adds_up, bridge
from domain.reconciliation.documents import DocumentKind, OpenDocument, TargetStanding
from domain.reconciliation.pairing import pair_up
from domain.reconciliation.standings import open_invoices


def document(kind: DocumentKind, id_: int, number: str, balance: int, currency: str | None = "USD") -> OpenDocument:
    return OpenDocument(
        kind, str(id_), number, "1", "Cascade Dental", None, None, currency, Decimal(500), Decimal(balance) / 100
    )


def standing(id_: int, number: str, balance: int, currency: str | None = "USD") -> TargetStanding:
    return TargetStanding(str(id_), number, "1", (), None, currency, Decimal(500), Decimal(balance) / 100, None, None)


cents = st.integers(1, 500_00)
numbers = st.sampled_from([f"INV-{number}" for number in range(6)] + [""])
currencies = st.sampled_from(["USD", "EUR", None])
at_source = st.lists(st.tuples(st.sampled_from(DocumentKind), numbers, cents, currencies), max_size=8)
at_target = st.lists(st.tuples(numbers, cents, currencies), max_size=8)


@given(at_source, at_target)
def test_the_lines_always_lead_from_one_total_to_the_other(source, target) -> None:  # type: ignore[no-untyped-def]
    documents = [document(kind, id_, *rest) for id_, (kind, *rest) in enumerate(source)]
    standings = [standing(id_, *rest) for id_, rest in enumerate(target)]
    rows = bridge(documents, standings, pair_up(open_invoices(documents), standings, {}))
    assert adds_up(rows)


def test_what_a_customer_is_owed_is_shown_and_is_no_difference() -> None:
    documents = [document(DocumentKind.INVOICE, 1, "A", 100_00), document(DocumentKind.PAYMENT, 2, "", -40_00)]
    standings = [standing(9, "A", 100_00)]
    rows = bridge(documents, standings, pair_up(open_invoices(documents), standings, {}))
    amounts = {row.line: row.amount for row in rows}
    assert amounts[BridgeLine.UNAPPLIED_PAYMENTS] == Decimal(-40)
    assert amounts[BridgeLine.RECEIVABLES] == Decimal(60)
    assert amounts[BridgeLine.DIFFERENCES] == 0
    assert amounts[BridgeLine.TARGET] == Decimal(100)
