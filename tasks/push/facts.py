"""The facts that the verdict depends on, gathered for all effects of a batch in a handful of statements."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from domain.push.before_image import seen_in
from domain.push.effect import Doubt, EffectKind, EffectState
from domain.push.glance import Glance, glance_in
from domain.push.strategy import Wanted
from domain.push.verdict import InvoiceSeen, Owed
from domain.records import TargetInvoice, TargetPayment
from models.claims import Claims, parts_with_claims
from models.effects import Effect
from models.payments import Allocation

Payments = Sequence[TargetPayment]


@dataclass(frozen=True, slots=True)
class Claimed:
    """An effect whose turn has come, as it was when this lane claimed it.

    Attributes:
        fencing: the lease under which it was sent before, if it was.
    """

    effect_id: int
    allocation_id: int
    invoice_id: str
    state: EffectState
    doubt: Doubt
    fencing: int

    @property
    def is_certainly_not_sent(self) -> bool:
        """Nothing of it can be at the target: there is no doubt, and no hold about what the target may have done."""
        return self.state is EffectState.PENDING and self.doubt is Doubt.NONE


def as_claimed(effect: Effect) -> Claimed:
    return Claimed(
        effect_id=effect.id,
        allocation_id=effect.allocation_id,
        invoice_id=effect.target_invoice_id,
        state=EffectState(effect.state),
        doubt=Doubt(effect.doubt),
        fencing=effect.fencing,
    )


def glance_of_its_invoice(effect: Effect) -> Glance | None:
    """What match saw of the effect's invoice, if nothing was ever applied to it."""
    glance = glance_in(effect.glance)
    return glance if glance is not None and glance.invoice.external_id == effect.target_invoice_id else None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything we know of one effect besides the look at its invoice."""

    owed: Owed
    claims: Claims = field(default_factory=Claims)
    # Payments that a person has called other money.
    other_money: frozenset[str] = frozenset()

    def seen(self, invoice: TargetInvoice, payments: Payments) -> InvoiceSeen:
        """The look at the invoice, with everything we know of its payments."""
        claims = self.claims
        return InvoiceSeen(
            invoice=invoice,
            payments=payments,
            entries=claims.entries,
            claimed=claims.claimed,
            outlived=claims.outlived,
            other_money=self.other_money,
            found_by_look=claims.found_by_look,
        )


def gather(session: Session, connection_id: int, effects: Collection[Effect]) -> Mapping[int, Facts]:
    """The facts by effect, as of now; the looks at the invoices must be older than these facts."""
    allocations, claims = parts_with_claims(session, connection_id, {effect.id for effect in effects})
    return {
        effect.id: facts_of(effect, allocations[effect.allocation_id], claims.get(effect.target_invoice_id, Claims()))
        for effect in effects
    }


def facts_of(effect: Effect, allocation: Allocation, claims: Claims) -> Facts:
    wanted = Wanted(
        kind=EffectKind(effect.kind),
        allocation_id=effect.allocation_id,
        amount=effect.amount,
        paid_on=effect.paid_on,
        payment_id=effect.target_payment_id,
    )
    owed = Owed(
        wanted=wanted,
        currency=effect.currency,
        state=EffectState(effect.state),
        attempts=effect.attempts,
        doubt=Doubt(effect.doubt),
        sent_into=effect.sent_into,
        image=seen_in(effect.before_image),
        changed_since=allocation.match_due_at is not None or is_outdated(effect, allocation),
        same_money_id=allocation.same_money_id,
        is_taken_back=allocation.is_taken_back,
    )
    # Only those that a person has seen and called other money. We ask about one that was typed since.
    other_money = frozenset(allocation.similar_payment_ids or ()) if allocation.ignore_twins else frozenset()
    return Facts(owed, claims, other_money)


def is_outdated(effect: Effect, allocation: Allocation) -> bool:
    """Whether the payment has changed since the effect was made from it."""
    if effect.kind == EffectKind.REVERSE:
        return allocation.is_wanted
    now = (allocation.amount, allocation.payment.paid_on)
    return not allocation.is_wanted or now != (effect.amount, effect.paid_on)
