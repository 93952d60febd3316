"""For every kind of alarm the way from the fact to the letter, and to the one that it is over."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from domain.notices.kinds import ALARM_KINDS
from domain.reasons import Reason
from models.connections import ConnectionStatus, mark_needs_reconnect, stop_connection
from models.payments import match_organization_again
from tasks.context import Step
from tests.flow.alarms.alarmed import Alarmed
from tests.flow.tampering import delete, synced
from tests.mailbox import text_of
from usecases.reconciling import start_reconciliation

pytestmark = pytest.mark.both_in_the_build


def held(alarmed: Alarmed) -> None:
    alarmed.hold(2)


def totals_made_equal(alarmed: Alarmed) -> None:
    world = alarmed.world
    for invoice in world.connectwise.invoices():
        world.connectwise.edit_invoice(invoice.id, total="50.00")
    with world.context.database.writing() as session:
        match_organization_again(session, world.organization_id, world.clock.now())
    world.context.nudge(Step.MATCH, world.organization_id)
    world.settle(Step.MATCH, Step.PUSH)


def lost(alarmed: Alarmed) -> None:
    with alarmed.world.context.database.writing() as session:
        mark_needs_reconnect(session, alarmed.world.source_id)


def stopped(alarmed: Alarmed) -> None:
    with alarmed.world.context.database.writing() as session:
        stop_connection(session, alarmed.world.target_id, Reason.TARGET_STOPPED.value, "an older payment")


def both_active(alarmed: Alarmed) -> None:
    alarmed.change_source(status=ConnectionStatus.ACTIVE.value, not_before=None)
    alarmed.change_target(status=ConnectionStatus.ACTIVE.value, not_before=None)


def switched_off(alarmed: Alarmed) -> None:
    alarmed.world.choose(sync_enabled=False)


def switched_on(alarmed: Alarmed) -> None:
    alarmed.world.choose(sync_enabled=True)


def consent_ends(alarmed: Alarmed) -> None:
    alarmed.change_source(reconnect_by=alarmed.world.clock.now() + timedelta(days=20))


def consent_renewed(alarmed: Alarmed) -> None:
    alarmed.change_source(reconnect_by=alarmed.world.clock.now() + timedelta(days=365))


def silent(alarmed: Alarmed) -> None:
    alarmed.change_source(missed_at=alarmed.world.clock.now(), missed_count=1)


def heard(alarmed: Alarmed) -> None:
    alarmed.change_source(heard_at=alarmed.world.clock.now() + timedelta(seconds=1))


def differs(alarmed: Alarmed) -> None:
    invoice, _ = synced(alarmed.world)
    delete(alarmed.world, invoice)
    _reconcile(alarmed)


def typed_in_again(alarmed: Alarmed) -> None:
    world = alarmed.world
    (invoice,) = world.connectwise.invoices()
    world.connectwise.type_payment(invoice.id, "40.00", payment_date=date(2026, 11, 20))
    _reconcile(alarmed)


def _reconcile(alarmed: Alarmed) -> None:
    assert isinstance(start_reconciliation(alarmed.world.context, alarmed.world.organization_id), int)
    alarmed.world.settle(Step.RECONCILE)


Do = Callable[[Alarmed], None]
KINDS: dict[str, tuple[Do, Do, str, str, str]] = {
    "attention": (
        held,
        totals_made_equal,
        "Payments need attention (2)",
        "2 payments: The invoice total is not the same in QuickBooks and in ConnectWise.",
        "No payment needs attention any more",
    ),
    "connection_lost": (
        lost,
        both_active,
        "A connection is lost",
        "QuickBooks no longer accepts our access.",
        "The connections work again",
    ),
    "sync_stopped": (
        stopped,
        both_active,
        "Payments are not synced",
        "We have stopped writing to ConnectWise",
        "Payments are synced again",
    ),
    "switched_off": (
        switched_off,
        switched_on,
        "Payments are not synced",
        "The sync is switched off.",
        "Payments are synced again",
    ),
    "consent_ending": (
        consent_ends,
        consent_renewed,
        "A consent is ending",
        "The consent at QuickBooks ends on",
        "The consent is renewed",
    ),
    "webhooks_silent": (
        silent,
        heard,
        "Webhooks do not arrive",
        "Changes in QuickBooks were found only by asking",
        "Webhooks arrive again",
    ),
    "difference_found": (
        differs,
        typed_in_again,
        "The two systems differ (1)",
        "Gone from ConnectWise: 1 difference.",
        "Every difference is settled or explained",
    ),
}


def test_every_kind_of_alarm_is_among_them() -> None:
    assert {one.value.removeprefix("alarm.") for one in ALARM_KINDS} <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_somebody_is_told_that_it_began_and_that_it_is_over(alarmed: Alarmed, kind: str) -> None:
    happens, is_put_right, began, sentence, over = KINDS[kind]
    alarmed.ask()
    alarmed.later()
    assert alarmed.subjects == []
    happens(alarmed)
    alarmed.later()
    assert alarmed.subjects == [began]
    assert sentence in text_of(alarmed.mailbox.mails[0]).replace("\r\n", "\n")
    alarmed.later(hours=30)
    assert alarmed.subjects == [began]
    is_put_right(alarmed)
    alarmed.it_is_over()
    assert alarmed.subjects == [began, over]
    assert {state for _, state in alarmed.states} == {"delivered"}


def test_a_pause_that_a_person_can_end_is_told(alarmed: Alarmed) -> None:
    alarmed.ask()
    until = alarmed.world.clock.now() + timedelta(minutes=20)
    alarmed.change_source(not_before=until, pause_reason=Reason.READS_USED_UP.value)
    alarmed.later()
    assert alarmed.subjects == ["Payments are not synced"]
    assert alarmed.world.words.sentence(Reason.READS_USED_UP) in text_of(alarmed.mailbox.mails[0])
    alarmed.later(minutes=20)
    alarmed.it_is_over()
    assert alarmed.subjects == ["Payments are not synced", "Payments are synced again"]


def test_records_that_broke_a_rule_are_told(alarmed: Alarmed) -> None:
    alarmed.ask()
    now = alarmed.world.clock.now()
    alarmed.world.choose(writes_stopped_at=now, writes_stopped_for=["claimed_once"])
    alarmed.later()
    assert alarmed.subjects == ["Payments are not synced"]
    assert alarmed.world.words.sentence(Reason.WRITES_STOPPED) in text_of(alarmed.mailbox.mails[0])


def test_a_consent_is_told_once_more_a_week_before_its_end(alarmed: Alarmed) -> None:
    alarmed.ask()
    consent_ends(alarmed)
    alarmed.later()
    alarmed.later(days=12)
    assert len(alarmed.mailbox.mails) == 1
    alarmed.later(days=2)
    assert alarmed.subjects == ["A consent is ending"] * 2
    assert "Urgent: the consent at QuickBooks ends on" in text_of(alarmed.mailbox.mails[1])
