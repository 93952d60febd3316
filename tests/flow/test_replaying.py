"""An operator retries by a filter: listed once, named, confirmed, stopped and gone on with, each payment once."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import event, select

from domain.activity import ActivityKind
from domain.reasons import Reason
from domain.status import PaymentStatus
from models.activity import Activity, ActivityFilter, list_activity
from models.held_payments import HeldFilter
from models.long_works import WorkState
from models.organizations import Organization
from models.replays import (
    Replay,
    ReplayItem,
    ReplayItemState,
    ReplayShare,
    counts_of_replay,
    outcomes_of_replay,
    shares_of,
    state_of,
)
from sandbox.faults import Fault
from tasks.context import Step
from tasks.points import Point
from tasks.replay import step
from tests.flow.doing import POST, once_at
from tests.world import BothInvoices, World
from usecases.replaying import ask_replay, confirm_replay, continue_replay, stop_replay
from usecases.results import Rejected

pytestmark = pytest.mark.both_in_the_build
REFUSED = HeldFilter(reason=Reason.TARGET_REFUSED)


@pytest.fixture
def refused(world: World) -> list[tuple[BothInvoices, str]]:
    """Five payments that ConnectWise refuses; the cause then goes away."""
    world.context = replace(world.context, actor="ops@platform.example")
    world.connectwise.faults.add(Fault(kind="error", status=400, times=5, **POST))
    found = []
    for number in range(5):
        invoice = world.invoice(f"INV-{number}")
        found.append((invoice, world.pay("100.00", (invoice, "100.00"))))
    world.notice()
    assert {world.reason(payment) for _, payment in found} == {"target_refused"}
    return found


def asked(world: World, wanted: HeldFilter = REFUSED, name: str = "after the outage") -> int:
    found = ask_replay(world.context, name, wanted)
    assert isinstance(found, int), found
    return found


def state(world: World, replay_id: int) -> WorkState:
    with world.context.database.reading() as session:
        return state_of([share for share, _ in shares_of(session, replay_id)])


def test_the_preview_counts_and_adds_up_and_changes_nothing(
    world: World, refused: list[tuple[BothInvoices, str]]
) -> None:
    replay_id = asked(world)
    world.settle()
    with world.context.database.reading() as session:
        [count] = counts_of_replay(session, replay_id)
    assert (count.reason, count.payments, f"{count.total:.2f}", count.currency) == (
        Reason.TARGET_REFUSED,
        5,
        "500.00",
        "USD",
    )
    assert state(world, replay_id) is WorkState.READY
    assert {world.reason(payment) for _, payment in refused} == {"target_refused"}


def test_what_is_confirmed_is_retried_once_and_says_how_it_came_out(
    world: World, refused: list[tuple[BothInvoices, str]]
) -> None:
    replay_id = asked(world)
    assert confirm_replay(world.context, replay_id) is None
    world.settle()
    assert [world.amounts_on(invoice) for invoice, _ in refused] == [["100.00"]] * 5
    assert state(world, replay_id) is WorkState.DONE
    with world.context.database.reading() as session:
        assert outcomes_of_replay(session, replay_id) == {PaymentStatus.SYNCED: 5}
        kinds = [(one.kind, one.actor) for one in list_activity(session, world.organization_id, ActivityFilter(), 50)]
    assert kinds.count((ActivityKind.PAYMENT_RETRIED, "ops@platform.example")) == 5
    assert (ActivityKind.REPLAY_CONFIRMED, "ops@platform.example") in kinds
    assert isinstance(confirm_replay(world.context, replay_id), Rejected)


def test_a_payment_that_has_changed_since_the_preview_is_left(
    world: World, refused: list[tuple[BothInvoices, str]]
) -> None:
    first, second = asked(world), asked(world, name="once more")
    assert confirm_replay(world.context, first) is None
    world.settle()
    sent = world.connectwise.calls.total
    assert confirm_replay(world.context, second) is None
    world.settle()
    with world.context.database.reading() as session:
        assert {one.state for one in counts_of_replay(session, second)} == {ReplayItemState.LEFT}
    assert world.connectwise.calls.total == sent


def test_it_is_stopped_between_two_pieces_and_goes_on_behind_the_last_one(
    world: World, refused: list[tuple[BothInvoices, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "PAYMENTS_PER_PIECE", 2)
    replay_id = asked(world)
    confirm_replay(world.context, replay_id)
    here = world.context
    stopped: list[Rejected | None] = []
    happens = once_at(Point.REPLAY_STORED, lambda: stopped.append(stop_replay(here, replay_id)))
    world.context = replace(here, reached=happens)
    world.settle(Step.REPLAY)
    world.context = here
    assert stopped == [None]
    world.later(Step.REPLAY, minutes=1)
    assert state(world, replay_id) is WorkState.STOPPED
    with world.context.database.reading() as session:
        [(share, _)] = shares_of(session, replay_id)
    assert (share.looked_at, share.stopped_by) == (2, "ops@platform.example")
    assert continue_replay(world.context, replay_id) is None
    world.settle()
    assert state(world, replay_id) is WorkState.DONE
    with world.context.database.reading() as session:
        retried = session.scalars(select(Activity).where(Activity.kind == ActivityKind.PAYMENT_RETRIED.value)).all()
    assert len(retried) == 5
    assert [world.amounts_on(invoice) for invoice, _ in refused] == [["100.00"]] * 5


def test_all_organizations_shares_are_changed_in_as_many_statements_as_one(
    world: World, refused: list[tuple[BothInvoices, str]]
) -> None:
    acts = (confirm_replay, stop_replay, continue_replay)
    alone, together = asked(world), asked(world, name="many")
    with world.context.database.writing() as session:
        for number in range(20):
            slug = f"partner-{number}"
            organization = Organization(slug=slug, name=slug.title(), created_at=world.clock.now())
            session.add(organization)
            session.flush()
            share = ReplayShare(
                replay_id=together, organization_id=organization.id, asked_by="ops", asked_at=world.clock.now()
            )
            share.get_ready(world.clock.now())
            session.add(share)
    told: list[str] = []
    event.listen(world.context.database.engine, "before_cursor_execute", lambda _c, _k, sql, *_: told.append(sql))
    assert [act(world.context, alone) for act in acts] == [None] * 3
    few = len(told)
    told.clear()
    assert [act(world.context, together) for act in acts] == [None] * 3
    assert len(told) == few
    with world.context.database.reading() as session:
        assert {share.state for share, _ in shares_of(session, together)} == {WorkState.TAKING}
        entries = session.scalars(select(Activity).where(Activity.about == "many")).all()
    assert len(entries) == 21 * 3


def test_a_filter_that_finds_nothing_and_a_request_without_a_name_are_refused(
    world: World, refused: list[tuple[BothInvoices, str]]
) -> None:
    assert isinstance(ask_replay(world.context, " ", REFUSED), Rejected)
    assert isinstance(ask_replay(world.context, "nothing", HeldFilter(reason=Reason.PACED)), Rejected)
    assert isinstance(confirm_replay(world.context, 404), Rejected)
    with world.context.database.reading() as session:
        assert session.scalars(select(Replay)).all() == []


def test_one_that_nobody_confirms_is_forgotten_after_a_day(
    world: World, refused: list[tuple[BothInvoices, str]]
) -> None:
    replay_id = asked(world)
    world.later(Step.REPLAY, hours=25)
    assert isinstance(confirm_replay(world.context, replay_id), Rejected)
    with world.context.database.reading() as session:
        assert session.scalars(select(ReplayItem)).all() == []
        assert session.get(Replay, replay_id) is None


def test_the_days_of_the_filter_count_as_a_whole(world: World, refused: list[tuple[BothInvoices, str]]) -> None:
    paid_on = date(2026, 11, 20)
    assert isinstance(ask_replay(world.context, "later", HeldFilter(since=paid_on + timedelta(days=1))), Rejected)
    assert isinstance(ask_replay(world.context, "that day", HeldFilter(since=paid_on, until=paid_on)), int)
