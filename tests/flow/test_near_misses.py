"""An invoice that is there under nearly the number that was looked for: said, and never paid."""

import io
from decimal import Decimal

import pytest

from cli.payment_text import print_story
from models.views.documents import PaymentOut, PaymentStoryOut
from models.views.payment_list import list_payments
from models.views.story import payment_story
from sandbox.faults import Fault
from tests.few import in_turn
from tests.world import CUSTOMER, BothInvoices, World
from usecases.invoice_import import import_invoices

NEARBY = ["inv-1001", "Inv-1001", "INV-1001 ", " INV-1001", "INV-01001", "INV 1001", "INV1001", "#INV-1001", "1001"]
ROUTE = "/invoices$"


def missing(world: World, number: str = "INV-1001") -> tuple[BothInvoices, str]:
    invoice = world.invoice(number, in_connectwise=False)
    return invoice, world.pay("40.00", (invoice, "40.00"))


def in_connectwise(world: World, number: str, **more: str) -> int:
    return world.connectwise.add_invoice(number, "100.00", company_name=CUSTOMER, currency="USD", **more)


def nothing_was_created(world: World) -> bool:
    return all(not invoice.payments for invoice in world.connectwise.invoices())


def looks(world: World) -> int:
    """The calls that asked for invoices."""
    return world.calls("GET /finance/invoices")


@pytest.mark.parametrize(
    ("other", "text_comparison", "trailing_spaces"), in_turn(NEARBY, ["ignore_case", "exact"], ["ignore", "count"])
)
def test_whatever_connectwise_compares_the_invoice_is_named_and_not_paid(
    world: World, other: str, text_comparison: str, trailing_spaces: str
) -> None:
    world.connectwise.set_switches(text_comparison=text_comparison, trailing_spaces=trailing_spaces)
    found = in_connectwise(world, other)
    _, payment = missing(world)
    world.notice()
    decision = world.decision(payment)
    assert (decision.action, decision.reason) == ("hold", "target_number_nearly")
    assert f"'{other}' (id {found};" in decision.detail
    assert world.effects(payment) == []
    assert nothing_was_created(world)


@pytest.mark.parametrize("number", ["17", "A", "RE-7"])
def test_a_number_of_few_digits_is_looked_for_by_its_spellings(world: World, number: str) -> None:
    world.connectwise.set_switches(text_comparison="exact", trailing_spaces="count")
    found = in_connectwise(world, f"{number.lower()} ")
    _, payment = missing(world, number)
    world.notice()
    assert world.reason(payment) == "target_number_nearly"
    assert f"(id {found};" in world.decision(payment).detail


@pytest.mark.parametrize("odd", ["INV-1001 ", " INV-1001", "inv-1001"])
def test_the_oddity_may_be_in_quickbooks(world: World, odd: str) -> None:
    found = in_connectwise(world, "INV-1001")
    _, payment = missing(world, odd)
    world.notice()
    assert world.reason(payment) == "target_number_nearly"
    assert f"'INV-1001' (id {found};" in world.decision(payment).detail
    assert nothing_was_created(world)


def test_several_that_are_nearly_it_are_all_named(world: World) -> None:
    both = [in_connectwise(world, number) for number in ("inv-1001 ", "INV-01001")]
    in_connectwise(world, "INV-11001")
    in_connectwise(world, "CM-1001")
    _, payment = missing(world)
    world.notice()
    detail = world.decision(payment).detail
    assert world.reason(payment) == "target_number_nearly"
    assert all(f"(id {one};" in detail for one in both)
    assert "11001" not in detail
    assert "CM-1001" not in detail


@pytest.mark.parametrize("text_comparison", ["ignore_case", "exact"])
def test_the_exact_number_wins(world: World, text_comparison: str) -> None:
    world.connectwise.set_switches(text_comparison=text_comparison)
    near = in_connectwise(world, "inv-1001 ")
    invoice = world.invoice("INV-1001")
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    assert (world.reason(payment), world.amounts_on(invoice)) == ("synced", ["40.00"])
    assert not world.connectwise.invoice(near).payments


