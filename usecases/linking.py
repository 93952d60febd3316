"""Same money: a person names the payment at the target that we would otherwise create, so that we link it instead.

Called by: the Partner Dashboard, the command line and the JSON API.
Does: stores the person's statement with the held part of the payment, and releases the hold. Push looks at the
invoice, and links the payment if it is still as the person saw it and stands for nothing else.
Leaves behind: an effect that is due. Saying it twice does no harm.
"""

from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from domain.activity import ActivityKind
from domain.explanations import explain
from domain.ingest.seen_payments import payments_in
from domain.money import money_text
from domain.push.effect import EffectState
from domain.records import TargetPayment
from models.connections import Role, connection_in_role
from models.decisions import DecisionRow, current_decisions
from models.effects import latest_effects
from models.ledger import synced_payments
from models.locks import lock_organization
from models.payments import Payment, match_again
from models.retries import payment_of
from tasks.context import Context, Step
from tasks.letting_go import revive
from usecases.activity import note
from usecases.results import Rejected

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LinkReport:
    """The result of the link request.

    Attributes:
        linked: it had been linked before; otherwise push looks at it now.
        system: the name of the system that has the payment.
    """

    target_payment_id: str
    linked: bool
    system: str

    @property
    def message(self) -> str:
        """The report as a sentence."""
        if self.linked:
            return f"{self.system} payment {self.target_payment_id} is already linked to it."
        return f"{self.system} payment {self.target_payment_id} is being checked, and linked if it is unchanged."


def link_payment(
    context: Context, organization_id: int, payment_external_id: str, target_payment_id: str
) -> LinkReport | Rejected:
    """A person has seen this payment on the target invoice and calls it the same money."""
    now = context.clock.now()
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        target = connection_in_role(session, organization_id, Role.TARGET)
        system = context.words([target]).target
        payment = payment_of(session, organization_id, payment_external_id)
        if payment is None:
            return Rejected(f"There is no payment {payment_external_id}.")
        parts = [allocation.id for allocation in payment.allocations]
        if any(entry.target_payment_id == target_payment_id for entry in synced_payments(session, parts).values()):
            return LinkReport(target_payment_id, linked=True, system=system)
        chosen = _chosen(session, payment, parts, target_payment_id, system)
        if isinstance(chosen, Rejected):
            return chosen
        effect = latest_effects(session, [chosen]).get(chosen)
        if effect is None or effect.state == EffectState.SENDING:
            return Rejected("The payment is being sent or decided right now. Look at it again in a minute.")
        for allocation in payment.allocations:
            if allocation.id == chosen:
                allocation.same_money_id, allocation.ignore_twins = target_payment_id, False
        if effect.state != EffectState.IN_DOUBT:
            revive(session, effect, (), now)
        match_again(session, [chosen], now)
        about = f"{payment.in_words}; {system} payment {target_payment_id}"
        kind = ActivityKind.PAYMENT_LINKED
        note(context, session, organization_id, kind, about=about, payment_id=payment_external_id)
    log.info("payment.linked", payment=payment_external_id, target_payment=target_payment_id)
    context.nudge(Step.MATCH, organization_id)
    if target is not None:
        context.nudge(Step.PUSH, target.id)
    return LinkReport(target_payment_id, linked=False, system=system)


def _chosen(
    session: Session, payment: Payment, parts: list[int], target_payment_id: str, system: str
) -> int | Rejected:
    """The part that is held because of this payment, if it may be the same money."""
    held = [one for one in current_decisions(session, parts).values() if explain(one.why).may_be_linked]
    if not held:
        return Rejected(f"No part of this payment is held because of another payment in {system}.")
    amounts = {allocation.id: allocation.amount for allocation in payment.allocations}
    for decision in sorted(held, key=lambda one: one.id):
        seen = _with_id(decision, target_payment_id)
        if seen is None:
            continue
        if seen.amount != amounts[decision.allocation_id]:
            there, here = (
                money_text(amount, payment.currency) for amount in (seen.amount, amounts[decision.allocation_id])
            )
            return Rejected(
                f"{system} payment {target_payment_id} is {there} and this one is {here}. Only payments of the same "
                "amount can be linked, because otherwise the systems would differ. Correct one of the amounts first."
            )
        return decision.allocation_id
    ids = sorted({one.external_id for decision in held for one in payments_in(decision.seen)})
    return Rejected(
        f"{system} payment {target_payment_id} is not one of the payments that hold this one up: "
        f"{', '.join(ids) or 'none is known yet; retry, and then check again'}."
    )


def _with_id(decision: DecisionRow, payment_id: str) -> TargetPayment | None:
    return next((one for one in payments_in(decision.seen) if one.external_id == payment_id), None)
