"""Retry: a person says that the cause is gone, so what is stuck goes again.

Called by: the Partner Dashboard and the command line.
Does: makes held and dead effects pending and due now, and lets everything else of the payment be decided again. It
calls the target only when a payment that is to be changed seemed to be gone.
Leaves behind: effects that push takes up, allocations that match takes up. What is on the wire is left alone: only a
look at the target can say what became of it.
"""

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from connectors.base import Got
from domain.delivery import OPEN_ON_THE_WIRE, EffectKind, EffectState
from domain.planning import MAY_HAVE_MOVED_MONEY
from domain.reasons import Reason
from models.connections import Role, connection_by_id, connection_in_role
from models.decisions import current_decisions
from models.effects import Effect, latest_effects, move
from models.payments import Payment, match_again
from models.retries import forget_target_payment, ignore_twins, payment_of
from tasks.context import Context, Step
from tasks.results import Rejected

__all__ = ["Rejected", "RetryReport", "retry_payment"]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RetryReport:
    """What became of the payment's parts.

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
            (self.on_the_wire, "being sent or looked for, and left alone"),
        ]
        parts = [f"{count} part{'s' if count > 1 else ''} {what}" for count, what in told if count]
        return f"{'; '.join(parts)}." if parts else "The payment has no parts to retry."


def retry_payment(
    context: Context, organization_id: int, payment_external_id: str, create_anyway: bool = False
) -> RetryReport | Rejected:
    """Lets the payment go again.

    Args:
        create_anyway: also create what is held because the target has a payment of the same amount near that date.
    """
    now = context.clock.now()
    gone = _certainly_gone(context, organization_id, payment_external_id)
    with context.database.writing() as session:
        payment = payment_of(session, organization_id, payment_external_id)
        if payment is None:
            return Rejected(f"There is no payment {payment_external_id}.")
        effects = latest_effects(session, [allocation.id for allocation in payment.allocations])
        if create_anyway:
            twins = _held_for_a_twin(session, payment)
            if not twins:
                return Rejected(
                    "Nothing of this payment is held because of a similar payment, so there is no 'anyway'."
                )
            ignore_twins(session, twins)
        report = _retry(session, payment, effects, gone, now)
        target = connection_in_role(session, organization_id, Role.TARGET)
    log.info("payment.retried", payment=payment_external_id, create_anyway=create_anyway, revived=report.revived)
    context.nudge(Step.MATCH, organization_id)
    if target is not None:
        context.nudge(Step.PUSH, target.id)
    return report


def _held_for_a_twin(session: Session, payment: Payment) -> list[int]:
    """As a partner reads it: the effect itself may be on its way to another look at this very moment."""
    decisions = current_decisions(session, [allocation.id for allocation in payment.allocations])
    return [identity for identity, decision in decisions.items() if decision.why is Reason.TWIN_NEARBY]


def _certainly_gone(context: Context, organization_id: int, payment_external_id: str) -> set[int]:
    """Effects that were to change a payment which somebody has removed, as a look at the target shows just now.

    The hold alone does not prove it: ConnectWise answers "not found" also to keys that may not see the record.
    """
    with context.database.reading() as session:
        payment = payment_of(session, organization_id, payment_external_id)
        effects = latest_effects(session, [one.id for one in payment.allocations]) if payment is not None else {}
        held = [one for one in effects.values() if one.state == EffectState.HELD and one.kind == EffectKind.ADJUST]
        missing = [one for one in held if one.reason == Reason.TARGET_PAYMENT_GONE]
        connection = connection_by_id(session, missing[0].connection_id) if missing else None
    if connection is None or not connection.is_active:
        return set()
    target = context.target(connection)
    gone: set[int] = set()
    for effect in missing:
        look = target.list_payments(effect.target_invoice_id)
        if isinstance(look, Got) and effect.target_payment_id not in {one.external_id for one in look.value}:
            gone.add(effect.id)
    return gone


def _retry(
    session: Session, payment: Payment, effects: dict[int, Effect], gone: set[int], now: datetime
) -> RetryReport:
    revived = on_the_wire = 0
    again: list[int] = []
    for allocation in payment.allocations:
        effect = effects.get(allocation.id)
        state = EffectState(effect.state) if effect is not None else None
        if state in OPEN_ON_THE_WIRE or (effect is not None and not _revive(session, effect, gone, now)):
            on_the_wire += 1
            continue
        revived += effect is not None and effect.state == EffectState.PENDING
        again.append(allocation.id)
    match_again(session, again, now)
    return RetryReport(revived, len(again) - revived, on_the_wire)


def _revive(session: Session, effect: Effect, gone: set[int], now: datetime) -> bool:
    """Makes the effect due if it is stuck; False if push has just taken it up."""
    match EffectState(effect.state):
        case EffectState.PENDING:
            return effect.due_at <= now or move(session, effect, EffectState.PENDING, due_at=now)
        case EffectState.HELD if effect.id in gone:
            return _begin_anew(session, effect, now)
        case EffectState.HELD | EffectState.DEAD:
            # Money of ours may be on the invoice already. Such a reason stays on the effect until push has looked,
            # because it is what keeps match from replacing the effect.
            values = {} if effect.reason in MAY_HAVE_MOVED_MONEY else {"reason": ""}
            return move(session, effect, EffectState.PENDING, due_at=now, attempts=0, detail="", **values)
        case _:
            return True


def _begin_anew(session: Session, effect: Effect, now: datetime) -> bool:
    """There is nothing left to change: the ledger forgets the payment, and match decides as if none had been synced."""
    cancelled = move(session, effect, EffectState.CANCELLED)
    if cancelled:
        match_again(session, forget_target_payment(session, effect, now), now)
    return cancelled
