"""Lets go what is stuck of payments: a person says that its cause is gone.

Called by: a retry of one payment, an action on many (`usecases`), and the retrying by a filter (`tasks/replay`).
Leaves behind: effects that push takes up, allocations that match takes up. It leaves effects on the wire alone: only a
look at the target can find their outcome.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from domain.preferences import CorrectionPolicy
from domain.push.effect import OPEN_ON_THE_WIRE, Doubt, EffectKind, EffectState
from models.effects import Effect, move
from models.ledger_writing import accept_changes
from models.organizations import organization_by_id
from models.payments import Payment, match_again
from tasks.hints import INCOMPLETE, Look, hint_at_payments


@dataclass(frozen=True, slots=True)
class RetryReport:
    """The outcome for the payments' parts.

    Attributes:
        revived: their effects are due now.
        decided_again: nothing was stuck; match looks at them once more.
        on_the_wire: sent or being sent; left alone.
    """

    revived: int
    decided_again: int
    on_the_wire: int

    @property
    def message(self) -> str:
        """The report as a sentence."""
        told = [
            (self.revived, "tried again now"),
            (self.decided_again, "decided again now"),
            (self.on_the_wire, "being sent or looked for, so left alone"),
        ]
        parts = [f"{count} part{'s' if count > 1 else ''} {what}" for count, what in told if count]
        return f"{'; '.join(parts)}." if parts else "The payment has no parts to retry."


def let_go(
    session: Session,
    organization_id: int,
    payments: Collection[Payment],
    effects: Mapping[int, Effect],
    forgotten: Collection[int],
    now: datetime,
    actor: str,
) -> RetryReport:
    """Makes everything of these payments due that is stuck; the caller holds the organization.

    Args:
        effects: the newest one of each part.
        forgotten: the parts whose target payment is certainly gone.
        actor: the person or program that asked for it.
    """
    parts = [allocation.id for payment in payments for allocation in payment.allocations]
    if organization_by_id(session, organization_id).preferences.correction_policy is CorrectionPolicy.AUTOMATIC:
        accept_changes(session, parts, now, actor)
    _look_at_flawed(session, payments, now)
    revived = on_the_wire = 0
    again: list[int] = []
    for part in parts:
        effect = effects.get(part)
        state = EffectState(effect.state) if effect is not None else None
        if state in OPEN_ON_THE_WIRE or (effect is not None and not revive(session, effect, forgotten, now)):
            on_the_wire += 1
            continue
        revived += effect is not None and effect.state in (EffectState.PENDING, EffectState.IN_DOUBT)
        again.append(part)
    match_again(session, again, now)
    return RetryReport(revived, len(again) - revived, on_the_wire)


def _look_at_flawed(session: Session, payments: Collection[Payment], now: datetime) -> None:
    """Has those read again of which no picture was whole: only the source can show that the cause is gone."""
    looks: dict[int, list[Look]] = {}
    for payment in payments:
        if payment.flaw is not None:
            looks.setdefault(payment.connection_id, []).append(Look(payment.external_id, now))
    for connection_id, of_connection in looks.items():
        hint_at_payments(session, connection_id, INCOMPLETE, of_connection, now)


def revive(session: Session, effect: Effect, forgotten: Collection[int], now: datetime) -> bool:
    """Makes the effect due if it is stuck; False if push has just claimed it."""
    match EffectState(effect.state):
        case EffectState.PENDING:
            return effect.due_at <= now or move(session, effect, EffectState.PENDING, due_at=now)
        case EffectState.HELD if effect.allocation_id in forgotten and effect.kind != EffectKind.CREATE:
            # There is nothing left to change: match decides as if none had been synced.
            return move(session, effect, EffectState.CANCELLED)
        case EffectState.HELD | EffectState.DEAD:
            # Money of ours may be on the invoice already. Such a reason stays on the effect until push has looked,
            # because it keeps match from replacing the effect.
            values = {} if effect.doubt != Doubt.NONE else {"reason": ""}
            # If the look then ends the doubt, a payment that changed meanwhile is decided again instead of sent.
            again = EffectState.IN_DOUBT if Doubt(effect.doubt).is_unanswered else EffectState.PENDING
            return move(session, effect, again, due_at=now, attempts=0, detail="", **values)
        case _:
            return True