def test_a_near_credit_memo_is_told_as_one_that_takes_no_payment(world: World) -> None:
    memo = in_connectwise(world, "inv-1001", invoice_type="CreditMemo")
    _, payment = missing(world)
    world.notice()
    decision = world.decision(payment)
    assert decision.reason == "target_invoice_missing"
    assert f"'inv-1001' (id {memo};" in decision.detail
    assert "cannot take a payment" in decision.detail


def test_one_that_is_linked_to_another_invoice_is_told_as_that(world: World) -> None:
    other = world.invoice("INV-01001")
    world.pay("10.00", (other, "10.00"))
    world.notice()
    world.clock.move(minutes=20)
    _, payment = missing(world)
    world.notice()
    decision = world.decision(payment)
    assert decision.reason == "target_invoice_missing"
    assert f"(id {other.connectwise_id};" in decision.detail
    assert "linked to invoice INV-01001" in decision.detail
    assert world.amounts_on(other) == ["10.00"]


def test_it_clears_itself_when_the_number_is_corrected_in_connectwise(world: World) -> None:
    wrong = in_connectwise(world, "inv-1001")
    _, payment = missing(world)
    world.notice()
    assert world.reason(payment) == "target_number_nearly"
    world.connectwise.edit_invoice(wrong, number="INV-1001")
    world.later(hours=7)
    assert world.reason(payment) == "synced"


def test_it_clears_itself_when_the_number_is_corrected_in_quickbooks(world: World) -> None:
    in_connectwise(world, "INV-1001")
    invoice, payment = missing(world, "inv-1001 ")
    world.notice()
    assert world.reason(payment) == "target_number_nearly"
    world.clock.move(minutes=20)
    world.quickbooks.edit_invoice(invoice.quickbooks_id, doc_number="INV-1001")
    world.notice()
    assert world.reason(payment) == "synced"


def test_an_invoice_that_is_nowhere_stays_missing_and_may_be_hidden(world: World) -> None:
    _, payment = missing(world)
    world.notice()
    assert (world.reason(payment), world.decision(payment).detail) == ("target_invoice_missing", "")


def test_a_link_that_leads_to_nothing_is_told_with_what_has_the_number(world: World) -> None:
    invoice = world.invoice("INV-1001", origin=None, in_connectwise=False)
    there = in_connectwise(world, "INV-1001")
    header = "number,origin,quickbooks_id,connectwise_id,total,currency,customer"
    row = f"INV-1001,sync_tool,{invoice.quickbooks_id},99999,100.00,USD,{CUSTOMER}"
    import_invoices(world.context, world.organization_id, io.StringIO(f"{header}\n{row}\n"))
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    decision = world.decision(payment)
    assert decision.reason == "target_invoice_missing"
    assert "linked to the invoice with id 99999, which we cannot see" in decision.detail
    assert f"'INV-1001' (id {there};" in decision.detail
    assert nothing_was_created(world)


