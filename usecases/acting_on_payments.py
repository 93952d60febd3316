"""What a person does about payments, one or many at a time: a preview with count and sum first, then the act.

Called by: the Partner Dashboard, the command line and the JSON API.
Does: writes down the person's word with each payment and makes it due, in transactions of some hundred payments.
Leaves behind: allocations that match decides anew, effects that push takes up, and an entry of the activity for each.
Doing it twice does no harm: what has been done already is refused, payment by payment.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import structlog
from sqlalchemy.orm import Session

from domain.activity import ActivityKind
from domain.leaving_out import LeftOut
from domain.payment_actions import PaymentAction, why_not
from models.connections import Role, connection_in_role
from models.organizations import organization_by_id
from models.payment_situations import PaymentStanding, standings_of
from models.payments import forget_own_payment, match_again, register_own_payments
from models.retries import chosen_payments
from tasks.context import Context, Step
from tasks.letting_go import let_go
from tasks.new_facts import hold_steps
from usecases.activity import note
from usecases.results import Rejected

log = structlog.get_logger()

PAYMENTS_PER_ACTION_MAX = 1_000
# Keeps a transaction short.
PAYMENTS_PER_TRANSACTION = 200
NOTE_CHARACTERS_MAX = 500
_NO_NOTE = "Say in a few words why, so that others understand it later."
_SWITCHED_OFF = (
    "External payments sync is switched off, so nothing can be removed from the other system. Switch it on first."
)
_KINDS = {
    PaymentAction.RETRY: ActivityKind.PAYMENT_RETRIED,
    PaymentAction.DISMISS: ActivityKind.PAYMENT_DISMISSED,
    PaymentAction.TAKE_BACK: ActivityKind.PAYMENT_TAKEN_BACK,
    PaymentAction.MARK_OWN: ActivityKind.PAYMENT_OWNED,
    PaymentAction.SYNC_AFTER_ALL: ActivityKind.PAYMENT_SYNCED_AFTER_ALL,
}


@dataclass(frozen=True, slots=True)
class Stake:
    """One payment in a preview or a report.

    Attributes:
        amount: what the action is about: for taking back what we wrote, for all others the payment's amount.
        why_not: why it cannot be done with this one; "" if it can.
    """

    external_id: str
    words: str
    amount: Decimal
    currency: str | None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Stakes:
    """What an action means, or has meant, for the chosen payments."""

    action: PaymentAction
    payments: tuple[Stake, ...]

    @property
    def possible(self) -> tuple[Stake, ...]:
        return tuple(one for one in self.payments if not one.why_not)

    @property
    def refused(self) -> tuple[Stake, ...]:
        return tuple(one for one in self.payments if one.why_not)

    @property
    def sums(self) -> tuple[tuple[Decimal, str | None], ...]:
        """The possible amounts added up, a sum for each currency."""
        sums: dict[str | None, Decimal] = defaultdict(Decimal)
        for one in self.possible:
            sums[one.currency] += one.amount
        return tuple((amount, currency) for currency, amount in sorted(sums.items(), key=lambda one: one[0] or ""))

    @property
    def refusals(self) -> tuple[tuple[str, int], ...]:
        """Why some cannot be done, each with how many."""
        return tuple(Counter(one.why_not for one in self.refused).most_common())


def preview_action(
    context: Context, organization_id: int, action: PaymentAction, external_ids: Collection[str]
) -> Stakes | Rejected:
    """What the action would mean for these payments; changes nothing."""
    with context.database.reading() as session:
        problem = _problem(session, organization_id, action, external_ids)
        if problem is not None:
            return Rejected(problem)
        chosen = chosen_payments(session, organization_id, external_ids)
        stakes = [_stake(action, one) for one in standings_of(session, chosen)]
    if not stakes:
        return Rejected("There are no such payments.")
    return Stakes(action, tuple(stakes))


def act_on_payments(
    context: Context, organization_id: int, action: PaymentAction, external_ids: Collection[str], why: str = ""
) -> Stakes | Rejected:
    """Does it with each payment for which it is possible now.

    Args:
        why: a person's words, which a dismissal needs.
    """
    why = " ".join(why.split())[:NOTE_CHARACTERS_MAX]
    if action is PaymentAction.DISMISS and not why:
        return Rejected(_NO_NOTE)
    with context.database.reading() as session:
        problem = _problem(session, organization_id, action, external_ids)
        source, target = (connection_in_role(session, organization_id, role) for role in (Role.SOURCE, Role.TARGET))
    if problem is not None:
        return Rejected(problem)
    done: list[Stake] = []
    for chunk in _chunks(sorted(set(external_ids))):
        with context.database.writing() as session:
            hold_steps(session, organization_id)
            for one in standings_of(session, chosen_payments(session, organization_id, chunk)):
                stake = _stake(action, one)
                if not stake.why_not:
                    _carry_out(context, session, organization_id, action, one, why)
                done.append(stake)
    if not done:
        return Rejected("There are no such payments.")
    stakes = Stakes(action, tuple(done))
    log.info("payments.acted_on", organization_id=organization_id, action=action.value, payments=len(stakes.possible))
    if source is not None and action is PaymentAction.RETRY:
        context.nudge(Step.INGEST, source.id)
    context.nudge(Step.MATCH, organization_id)
    if target is not None:
        context.nudge(Step.PUSH, target.id)
    return stakes


def _problem(session: Session, organization_id: int, action: PaymentAction, ids: Collection[str]) -> str | None:
    """Why it can be done with none of them."""
    if not ids:
        return "Choose at least one payment."
    if len(ids) > PAYMENTS_PER_ACTION_MAX:
        return f"Choose at most {PAYMENTS_PER_ACTION_MAX:,} payments at a time."
    if action is not PaymentAction.TAKE_BACK:
        return None
    preferences = organization_by_id(session, organization_id).preferences
    return None if preferences.may_sync else _SWITCHED_OFF


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), PAYMENTS_PER_TRANSACTION):
        yield ids[start : start + PAYMENTS_PER_TRANSACTION]


def _stake(action: PaymentAction, one: PaymentStanding) -> Stake:
    payment = one.payment
    taken = action is PaymentAction.TAKE_BACK
    amount = sum((entry.amount for entry in one.ours), Decimal(0)) if taken else payment.live_total
    refusal = why_not(action, one.situation) or ""
    return Stake(payment.external_id, payment.in_words, amount, payment.currency, refusal)


def _carry_out(
    context: Context, session: Session, organization_id: int, action: PaymentAction, one: PaymentStanding, why: str
) -> None:
    now, payment = context.clock.now(), one.payment
    match action:
        case PaymentAction.RETRY:
            let_go(session, organization_id, [payment], one.effects, (), now, context.actor)
        case PaymentAction.DISMISS:
            payment.leave_out(LeftOut.DISMISSED, why, context.actor, now)
        case PaymentAction.TAKE_BACK:
            payment.leave_out(LeftOut.TAKEN_BACK, why, context.actor, now)
        case PaymentAction.MARK_OWN:
            register_own_payments(session, payment.connection_id, [payment.external_id], now)
        case PaymentAction.SYNC_AFTER_ALL:
            payment.left_out, payment.left_out_version, payment.left_out_note = "", None, ""
            payment.left_out_by, payment.left_out_at = "", None
            forget_own_payment(session, payment.connection_id, payment.external_id)
            let_go(session, organization_id, [payment], one.effects, (), now, context.actor)
    match_again(session, [allocation.id for allocation in payment.allocations], now)
    about = f"{payment.in_words}{f': {why}' if why else ''}"
    note(context, session, organization_id, _KINDS[action], about=about, payment_id=payment.external_id)
