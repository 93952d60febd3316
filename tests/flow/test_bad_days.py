"""ConnectWise and QuickBooks on their bad days: exactly one payment in the end, and a reason meanwhile."""

from datetime import date
from decimal import Decimal

import pytest

from sandbox.faults import Fault
from tests.flow.doing import POST_PAYMENT, one_payment
from tests.world import SENDERS, World


@pytest.mark.parametrize("kind", ["commit_then_drop", "error_after_commit", "truncate", "garbage_after_commit"])
def test_an_answer_lost_after_the_commit_ends_with_one_payment(world: World, kind: str) -> None:
    invoice, payment = one_payment(world)
    world.connectwise.faults.add(Fault(kind=kind, times=1, **POST_PAYMENT))
    world.notice()
    assert world.reason(payment) == "in_doubt"
    world.later(seconds=91)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.calls("POST /finance/invoices/{id}/payments") == 1


@pytest.mark.parametrize("kind", ["drop_before_commit", "error", "redirect", "garbage"])
def test_an_answer_lost_before_the_commit_is_sent_again_after_a_look(world: World, kind: str) -> None:
    invoice, payment = one_payment(world)
    world.connectwise.faults.add(Fault(kind=kind, status=500, times=1, **POST_PAYMENT))
    world.notice()
    assert world.reason(payment) == "in_doubt"
    assert world.calls("POST /finance/invoices/{id}/payments") == 1
    world.later(seconds=91)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def test_nothing_is_sent_again_before_the_settle_time_is_over(world: World) -> None:
    invoice, payment = one_payment(world)
    world.connectwise.faults.add(Fault(kind="drop_before_commit", times=1, **POST_PAYMENT))
    world.notice()
    for _ in range(8):
        world.later(seconds=10)
        assert world.reason(payment) == "in_doubt"
    assert world.calls("POST /finance/invoices/{id}/payments") == 1
    assert world.on(invoice) == []


def test_throttling_waits_as_long_as_told_and_burns_no_attempt(world: World) -> None:
    invoice, payment = one_payment(world)
    world.connectwise.faults.add(Fault(kind="throttle", retry_after=30, times=1, **POST_PAYMENT))
    world.notice()
    assert world.reason(payment) == "target_throttled"
    world.later(seconds=20)
    assert world.on(invoice) == []
    world.later(seconds=11)
    assert world.reason(payment) == "synced"
    assert world.effects(payment)[0].attempts == 0


def test_a_typed_payment_of_the_same_day_is_adopted_and_nothing_created(world: World) -> None:
    invoice, payment = one_payment(world)
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 20))
    world.notice()
    # What was typed closed the invoice, so the balance cannot take another one; the twin explains why.
    assert world.reason(payment) == "adopted"
    assert world.amounts_on(invoice) == ["100.00"]


def test_a_typed_payment_of_a_nearby_day_needs_a_person(world: World) -> None:
    invoice = world.invoice("INV-1", "200.00")
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 22))
    world.notice()
    assert world.reason(payment) == "twin_nearby"
    assert world.amounts_on(invoice) == ["100.00"]


def test_a_nearby_payment_that_is_removed_clears_the_hold_by_itself(world: World) -> None:
    invoice = world.invoice("INV-1", "200.00")
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    typed = world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 22))
    world.notice()
    world.later(minutes=2)
    assert world.reason(payment) == "twin_nearby"
    world.connectwise.delete_payment(invoice.connectwise_id or 0, typed)
    world.later(hours=1)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def test_a_hold_that_is_looked_at_again_stays_one_decision_and_one_look(world: World) -> None:
    invoice = world.invoice("INV-1", "200.00")
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 22))
    world.notice()
    decided_at = world.decision(payment).decided_at
    for _ in range(10):
        world.later(*SENDERS, hours=7)
    assert world.decision(payment).decided_at == decided_at
    assert world.calls("GET /finance/invoices/{id}/payments") <= 11
    assert world.calls("POST /finance/invoices/{id}/payments") == 0


def test_a_payment_typed_long_ago_is_other_money(world: World) -> None:
    invoice = world.invoice("INV-1", "200.00")
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 10, 20))
    world.notice()
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00", "100.00"]


def test_with_the_hold_policy_a_typed_payment_is_never_adopted(world: World) -> None:
    world.choose(twin_policy="hold")
    invoice = world.invoice("INV-1", "200.00")
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 20))
    world.notice()
    assert world.reason(payment) == "twin_nearby"


def test_two_candidates_after_a_lost_answer_need_a_person(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.connectwise.faults.add(Fault(kind="commit_then_drop", times=1, **POST_PAYMENT))
    world.notice()
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 20))
    world.later(seconds=91)
    assert world.reason(payment) == "several_candidates"
    world.later(hours=7)
    assert world.amounts_on(invoice) == ["100.00", "100.00"]


