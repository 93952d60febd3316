"""After a finding: it clears itself when its cause is gone, a person may say what it is, and QuickBooks goes on."""

from datetime import date

import pytest

from sandbox.faults import Fault
from tasks.letting_go import RetryReport
from tests.flow.tampering import Tampering, adopted, change_amount, change_date, delete, double, swap, synced, type_in
from tests.world import LOOKERS, World
from usecases.retry import retry_payment

# --- it clears itself ---


def test_a_double_that_was_removed_is_over(world: World) -> None:
    invoice, payment = synced(world)
    extra = type_in(world, invoice, "40.00")
    world.later(minutes=11)
    world.connectwise.delete_payment(invoice.connectwise_id or 0, extra)
    world.later(minutes=11)
    assert world.reason(payment) == "synced"


def test_a_change_that_was_undone_is_over(world: World) -> None:
    invoice, payment = synced(world)
    change_amount(world, invoice)
    world.later(minutes=11)
    assert world.reason(payment) == "target_payment_changed"
    world.connectwise.change_payment(invoice.connectwise_id or 0, world.on(invoice)[0].id, amount="40.00")
    world.later(minutes=11)
    assert world.reason(payment) == "synced"


def test_a_change_that_is_made_in_quickbooks_as_well_is_over(world: World) -> None:
    invoice, payment = synced(world)
    change_amount(world, invoice)
    world.later(minutes=11)
    world.quickbooks.edit_payment(payment, total="60.00", lines=[(invoice.quickbooks_id, "60.00")])
    world.notice()
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["60.00"]


def test_an_invoice_that_is_seen_again_is_as_it_was(world: World) -> None:
    _, payment = synced(world)
    for path in ("/finance/invoices$", "/payments$"):
        status, body = (200, "[]") if path.endswith("invoices$") else (404, None)
        fault = Fault("error", method="GET", path=path, status=status, times=1)
        world.connectwise.faults.add(
            Fault("error", method="GET", path=path, status=status, body=body, times=1) if body else fault
        )
    world.later(minutes=11)
    assert world.reason(payment) == "target_invoice_gone"
    world.later(minutes=11)
    assert world.reason(payment) == "synced"


# --- a person says what it is ---


def retry(world: World, payment: str, *, create_anyway: bool = False) -> None:
    report = retry_payment(world.context, world.organization_id, payment, create_anyway)
    assert isinstance(report, RetryReport), report
    world.settle()


def test_a_retry_looks_at_once(world: World) -> None:
    invoice, payment = synced(world)
    swap(world, invoice)
    change = type_in(world, invoice, "40.00")
    retry(world, payment)
    assert world.reason(payment) in ("adopted", "target_payment_gone")
    assert change in [one.id for one in world.on(invoice)]


@pytest.mark.parametrize("tamper", [change_amount, change_date])
def test_a_retry_sets_a_changed_payment_of_ours_back(world: World, tamper: Tampering) -> None:
    invoice, payment = synced(world)
    tamper(world, invoice)
    for _ in range(2):
        retry(world, payment)
    assert world.reason(payment) == "synced"
    [there] = world.on(invoice)
    assert (str(there.amount), there.payment_date.date()) == ("40.00", date(2026, 11, 20))


def test_a_retry_changes_nothing_of_what_a_person_had_entered(world: World) -> None:
    invoice, payment = adopted(world)
    change_amount(world, invoice)
    before = world.on(invoice)
    for _ in range(2):
        retry(world, payment)
        world.later(hours=7)
    assert world.reason(payment) == "target_payment_changed"
    assert world.on(invoice) == before


@pytest.mark.parametrize("voided", [False, True])
def test_a_double_that_is_other_money_is_told_no_more(world: World, voided: bool) -> None:
    invoice, payment = synced(world)
    double(world, invoice)
    world.later(minutes=11)
    if voided:
        world.quickbooks.void_payment(payment)
        world.notice()
    retry(world, payment)
    assert world.reason(payment) == "target_payment_doubled"
    retry(world, payment, create_anyway=True)
    for _ in range(3):
        world.later(*LOOKERS, days=31)
    assert world.reason(payment) == ("reversed" if voided else "synced")
    assert len(world.on(invoice)) == (1 if voided else 2)


# --- QuickBooks goes on ---


@pytest.mark.parametrize(("tamper", "left"), [(delete, []), (change_amount, []), (double, ["40.00"])])
def test_what_is_voided_after_a_finding_is_taken_back(world: World, tamper: Tampering, left: list[str]) -> None:
    invoice, payment = synced(world)
    tamper(world, invoice)
    world.later(minutes=11)
    world.quickbooks.void_payment(payment)
    world.notice()
    assert world.amounts_on(invoice) == left
    assert world.reason(payment) == ("target_payment_doubled" if left else "reversed")
    for one in world.on(invoice):
        world.connectwise.delete_payment(invoice.connectwise_id or 0, one.id)
    world.later(hours=1)
    assert world.reason(payment) == "reversed"


def test_a_doubled_payment_that_is_edited_is_still_doubled(world: World) -> None:
    invoice, payment = synced(world)
    double(world, invoice)
    world.later(minutes=11)
    world.quickbooks.edit_payment(payment, total="50.00", lines=[(invoice.quickbooks_id, "50.00")])
    world.notice()
    assert world.amounts_on(invoice) == ["40.00", "50.00"]
    world.later(minutes=11)
    assert world.reason(payment) == "target_payment_doubled"
