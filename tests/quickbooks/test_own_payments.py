"""The platform's own payments, also in the moment between its POST and its word."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import product

import pytest

from domain.ingest.own_payments import Intent, find_intent, intent_of, problem_with, problem_with_marker
from domain.records import AllocationKind, PaymentState, SourceAllocation, SourcePayment
from models.payments import OwnPayment
from tests.quickbooks.story import hint
from tests.world import BothInvoices, World
from usecases.own_payments import register, register_intent

MARKER = "pay-7c1e2f90-4b1d-4f6a-9c55-0d1f6f3c2a11"
DAY = date(2026, 11, 20)


def whole(marker: str, amount: str = "100.00", document_id: str = "70", day: date = DAY) -> Intent:
    """A payment that one invoice gets all of."""
    return intent_of(marker, Decimal(amount), day, [(document_id, Decimal(amount))])


def intend(world: World, invoice: BothInvoices, amount: str = "100.00", marker: str = MARKER) -> None:
    register_intent(world.context, world.organization_id, whole(marker, amount, invoice.quickbooks_id))


def post(world: World, invoice: BothInvoices, amount: str = "100.00", **more: str) -> str:
    """The platform posts its payment."""
    return world.quickbooks.record_platform_payment(
        world.customer_id, amount, [(invoice.quickbooks_id, amount)], payment_date=DAY, **more
    )


@pytest.mark.parametrize(
    "where",
    [{"note": f"Receipt {MARKER}, thank you"}, {"note": MARKER}, {"reference": MARKER[:21]}],
    ids=["in the note", "the whole note", "the reference, cut"],
)
def test_a_webhook_before_the_platforms_word_is_no_external_payment(world: World, where: dict[str, str]) -> None:
    invoice = world.invoice("INV-1")
    intend(world, invoice)
    payment = post(world, invoice, **where)
    hint(world, payment)
    world.settle()
    assert world.reason(payment) == "own_payment"
    assert world.on(invoice) == []
    # The platform died before it could say the id: it is known all the same.
    with world.context.database.reading() as session:
        own = session.query(OwnPayment).filter_by(connection_id=world.source_id).all()
        assert [one.external_id for one in own] == [payment]


def test_the_id_outranks_the_note_once_it_is_known(world: World) -> None:
    invoice = world.invoice("INV-1")
    intend(world, invoice)
    payment = post(world, invoice, note=MARKER)
    world.notice()
    world.clock.move(minutes=1)
    world.quickbooks.edit_payment(payment, note="somebody tidied up", total="90.00")
    world.notice()
    assert world.reason(payment) == "own_payment"


def test_a_copied_note_is_no_proof(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    intend(world, invoice)
    own = post(world, invoice, note=MARKER)
    world.notice()
    copied = world.pay("100.00", (invoice, "100.00"), on="2026-11-20", note=MARKER)
    world.clock.move(minutes=1)
    world.notice()
    assert [world.reason(one) for one in (own, copied)] == ["own_payment", "synced"]


def intend_parts(world: World, total: str, *parts: tuple[BothInvoices, str]) -> None:
    told = [(invoice.quickbooks_id, Decimal(amount)) for invoice, amount in parts]
    register_intent(world.context, world.organization_id, intent_of(MARKER, Decimal(total), DAY, told))


def post_parts(world: World, total: str, *parts: tuple[BothInvoices, str]) -> str:
    told = [(invoice.quickbooks_id, amount) for invoice, amount in parts]
    return world.quickbooks.record_platform_payment(world.customer_id, total, told, payment_date=DAY, note=MARKER)


def test_the_platforms_payment_over_several_invoices_is_its_own_however_they_are_ordered(world: World) -> None:
    first, second = world.invoice("INV-1"), world.invoice("INV-2")
    intend_parts(world, "100.00", (second, "40.00"), (first, "60.00"))
    payment = post_parts(world, "100.00", (first, "60.00"), (second, "40.00"))
    hint(world, payment)
    world.settle()
    assert [world.reason(payment, one) for one in (first, second)] == ["own_payment", "own_payment"]
    assert (world.on(first), world.on(second)) == ([], [])


def test_the_platforms_payment_with_a_rest_on_account_stays_its_own_when_the_rest_is_applied(world: World) -> None:
    invoice, later = world.invoice("INV-1"), world.invoice("INV-2")
    intend_parts(world, "100.00", (invoice, "60.00"))
    payment = post_parts(world, "100.00", (invoice, "60.00"))
    world.notice()
    world.clock.move(minutes=1)
    world.quickbooks.apply_payment(payment, later.quickbooks_id, "40.00")
    world.notice()
    assert [world.reason(payment, one) for one in (invoice, later)] == ["own_payment", "own_payment"]
    assert world.on(later) == []


@pytest.mark.parametrize("parts", [("70.00", "30.00"), ("60.00",), ("60.00", "39.99")], ids=str)
def test_a_payment_that_pays_its_invoices_otherwise_than_announced_is_external(
    world: World, parts: tuple[str, ...]
) -> None:
    invoices = world.invoice("INV-1"), world.invoice("INV-2")
    intend_parts(world, "100.00", (invoices[0], "60.00"), (invoices[1], "40.00"))
    payment = post_parts(world, "100.00", *zip(invoices, parts, strict=False))
    world.notice()
    assert world.reason(payment, invoices[0]) == "synced"


@pytest.mark.parametrize("differs", ["amount", "date", "invoice", "marker"])
def test_a_marker_that_anything_disagrees_with_is_external(world: World, differs: str) -> None:
    invoice, other = world.invoice("INV-1"), world.invoice("INV-2")
    intend(world, invoice)
    amount = "99.00" if differs == "amount" else "100.00"
    payment = world.pay(
        amount,
        (other if differs == "invoice" else invoice, amount),
        on="2026-11-19" if differs == "date" else "2026-11-20",
        note=f"{MARKER}0" if differs == "marker" else MARKER,
    )
    world.notice()
    assert world.reason(payment) == "synced"


def test_the_platforms_word_after_all_is_no_trouble(world: World) -> None:
    invoice = world.invoice("INV-1")
    intend(world, invoice)
    payment = post(world, invoice, note=MARKER)
    world.notice()
    assert register(world.context, world.organization_id, [payment]) == 0


def test_the_same_intent_again_is_no_error_and_another_with_its_marker_is_one(world: World) -> None:
    invoice = world.invoice("INV-1")
    intend(world, invoice)
    intend(world, invoice)
    with pytest.raises(ValueError, match="another payment"):
        intend(world, invoice, amount="1.00")


@pytest.mark.parametrize("marker", ["", "short", "x" * 101, "has blanks in it", "-begins-badly", "ends-badly-"])
def test_what_cannot_be_a_marker(marker: str) -> None:
    assert problem_with_marker(marker) is not None


@pytest.mark.parametrize(
    ("total", "parts", "why"),
    [
        ("0", [], "not an amount"),
        ("100", [("70", "0")], "not an amount"),
        ("100.000001", [("70", "100")], "not an amount"),
        ("100", [("", "100")], "missing or too long"),
        ("100", [("7" * 51, "100")], "missing or too long"),
        ("100", [("70", "50"), ("70", "50")], "named twice"),
        ("100", [("70", "60"), ("71", "40.01")], "more than the whole"),
    ],
)
def test_what_cannot_be_announced(total: str, parts: list[tuple[str, str]], why: str) -> None:
    told = [(document_id, Decimal(amount)) for document_id, amount in parts]
    assert why in str(problem_with(intent_of("PAY-12345", Decimal(total), DAY, told)))


# --- the rule ---


def payment_with(note: str, total: str = "100.00", state: PaymentState = PaymentState.LIVE) -> SourcePayment:
    amount = Decimal(total)
    return SourcePayment(
        external_id="1",
        version=0,
        changed_at=None,  # type: ignore[arg-type]
        state=state,
        paid_on=DAY,
        total=amount,
        unapplied=Decimal(0),
        currency="USD",
        customer_id="1",
        customer_name="",
        reference="",
        note=note,
        allocations=(SourceAllocation(AllocationKind.INVOICE, "70", amount),),
    )


@pytest.mark.parametrize(
    ("note", "found"),
    [
        ("PAY-12345", True),
        ("(PAY-12345)", True),
        ("Receipt PAY-12345.", True),
        ("PAY-12345, PAY-99999", True),
        ("PAY-123456", False),
        ("XPAY-12345", False),
        ("PAY-12345-2", False),
        ("pay-12345", False),
        ("", False),
    ],
)
def test_a_marker_is_a_whole_word(note: str, found: bool) -> None:
    intent = whole("PAY-12345")
    assert (find_intent(payment_with(note), [intent]) == intent) is found


def test_of_any_facts_only_those_that_all_agree_are_ours() -> None:
    totals, notes = ("100.00", "100.01"), ("PAY-12345", "nothing")
    days, documents = (DAY, DAY + timedelta(days=1)), ("70", "71")
    for total, note, day, document in product(totals, notes, days, documents):
        intent = whole("PAY-12345", document_id=document, day=day)
        expected = (total, note, day, document) == ("100.00", "PAY-12345", DAY, "70")
        assert (find_intent(payment_with(note, total), [intent]) is not None) is expected


def test_a_payment_that_fits_two_intents_is_nobodys() -> None:
    intents = [whole(marker) for marker in ("PAY-12345", "PAY-99999")]
    assert find_intent(payment_with("PAY-12345 PAY-99999"), intents) is None


def test_a_voided_payment_is_not_adopted() -> None:
    intent = whole("PAY-12345")
    assert find_intent(payment_with("Voided PAY-12345", state=PaymentState.VOIDED), [intent]) is None