def test_what_was_found_is_told_alike_by_story_api_and_command_line(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    found = in_connectwise(world, "inv-1001")
    _, payment = missing(world)
    world.notice()
    with world.context.database.reading() as session:
        [row] = list_payments(session, world.organization_id).rows
        story = payment_story(session, world.organization_id, payment, world.words)
    assert story is not None
    print_story(story, world.words)
    told = f"id {found}; the difference: letter case"
    assert told in " ".join(capsys.readouterr().out.split())
    assert PaymentOut.of(row, world.words).model_dump(mode="json")["reason"]["code"] == "target_number_nearly"
    assert told in PaymentStoryOut.of(story, world.words).model_dump_json()


# --- how often, and what if it fails ---


def test_nobody_looks_nearby_where_everything_is_found(world: World) -> None:
    payments = [world.pay("40.00", (world.invoice(f"INV-100{one}"), "40.00")) for one in range(3)]
    world.connectwise.calls.reset()
    world.notice()
    assert {world.reason(one) for one in payments} == {"synced"}
    assert looks(world) == 3, "one look of match, one of push, and once for each connection: do the sums follow?"


def test_all_that_was_not_found_in_a_batch_is_looked_for_in_one_call(world: World) -> None:
    payments = [missing(world, f"INV-100{one}")[1] for one in range(9)]
    for one in range(0, 9, 2):
        in_connectwise(world, f"inv-100{one} ")
    world.connectwise.calls.reset()
    world.notice()
    assert looks(world) == 2, "the look by number, and the one nearby"
    nearly = ["target_number_nearly", "target_invoice_missing"]
    assert [world.reason(one) for one in payments] == [nearly[one % 2] for one in range(9)]
    world.settle()
    world.later(seconds=1)
    assert looks(world) == 2, "nobody looks again before it is time"


def test_a_whole_batch_of_odd_numbers_takes_a_few_calls(world: World) -> None:
    payments = [missing(world, f"INV-1{one:03}")[1] for one in range(60)]
    for one in range(60):
        in_connectwise(world, f"inv-1{one:03}")
    world.connectwise.set_switches(text_comparison="exact")
    world.connectwise.calls.reset()
    world.notice()
    assert {world.reason(one) for one in payments} == {"target_number_nearly"}
    assert looks(world) <= 5


@pytest.mark.parametrize(
    "fault",
    [
        Fault("error", method="GET", path=ROUTE, status=500, skip=1, times=None),
        Fault("error", method="GET", path=ROUTE, status=400, skip=1, times=None),
        Fault("error", method="GET", path=ROUTE, status=429, skip=1, retry_after=1, times=None),
        Fault("error", method="GET", path=ROUTE, status=401, skip=1, times=None),
        Fault("error", method="GET", path=ROUTE, status=200, body='{"no": "list"}', skip=1, times=None),
        Fault("error", method="GET", path=ROUTE, status=200, body='[{"id": null}, {}]', skip=1, times=None),
    ],
    ids=lambda fault: f"{fault.status} {fault.body or ''}",
)
def test_if_the_look_nearby_fails_it_is_simply_missing_and_the_batch_goes_on(world: World, fault: Fault) -> None:
    in_connectwise(world, "INV 1001")
    _, payment = missing(world)
    good = world.pay("30.00", (world.invoice("INV-2"), "30.00"))
    world.connectwise.faults.add(fault)
    world.notice()
    assert world.reason(payment) == "target_invoice_missing"
    assert world.effects(good), "what was found in the same batch is decided"
    world.connectwise.faults.clear()
    world.later(hours=1)
    assert world.reason(good) == "synced"
    world.later(hours=7)
    assert world.reason(payment) == "target_number_nearly"


# --- the platform's own invoices ---


@pytest.mark.parametrize(
    ("in_quickbooks", "here"),
    [
        ("INV-1001", "inv-1001"),
        ("INV-1001 ", "INV-1001"),
        ("inv-1001", "INV-1001"),
        ("1001", "001001"),
        ("INV-1007", "1007"),
    ],
)
def test_a_record_of_the_platform_with_nearly_the_number_is_named(world: World, in_quickbooks: str, here: str) -> None:
    world.choose(find_by_number=False)
    invoice = world.invoice(in_quickbooks, origin=None)
    header = "number,origin,quickbooks_id,connectwise_id,total,currency,customer"
    import_invoices(
        world.context, world.organization_id, io.StringIO(f"{header}\n{here},sync_tool,,,100.00,USD,{CUSTOMER}\n")
    )
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    decision = world.decision(payment)
    assert (decision.action, decision.reason) == ("skip", "invoice_unknown")
    assert f"this platform has '{here}' (no accounting id; the difference: " in decision.detail
    assert nothing_was_created(world)
    world.clock.move(minutes=20)
    world.quickbooks.edit_invoice(invoice.quickbooks_id, doc_number=here)
    world.notice()
    assert world.reason(payment) == "target_number_nearly", "its number in ConnectWise is still the odd one"


def test_another_organizations_records_are_not_named(world: World) -> None:
    from models.invoices import Invoice
    from models.organizations import Organization

    with world.context.database.writing() as session:
        other = Organization(slug="other", name="Other", sync_enabled=True, created_at=world.clock.now())
        session.add(other)
        session.flush()
        session.add(
            Invoice(
                organization_id=other.id,
                number="inv-1001",
                origin="sync_tool",
                total=Decimal(100),
                currency="USD",
                customer=CUSTOMER,
                updated_at=world.clock.now(),
            )
        )
    world.choose(find_by_number=False)
    payment = world.pay("40.00", (world.invoice("INV-1001", origin=None), "40.00"))
    world.notice()
    assert (world.reason(payment), world.decision(payment).detail) == ("invoice_unknown", "")
