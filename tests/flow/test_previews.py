"""A preview says what a change of preferences would do; then the change is made, and match decides."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

import models
from domain.match.foresight import Certainty, Foreseen, Outcome
from domain.preferences import CorrectionPolicy, InvoiceOrigin, Preferences, SyncMode, TwinPolicy
from domain.push.effect import EffectState
from domain.status import PaymentStatus
from models.decisions import DecisionRow
from models.effects import Effect
from models.organizations import organization_by_id
from models.payments import Allocation
from models.previews import Chosen, Preview, PreviewPiece, PreviewState, counts_of, parts_behind, preview_by_id
from tasks.context import Step
from tests.few import few_of
from tests.world import BothInvoices, World
from usecases.organizations import PreferenceChanges, change_preferences
from usecases.previewing import preview_change, save_preview

OWN_TABLES = {Preview.__tablename__, PreviewPiece.__tablename__}
DAYS = ["2026-11-02", "2026-11-10", "2026-11-20"]


def preview_of(world: World, preview_id: int) -> Preview:
    with world.context.database.reading() as session:
        found = preview_by_id(session, world.organization_id, preview_id)
    assert found is not None
    return found


def asked(world: World, **changes: Any) -> Preview:
    made = preview_change(world.context, world.organization_id, PreferenceChanges(**changes))
    assert isinstance(made, int)
    return preview_of(world, made)


def by_outcome(preview: Preview) -> dict[Outcome, int]:
    parts: dict[Outcome, int] = {}
    for one in counts_of(preview):
        parts[one.foreseen.outcome] = parts.get(one.foreseen.outcome, 0) + one.parts
    return parts


def promises(world: World, preview: Preview) -> dict[int, Foreseen]:
    with world.context.database.reading() as session:
        return {part: said for outcome in Outcome for part, said in parts_behind(session, preview.id, Chosen(outcome))}


def everything(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, but for those of previews."""
    with world.context.database.reading() as session:
        return {
            table.__tablename__: sorted(map(tuple, session.execute(select(*table.__table__.c))), key=repr)
            for table in models.TABLES
            if table.__tablename__ not in OWN_TABLES
        }


# --- good days ---


def test_switching_on_says_what_would_be_synced_and_saving_does_it(world: World) -> None:
    world.choose(sync_enabled=False)
    known, unknown = world.invoice("INV-1"), world.invoice("INV-2", origin=None)
    world.pay("150.00", (known, "100.00"), (unknown, "30.00"))
    world.notice()

    preview = asked(world, sync_enabled=True)
    assert preview.state == PreviewState.READY
    assert {one.foreseen.outcome: (one.parts, str(one.total)) for one in counts_of(preview)} == {
        Outcome.SYNCED: (2, "130.00"),
        Outcome.SKIPPED: (1, "20.00"),
    }
    assert world.amounts_on(known) == []

    save_preview(world.context, world.organization_id, preview.id)
    world.settle()
    world.later(seconds=5)
    world.later(seconds=5)
    assert (world.amounts_on(known), world.amounts_on(unknown)) == (["100.00"], ["30.00"])
    after = preview_of(world, preview.id)
    assert after.state == PreviewState.DONE
    assert sorted(after.came_out) == [
        [Outcome.SKIPPED, Certainty.SURE, PaymentStatus.SKIPPED, 1],
        [Outcome.SYNCED, Certainty.NOT_SEEN, PaymentStatus.SYNCED, 2],
    ]


def test_switching_off_takes_out_of_the_queue_what_is_not_sent_yet(world: World) -> None:
    sent, waiting = world.invoice("INV-1"), world.invoice("INV-2")
    world.pay("100.00", (sent, "100.00"))
    world.notice()
    payment = world.pay("100.00", (waiting, "100.00"))
    world.notice(Step.INGEST, Step.MATCH)

    preview = asked(world, sync_enabled=False)
    assert by_outcome(preview) == {Outcome.UNCHANGED: 1, Outcome.TAKEN_OUT: 1}
    save_preview(world.context, world.organization_id, preview.id)
    world.settle()
    assert (world.amounts_on(sent), world.amounts_on(waiting)) == (["100.00"], [])
    assert world.reason(payment) == "switched_off"


def test_a_payment_typed_by_hand_would_be_linked_by_the_other_policy(world: World) -> None:
    world.choose(twin_policy="hold")
    invoice = world.invoice("INV-1", total="300.00")
    assert invoice.connectwise_id is not None
    world.connectwise.type_payment(invoice.connectwise_id, "100.00", payment_date=date(2026, 11, 20))
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    assert world.reason(payment) == "twin_nearby"

    preview = asked(world, twin_policy=TwinPolicy.ADOPT)
    [count] = counts_of(preview)
    assert (count.foreseen.outcome, count.foreseen.reason.value) == (Outcome.SYNCED, "adopted")
    save_preview(world.context, world.organization_id, preview.id)
    world.settle()
    assert (world.reason(payment), world.amounts_on(invoice)) == ("adopted", ["100.00"])


def test_asking_for_nothing_new_is_refused(world: World) -> None:
    refused = preview_change(world.context, world.organization_id, PreferenceChanges(sync_enabled=True))
    assert not isinstance(refused, int)
    assert "Nothing would change" in refused.message


def test_another_persons_change_in_between_stays(world: World) -> None:
    preview = asked(world, cut_off_on=date(2026, 1, 1))
    change_preferences(world.context, world.organization_id, PreferenceChanges(correction_policy=CorrectionPolicy.HOLD))
    assert save_preview(world.context, world.organization_id, preview.id) is None
    with world.context.database.reading() as session:
        now = organization_by_id(session, world.organization_id).preferences
    assert (now.cut_off_on, now.correction_policy) == (date(2026, 1, 1), CorrectionPolicy.HOLD)
    again = save_preview(world.context, world.organization_id, preview.id)
    assert again is not None
    assert "was saved before" in again.message


