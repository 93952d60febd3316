"""What is being sent at this moment, and what was sent without an answer."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.push.effect import EffectState
from models.effects import Effect, is_open


@dataclass(frozen=True, slots=True)
class OnTheWire:
    """How many effects.

    Attributes:
        sending: a worker waits for the answer, or has died and its lease has not ended.
        in_doubt: no answer came; a look at the target settles each.
    """

    sending: int
    in_doubt: int


def on_the_wire(session: Session, organization_id: int | None) -> OnTheWire:
    """Of one organization, or of all."""
    statement = select(Effect.state, func.count()).where(is_open()).group_by(Effect.state)
    if organization_id is not None:
        statement = statement.where(Effect.organization_id == organization_id)
    found = {state: count for state, count in session.execute(statement)}  # noqa: C416 - rows are not pairs
    return OnTheWire(found.get(EffectState.SENDING.value, 0), found.get(EffectState.IN_DOUBT.value, 0))