def test_identical_cheques_survive_a_lost_answer_each(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    payments = [world.pay("100.00", (invoice, "100.00"), on="2026-11-20") for _ in range(3)]
    world.connectwise.faults.add(Fault(kind="commit_then_drop", times=3, **POST_PAYMENT))
    world.notice()
    for _ in range(6):
        world.later(seconds=91)
    assert {world.reason(payment) for payment in payments} == {"synced"}
    assert world.amounts_on(invoice) == ["100.00"] * 3


def test_a_refusal_is_held_with_connectwises_own_words(world: World) -> None:
    invoice, payment = one_payment(world)
    world.connectwise.set_switches(closed_invoice_post="reject")
    world.notice()
    decision = world.decision(payment)
    assert decision.reason == "target_refused"
    assert "HTTP 400" in decision.detail
    assert world.on(invoice) == []


def test_an_invoice_that_is_opened_again_clears_the_refusal_by_itself(world: World) -> None:
    invoice, payment = one_payment(world)
    world.connectwise.set_switches(closed_invoice_post="reject")
    world.notice()
    world.connectwise.set_switches(closed_invoice_post="accept")
    world.later(hours=1)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def test_a_permission_that_is_given_clears_the_hold_by_itself(world: World) -> None:
    invoice, payment = one_payment(world)
    world.connectwise.set_permissions(edit=False)
    world.notice()
    world.connectwise.set_permissions(edit=True)
    world.later(hours=1)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def test_a_missing_permission_says_which_role_setting(world: World) -> None:
    _, payment = one_payment(world)
    world.connectwise.set_permissions(edit=False)
    world.notice()
    assert world.reason(payment) == "target_forbidden"


def test_keys_that_connectwise_refuses_disconnect_and_wait_for_a_person(world: World) -> None:
    _, payment = one_payment(world)
    world.connectwise.set_keys(private_key="another")
    world.notice()
    for _ in range(5):
        world.later(minutes=3)
    assert world.reason(payment) == "target_credentials"


def test_an_outage_of_connectwise_is_waited_out(world: World) -> None:
    invoice, payment = one_payment(world)
    world.connectwise.faults.add(Fault(kind="error", status=503, body="html"))
    world.notice()
    assert world.reason(payment) == "target_unreachable"
    for _ in range(10):
        world.later(minutes=5)
    world.connectwise.faults.clear()
    world.later(hours=1)
    world.later(hours=1)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def test_an_outage_of_quickbooks_is_waited_out(world: World) -> None:
    invoice, payment = one_payment(world)
    world.quickbooks.faults.add(Fault(kind="error", status=500))
    world.notice()
    world.quickbooks.faults.clear()
    for _ in range(5):
        world.later(minutes=15)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def test_an_expired_token_is_refreshed_and_nobody_notices(world: World) -> None:
    _, payment = one_payment(world)
    world.quickbooks.expire_access_tokens()
    world.notice()
    assert world.reason(payment) == "synced"


def test_a_revoked_connection_needs_a_person(world: World) -> None:
    from models.connections import connection_by_id

    world.quickbooks.disconnect()
    world.notice()
    with world.context.database.reading() as session:
        assert connection_by_id(session, world.source_id).status == "needs_reconnect"
    calls = world.quickbooks.calls.total
    world.later(hours=1)
    assert world.quickbooks.calls.total == calls


def test_a_target_that_replaces_instead_of_adding_is_noticed(world: World) -> None:
    invoice = world.invoice("INV-1", "200.00")
    world.connectwise.set_switches(second_payment="overwrite")
    first = world.pay("100.00", (invoice, "100.00"), on="2026-11-19")
    world.notice()
    second = world.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    world.notice()
    assert (world.reason(first), world.reason(second)) == ("target_harmed", "target_replaced")


def test_an_invoice_is_not_overpaid_while_its_sums_lag_behind(world: World) -> None:
    world.connectwise.set_switches(sums="late")
    invoice = world.invoice("INV-1", "100.00")
    world.clock.move(seconds=10)
    world.connectwise.type_payment(invoice.connectwise_id or 0, "80.00", payment_date=date(2026, 9, 1))
    payment = world.pay("50.00", (invoice, "50.00"))
    world.notice()
    assert world.reason(payment) == "exceeds_balance"
    assert world.amounts_on(invoice) == ["80.00"]


def test_amounts_stay_exact_on_the_way(world: World) -> None:
    invoice = world.invoice("INV-1", "9999999.99")
    world.pay("9999999.99", (invoice, "9999999.99"))
    world.notice()
    assert [payment.amount for payment in world.on(invoice)] == [Decimal("9999999.99")]
