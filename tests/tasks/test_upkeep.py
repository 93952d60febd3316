"""What nothing needs any more is forgotten after its time; what a promise needs never is."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from domain.gaps import GapKind
from domain.push.effect import Doubt, EffectState
from models.attempts import Attempt
from models.effects import Effect
from models.gaps import open_gap
from models.inbox import InboxEvent
from models.invitations import Invitation
from tasks import upkeep as module
from tasks.upkeep import Forgotten, upkeep
from tests.flow.doing import one_payment
from tests.world import World


@pytest.fixture
def told(world: World) -> World:
    """A payment that change data capture has told and that was delivered."""
    one_payment(world)
    world.notice()
    with world.context.database.reading() as session:
        assert session.scalars(select(InboxEvent).where(InboxEvent.payload.is_not(None))).all()
        assert session.scalars(select(Attempt)).all()
    return world


def payloads(world: World) -> int:
    with world.context.database.reading() as session:
        return len(session.scalars(select(InboxEvent.id).where(InboxEvent.payload.is_not(None))).all())


def attempts(world: World) -> int:
    with world.context.database.reading() as session:
        return len(session.scalars(select(Attempt.id)).all())


def test_nothing_is_forgotten_before_its_time(told: World) -> None:
    told.clock.move(days=89)
    assert upkeep(told.context) == Forgotten(0, 0, 0)


def test_the_content_of_a_report_is_forgotten_and_the_report_stays(told: World) -> None:
    with told.context.database.reading() as session:
        reports = len(session.scalars(select(InboxEvent.id)).all())
    told.clock.move(days=91)
    assert upkeep(told.context).payloads > 0
    assert payloads(told) == 0
    with told.context.database.reading() as session:
        assert len(session.scalars(select(InboxEvent.id)).all()) == reports


def test_a_report_that_waits_keeps_its_content(told: World) -> None:
    with told.context.database.writing() as session:
        session.execute(update(InboxEvent).values(done_at=None))
    told.clock.move(days=400)
    assert upkeep(told.context).payloads == 0


def test_a_gap_that_is_being_closed_keeps_what_it_counts(told: World) -> None:
    with told.context.database.writing() as session:
        long_ago = datetime(2026, 1, 1, tzinfo=UTC)
        open_gap(session, told.source_id, GapKind.BACKFILL, long_ago, long_ago)
    told.clock.move(days=91)
    assert upkeep(told.context).payloads == 0


def test_attempts_of_what_is_settled_are_forgotten_some_at_a_time(told: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS_AT_A_TIME", 1)
    with told.context.database.writing() as session:
        effect = session.scalars(select(Effect)).one()
        for number in (2, 3):
            session.add(Attempt(effect_id=effect.id, number=number, started_at=told.clock.now(), outcome="created"))
    told.clock.move(days=731)
    assert upkeep(told.context).attempts == 3
    assert attempts(told) == 0


@pytest.mark.parametrize(
    ("state", "doubt"),
    [
        (EffectState.SENDING, Doubt.NONE),
        (EffectState.IN_DOUBT, Doubt.UNANSWERED),
        (EffectState.HELD, Doubt.UNANSWERED),
        (EffectState.DEAD, Doubt.NONE),
    ],
)
def test_attempts_of_what_is_not_settled_stay_however_old_they_are(
    told: World, state: EffectState, doubt: Doubt
) -> None:
    with told.context.database.writing() as session:
        session.execute(update(Effect).values(state=state.value, doubt=doubt.value))
    told.clock.move(days=2_000)
    assert upkeep(told.context).attempts == 0
    assert attempts(told) == 1


def test_an_invitation_that_has_ended_is_forgotten(told: World) -> None:
    now = told.clock.now()
    with told.context.database.writing() as session:
        for hours, token in ((1, "a"), (48, "b")):
            session.add(
                Invitation(
                    organization_id=told.organization_id,
                    email=f"{token}@example.com",
                    role="viewer",
                    token_hash=token,
                    invited_by="boss@example.com",
                    created_at=now,
                    expires_at=now + timedelta(hours=hours),
                )
            )
    told.clock.move(hours=2)
    upkeep(told.context)
    with told.context.database.reading() as session:
        assert session.scalars(select(Invitation.token_hash)).all() == ["b"]
