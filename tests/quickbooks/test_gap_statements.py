"""What is said of a stretch of time in which news did not come as it should, and what it takes to say it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete

from domain.gap_statement.conclusion import Verdict
from domain.gap_statement.counts import CountOutcome
from domain.gap_statement.findings import FoundBy, Happened
from domain.preferences import SyncMode
from models.gap_proofs import GapPayment, payments_of_gap
from models.gaps import gap_by_id
from models.payments import Allocation, Payment, payments_by_external_id
from models.views.gap_statements import GapStatement
from sandbox.faults import Fault
from tasks.context import Step
from tests.quickbooks.reconnecting import reconnect
from tests.quickbooks.story import READERS, gaps, hint, metered
from tests.quickbooks.test_gaps import busy_absence
from tests.reconciling import reconciled
from tests.world import World
from usecases.backfill import request_backfill
from usecases.disconnecting import disconnect
from usecases.gap_statements import count_again, gap_statement
from usecases.organizations import PreferenceChanges, change_preferences


def statement(world: World, kind: str) -> GapStatement:
    [gap] = [one for one in gaps(world) if one.kind == kind]
    with world.context.database.reading() as session:
        found = gap_statement(session, world.organization_id, gap.id, world.words)
    assert found is not None
    return found


def listed(world: World, kind: str) -> dict[str, tuple[Happened, FoundBy]]:
    """What is listed of the stretch, by payment."""
    with world.context.database.reading() as session:
        gap = gap_by_id(session, statement(world, kind).stated.gap.id)
        rows = payments_of_gap(session, gap, limit=100)
    return {row.external_id: (Happened(row.happened), FoundBy(row.found_by)) for row in rows}


def proved(world: World, rounds: int = 8) -> None:
    """Enough time for a proof to come to its end, however often both sides are counted."""
    for _ in range(rounds):
        world.later(*READERS, minutes=6)


def forget(world: World, payment_id: str) -> None:
    """We do not know the payment, and nothing says why: no webhook, no catch-up, no row."""
    with world.context.database.writing() as session:
        row = payments_by_external_id(session, world.source_id, [payment_id])[payment_id]
        session.execute(delete(Allocation).where(Allocation.payment_id == row.id))
        session.execute(delete(Payment).where(Payment.id == row.id))


@pytest.mark.both_in_the_build
@pytest.mark.parametrize(("days", "finder"), [(2, FoundBy.CATCH_UP), (40, FoundBy.CATCH_UP), (200, FoundBy.SCAN)])
def test_after_a_disconnect_everything_is_listed_and_both_counts_agree(
    world: World, days: int, finder: FoundBy
) -> None:
    changed, deleted, new = busy_absence(world, days, *READERS)
    reconnect(world)
    world.settle(*READERS)
    before = statement(world, "reconnect")
    assert before.stated.verdict is Verdict.UNCLEAR
    assert "are being counted" in before.stated.told.sentence
    proved(world)
    found = statement(world, "reconnect")
    assert found.stated.verdict is Verdict.NOTHING_MISSING
    assert found.stated.told.sentence.startswith("Nothing is missing between ")
    assert "QuickBooks counted 2 payments at " in found.stated.told.sentence
    # After 200 days all of it is out of the reach of change data capture, and is listed, or missed, by the scan.
    assert listed(world, "reconnect") == {
        changed: (Happened.CHANGED, finder),
        deleted: (Happened.DELETED, finder),
        new: (Happened.NEW, finder),
    }
    assert found.late.payments == 3
    assert [str(amount) for _, amount in found.late.amounts] == ["150.00"]
    assert found.late.latest_by is not None
    assert found.late.latest_by >= timedelta(days=days / 2)


def test_one_closed_gap_costs_one_metered_read_more(world: World) -> None:
    busy_absence(world, 2, *READERS)
    reconnect(world)
    world.settle(*READERS)
    before = metered(world)
    # The catch-ups of these minutes are asked anyway.
    world.later(*READERS, minutes=6)
    assert statement(world, "reconnect").stated.verdict is Verdict.NOTHING_MISSING
    assert metered(world) - before <= 2


def test_a_payment_that_only_the_count_knows_is_found_and_only_then_is_nothing_missing(world: World) -> None:
    _, _, new = busy_absence(world, 2, *READERS)
    reconnect(world)
    world.settle(*READERS)
    forget(world, new)
    world.later(*READERS, minutes=6)
    assert statement(world, "reconnect").stated.verdict is Verdict.UNCLEAR
    proved(world)
    found = statement(world, "reconnect")
    assert [row.as_count().outcome for row in found.stated.counts] == [CountOutcome.DIFFERS, CountOutcome.AGREES]
    assert found.stated.verdict is Verdict.NOTHING_MISSING
    with world.context.database.reading() as session:
        assert new in payments_by_external_id(session, world.source_id, [new])


@pytest.mark.both_in_the_build
def test_what_the_count_knows_and_no_list_shows_is_never_called_nothing_missing(world: World) -> None:
    _, _, new = busy_absence(world, 2, *READERS)
    reconnect(world)
    world.settle(*READERS)
    forget(world, new)
    world.quickbooks.set_switches(query_hides=new)
    proved(world)
    found = statement(world, "reconnect").stated
    assert found.verdict is Verdict.UNKNOWN_TO_US
    assert found.told.sentence.startswith(
        "1 payment is in QuickBooks that we do not know: QuickBooks counted 2 payments"
    )
    assert f"catch-up run ORG --from {found.gap.from_at:%Y-%m-%d}" in found.told.advice
    world.quickbooks.set_switches(query_hides="")
    request_backfill(world.context, world.source_id, found.gap.from_at.date())
    proved(world)
    assert count_again(world.context, world.organization_id, found.gap.id) is None
    proved(world)
    assert statement(world, "reconnect").stated.verdict is Verdict.NOTHING_MISSING


def test_a_deletion_that_nobody_reported_is_told_by_the_counts_and_never_guessed(world: World) -> None:
    changed, _, _ = busy_absence(world, 2, *READERS)
    reconnect(world)
    world.settle(*READERS)
    world.quickbooks.delete_payment(changed)
    # Change data capture says nothing of it.
    world.quickbooks.set_switches(cdc_after_seconds=10**7)
    proved(world)
    found = statement(world, "reconnect")
    assert found.stated.verdict is Verdict.GONE_AT_SOURCE
    assert "1 payment is here that QuickBooks does not count" in found.stated.told.sentence
    with world.context.database.reading() as session:
        assert payments_by_external_id(session, world.source_id, [changed])[changed].state == "live"


def test_a_payment_that_cannot_be_read_yet_is_not_taken_for_deleted(world: World) -> None:
    changed, _, _ = busy_absence(world, 2, *READERS)
    reconnect(world)
    world.settle(*READERS)
    # Intuit shows what was changed a moment ago to some readers and not to others.
    world.quickbooks.set_switches(readable_after_seconds=10**7)
    proved(world)
    with world.context.database.reading() as session:
        assert payments_by_external_id(session, world.source_id, [changed])[changed].state == "live"


def test_a_payment_changed_between_the_counts_makes_us_count_again(world: World) -> None:
    changed, _, new = busy_absence(world, 2, *READERS)
    reconnect(world)
    world.settle(*READERS)
    real, counted = world.context.source, []

    def source_of(connection):
        opened = real(connection)

        class Changing:
            def __getattr__(self, name):
                return getattr(opened, name)

            def keeping(self, keep, meter=None, secrets=None):
                return self

            def count_changed(self, *question):
                answer = opened.count_changed(*question)
                if not counted:
                    # Right after QuickBooks has counted it, somebody edits it: it leaves the stretch.
                    world.quickbooks.edit_payment(changed, total="71.00")
                counted.append(answer)
                return answer

        return Changing()

    patched = type("Patched", (type(world.context),), {"source": lambda _self, connection: source_of(connection)})
    original = world.context
    world.context = patched(**{name: getattr(original, name) for name in original.__dataclass_fields__})
    proved(world)
    world.context = original
    found = statement(world, "reconnect")
    assert [row.as_count().outcome for row in found.stated.counts] == [CountOutcome.MOVED, CountOutcome.AGREES]
    assert found.stated.verdict is Verdict.NOTHING_MISSING
    assert new in listed(world, "reconnect")


def test_nothing_is_counted_while_news_waits_to_be_stored(world: World) -> None:
    busy_absence(world, 2, *READERS)
    reconnect(world)
    world.settle(Step.CATCH_UP)
    world.later(Step.CATCH_UP, minutes=6)
    assert statement(world, "reconnect").stated.counts == []
    assert listed(world, "reconnect") == {}
    world.later(*READERS, minutes=1)
    proved(world, 2)
    found = statement(world, "reconnect").stated
    assert [row.as_count().outcome for row in found.counts] == [CountOutcome.AGREES]
    assert len(listed(world, "reconnect")) == 3


def test_waiting_for_news_to_be_stored_asks_nothing(world: World) -> None:
    busy_absence(world, 2, *READERS)
    reconnect(world)
    world.settle(Step.CATCH_UP)
    before = metered(world)
    for _ in range(2):
        world.later(Step.CATCH_UP, minutes=6)
    assert metered(world) == before


def test_a_look_asks_for_one_list_and_for_nothing_before_the_next_count(world: World) -> None:
    _, _, new = busy_absence(world, 2, *READERS)
    reconnect(world)
    world.settle(*READERS)
    forget(world, new)
    before = metered(world)
    world.later(Step.CATCH_UP, minutes=6)
    assert [row.as_count().outcome for row in statement(world, "reconnect").stated.counts] == [CountOutcome.DIFFERS]
    # The count, the catch-up that tells what happened until then, and the list.
    assert metered(world) == before + 3


def test_nothing_is_said_while_the_count_cannot_be_taken(world: World) -> None:
    busy_absence(world, 2, *READERS)
    reconnect(world)
    world.settle(*READERS)
    world.quickbooks.faults.add(Fault("error", path="/query", status=503, times=None))
    proved(world, 3)
    assert statement(world, "reconnect").stated.verdict is Verdict.UNCLEAR
    world.quickbooks.faults.clear()
    proved(world)
    assert statement(world, "reconnect").stated.verdict is Verdict.NOTHING_MISSING


@pytest.mark.both_in_the_build
def test_a_connection_that_is_cut_again_says_that_it_cannot_be_counted(world: World) -> None:
    busy_absence(world, 2, *READERS)
    reconnect(world)
    world.settle(*READERS)
    disconnect(world.context, world.source_id)
    proved(world, 2)
    assert "QuickBooks is not connected" in statement(world, "reconnect").stated.told.sentence


def test_an_outage_of_ours_is_a_stretch_of_its_own(world: World) -> None:
    world.notice(*READERS)
    invoice = world.invoice("INV-1", "500.00")
    world.clock.move(minutes=30)
    late = world.pay("20.00", (invoice, "20.00"))
    told, recorded_at = world.pay("30.00", (invoice, "30.00")), world.clock.now()
    world.clock.move(hours=5)
    # QuickBooks sends again what nobody had taken.
    hint(world, told, happened_at=recorded_at)
    world.notice(*READERS)
    proved(world)
    found = statement(world, "outage")
    assert found.stated.verdict is Verdict.NOTHING_MISSING
    assert listed(world, "outage") == {
        late: (Happened.NEW, FoundBy.CATCH_UP),
        told: (Happened.NEW, FoundBy.WEBHOOK),
    }
    assert found.late.payments == 2
    assert found.late.latest_by == timedelta(hours=5)


def test_a_short_pause_is_no_outage(world: World) -> None:
    world.notice(*READERS)
    world.clock.move(minutes=50)
    world.notice(*READERS)
    assert gaps(world) == []


@pytest.mark.both_in_the_build
@pytest.mark.parametrize("switch", ["off", "disabled"])
def test_a_switch_off_says_what_came_meanwhile(world: World, switch: str) -> None:
    off = PreferenceChanges(sync_enabled=False)
    on = PreferenceChanges(sync_enabled=True)
    if switch == "disabled":
        change_preferences(world.context, world.organization_id, PreferenceChanges(sync_tool_enabled=True))
        off, on = (replace(PreferenceChanges(), sync_mode=one) for one in (SyncMode.DISABLED, SyncMode.ALL_INVOICES))
    invoices = [world.invoice(f"INV-{number}") for number in range(3)]
    changed, deleted = (world.pay("50.00", (invoice, "50.00")) for invoice in invoices[:2])
    world.notice(*READERS)
    world.later(*READERS, minutes=16)
    change_preferences(world.context, world.organization_id, off)
    assert statement(world, "switched_off").stated.sentence.startswith("The sync is switched off since ")
    world.later(*READERS, minutes=16)
    new = world.pay("30.00", (invoices[2], "30.00"))
    hint(world, new)
    world.quickbooks.edit_payment(changed, total="40.00", lines=[(invoices[0].quickbooks_id, "40.00")])
    world.quickbooks.delete_payment(deleted)
    for _ in range(5):
        world.later(*READERS, minutes=16)
    change_preferences(world.context, world.organization_id, on)
    proved(world)
    found = statement(world, "switched_off")
    assert listed(world, "switched_off") == {
        new: (Happened.NEW, FoundBy.WEBHOOK),
        changed: (Happened.CHANGED, FoundBy.CATCH_UP),
        deleted: (Happened.DELETED, FoundBy.CATCH_UP),
    }
    assert found.stated.verdict is Verdict.NOTHING_MISSING
    assert found.stated.sentence.startswith("The sync was switched off from ")


def test_lost_webhooks_are_one_stretch_until_one_arrives_again(world: World) -> None:
    invoice = world.invoice("INV-1", "500.00")
    hint(world, world.pay("10.00", (invoice, "10.00")))
    world.settle(*READERS)
    world.notice(*READERS)
    lost = []
    for _ in range(3):
        world.clock.move(minutes=1)
        lost.append(world.pay("20.00", (invoice, "20.00")))
        world.later(*READERS, minutes=16)
    open_one = statement(world, "lost_webhooks").stated
    assert open_one.sentence.startswith("Webhooks are being lost from ")
    assert "3 new payments" in open_one.sentence
    told = world.pay("30.00", (invoice, "30.00"))
    hint(world, told)
    world.settle(*READERS)
    world.clock.move(minutes=2)
    hint(world, told, verb="updated")
    proved(world)
    assert set(listed(world, "lost_webhooks")) == set(lost)
    assert {finder for _, finder in listed(world, "lost_webhooks").values()} == {FoundBy.CATCH_UP}
    assert statement(world, "lost_webhooks").stated.verdict is Verdict.NOTHING_MISSING


@pytest.mark.both_in_the_build
def test_what_a_reconciliation_finds_opens_the_statement_again(world: World) -> None:
    _, _, new = busy_absence(world, 2, *READERS)
    reconnect(world)
    world.settle(*READERS)
    proved(world)
    assert statement(world, "reconnect").stated.verdict is Verdict.NOTHING_MISSING
    forget(world, new)
    reconciled(world)
    assert statement(world, "reconnect").stated.verdict is Verdict.UNCLEAR
    lost = statement(world, "lost_webhooks").stated.gap
    assert lost.is_open


def test_a_look_back_says_what_only_it_has_found(world: World) -> None:
    invoice = world.invoice("INV-1", "500.00")
    long_ago = world.clock.now() - timedelta(days=90)
    old = world.pay("40.00", (invoice, "40.00"), at=long_ago)
    world.notice(*READERS)
    request_backfill(world.context, world.source_id, (long_ago - timedelta(days=1)).date())
    today = world.pay("30.00", (invoice, "30.00"))
    hint(world, today)
    world.settle(*READERS)
    proved(world)
    assert listed(world, "backfill") == {old: (Happened.NEW, FoundBy.PERSON)}
    assert statement(world, "backfill").stated.verdict is Verdict.NOTHING_MISSING


@pytest.mark.both_in_the_build
def test_a_gap_from_before_the_counts_can_be_counted_by_a_person(world: World) -> None:
    busy_absence(world, 2, *READERS)
    reconnect(world)
    world.settle(*READERS)
    [gap] = gaps(world)
    with world.context.database.writing() as session:
        old = gap_by_id(session, gap.id)
        old.proof_stage, old.proof_due_at, old.proof_asked_at = "", None, None
    assert "never counted" in statement(world, "reconnect").stated.told.sentence
    assert count_again(world.context, world.organization_id, gap.id) is None
    assert count_again(world.context, world.organization_id, gap.id) is not None
    world.settle(*READERS)
    proved(world, 2)
    assert statement(world, "reconnect").stated.verdict is Verdict.NOTHING_MISSING
    with world.context.database.reading() as session:
        assert session.query(GapPayment).count() == 3


def test_a_clock_that_was_ahead_puts_no_proof_off(world: World) -> None:
    busy_absence(world, 2, *READERS)
    reconnect(world)
    world.settle(*READERS)
    with world.context.database.writing() as session:
        gap_by_id(session, gaps(world)[0].id).proof_due_at = world.clock.now() + timedelta(days=365)
    proved(world, 2)
    assert statement(world, "reconnect").stated.verdict is Verdict.NOTHING_MISSING