# --- many worlds ---


@pytest.mark.parametrize("seed", few_of(range(8), 3))
def test_what_a_preview_is_sure_of_comes_true_and_a_preview_writes_nothing(world: World, seed: int) -> None:
    chance = random.Random(seed)
    _live_through(world, chance)
    before = everything(world)
    calls = _calls(world)
    then = _other_preferences(world, chance)

    preview = asked(world, **then)
    assert everything(world) == before
    assert _calls(world) == calls

    said = promises(world, preview)
    sending = _sending(world)
    save_preview(world.context, world.organization_id, preview.id)
    world.settle(Step.MATCH)
    decided = _decided(world)
    assert said.keys() == decided.keys()
    for part, foreseen in said.items():
        action, reason = decided[part]
        if foreseen.certainty is not Certainty.SURE or part in sending:
            continue
        assert reason == foreseen.reason, f"{foreseen} became {action} {reason} by {then}"
        assert _fits(foreseen.outcome, action, part in _owed(world)), f"{foreseen} became {action} by {then}"


def _calls(world: World) -> tuple[int, int]:
    return world.connectwise.calls.total, world.quickbooks.calls.total


def _fits(outcome: Outcome, action: str, is_owed: bool) -> bool:
    match outcome:
        case Outcome.SYNCED:
            return action == "push" and is_owed
        case Outcome.CORRECTED:
            return action in ("adjust", "reverse") and is_owed
        case Outcome.TAKEN_OUT:
            return action in ("skip", "hold") and not is_owed
        case Outcome.HELD:
            return action == "hold" and not is_owed
        case Outcome.SKIPPED:
            return action == "skip" and not is_owed
        case Outcome.UNCHANGED:
            return True


def _live_through(world: World, chance: random.Random) -> None:
    """Some invoices and payments, of which some are synced, some wait, and some change afterwards."""
    world.choose(**_as_stored(_preferences(chance)))
    invoices = [_invoice(world, chance, number) for number in range(8)]
    payments = [_payment(world, chance, invoices) for _ in range(12)]
    if chance.random() < 0.5:
        world.choose(**_as_stored(replace(_preferences(chance), sync_enabled=True)))
    world.notice()
    for payment in chance.sample(payments, 4):
        what: Callable[..., Any] = chance.choice([world.quickbooks.void_payment, world.quickbooks.delete_payment])
        what(payment)
    for _ in range(3):
        _payment(world, chance, invoices)
    world.notice(*chance.choice([(), (Step.INGEST, Step.MATCH)]))


def _invoice(world: World, chance: random.Random, number: int) -> BothInvoices:
    made = world.invoice(
        f"INV-{number}",
        "300.00",
        origin=chance.choice([None, *InvoiceOrigin]),
        in_connectwise=chance.random() < 0.8,
        connectwise_total=chance.choice([None, None, None, "301.00"]),
    )
    if made.connectwise_id is not None and chance.random() < 0.3:
        world.connectwise.type_payment(
            made.connectwise_id, "100.00", payment_date=date.fromisoformat(chance.choice(DAYS))
        )
    return made


def _payment(world: World, chance: random.Random, invoices: list[BothInvoices]) -> str:
    chosen = chance.sample(invoices, chance.choice([0, 1, 1, 1, 2]))
    total = 100 * len(chosen) + chance.choice([0, 0, 25])
    lines = [(invoice, "100.00") for invoice in chosen]
    payment = world.pay(f"{max(total, 25)}.00", *lines, on=chance.choice(DAYS))
    if chance.random() < 0.1:
        world.is_own(payment)
    return payment


def _preferences(chance: random.Random) -> Preferences:
    return Preferences(
        sync_enabled=chance.random() < 0.7,
        sync_tool_enabled=chance.random() < 0.7,
        sync_mode=chance.choice(list(SyncMode)),
        cut_off_on=chance.choice([None, date(2026, 11, 10), date(2026, 11, 15)]),
        correction_policy=chance.choice(list(CorrectionPolicy)),
        twin_policy=chance.choice(list(TwinPolicy)),
        find_by_number=chance.random() < 0.7,
    )


def _as_stored(preferences: Preferences) -> dict[str, Any]:
    return {name: getattr(preferences, name) for name in Preferences.__dataclass_fields__}


def _other_preferences(world: World, chance: random.Random) -> dict[str, Any]:
    """One to three preferences of which at least one is another one."""
    with world.context.database.reading() as session:
        now = organization_by_id(session, world.organization_id).preferences
    while True:
        wanted = _as_stored(_preferences(chance))
        names = chance.sample(sorted(wanted), chance.randint(1, 3))
        then = {name: wanted[name] for name in names}
        if replace(now, **then) != now:
            return then


def _decided(world: World) -> dict[int, tuple[str, str]]:
    with world.context.database.reading() as session:
        rows = session.scalars(select(DecisionRow).where(DecisionRow.current)).all()
        parts = session.scalars(select(Allocation.id)).all()
    decided = {row.allocation_id: (row.action, row.reason) for row in rows}
    assert set(decided) == set(parts)
    return decided


def _owed(world: World) -> set[int]:
    with world.context.database.reading() as session:
        return set(session.scalars(select(Effect.allocation_id).where(Effect.state == EffectState.PENDING)))


def _sending(world: World) -> set[int]:
    on_the_wire = Effect.state.in_([EffectState.SENDING, EffectState.IN_DOUBT])
    with world.context.database.reading() as session:
        return set(session.scalars(select(Effect.allocation_id).where(on_the_wire)))
