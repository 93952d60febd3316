"""What a decision means for the outbox, given the effect already in it. Pure, so every case is one test row."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.explanations import explain
from domain.match.decisions import Acknowledge, Adjust, Decision, Hold, Keep, Push, Reverse, Skip
from domain.push.effect import OPEN_ON_THE_WIRE, REPLACEABLE, Doubt, EffectKind, EffectState
from domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class Payload:
    """What has to be true at the target."""

    kind: EffectKind
    target_invoice_id: str
    target_payment_id: str | None
    amount: Decimal
    currency: str
    paid_on: date | None


@dataclass(frozen=True, slots=True)
class CurrentEffect:
    """The newest effect of the allocation; `reason` is why it is held, if it is."""

    state: EffectState
    payload: Payload
    reason: Reason | None
    doubt: Doubt = Doubt.NONE


@dataclass(frozen=True, slots=True)
class Wait:
    """Something is on the wire; decide again when its outcome is known."""


@dataclass(frozen=True, slots=True)
class Leave:
    """The outbox is right as it is.

    Attributes:
        silent: the effect's own hold says more than the new decision, which is therefore not recorded.
    """

    silent: bool = False


@dataclass(frozen=True, slots=True)
class Revive:
    """Release the held effect; one that may have been sent is in doubt again, and we look for it first.

    Its hold stays the current decision until push finds out otherwise.
    """


@dataclass(frozen=True, slots=True)
class Cancel:
    """The effect was certainly not carried out and is no longer wanted."""


@dataclass(frozen=True, slots=True)
class Enqueue:
    """A new effect, in place of the current one if that was certainly not carried out."""

    payload: Payload
    cancel_current: bool


Plan = Wait | Leave | Revive | Cancel | Enqueue


def plan(decision: Decision, current: CurrentEffect | None) -> Plan:
    """What to do with the outbox so that it matches the decision."""
    if current is not None and current.state in OPEN_ON_THE_WIRE:
        return Wait()
    if isinstance(decision, Hold) and explain(decision.reason).cannot_tell:
        # An effect that only waits to be sent has no better reason to show; one with a hold of its own does.
        if current is None or (current.state is EffectState.PENDING and current.reason is None):
            return Leave()
        return Leave(silent=current.state in REPLACEABLE)
    replaceable = current is not None and current.state in REPLACEABLE
    if current is not None and current.doubt is not Doubt.NONE and replaceable:
        # Money of ours may be on the invoice, and a new effect would not know of it. Whatever is owed by now, only
        # another look at the invoice can tell; if a look cannot help, a person has to.
        return Revive() if _looks_again(current) else Leave(silent=True)
    wanted = payload_of(decision)
    if wanted is None:
        return Cancel() if replaceable else Leave()
    if current is None or not replaceable:
        return Enqueue(wanted, cancel_current=False)
    if current.payload != wanted:
        return Enqueue(wanted, cancel_current=True)
    return _same_again(current)


def _looks_again(current: CurrentEffect) -> bool:
    is_held = current.state is EffectState.HELD
    return is_held and current.reason is not None and explain(current.reason).clears_itself


def _same_again(current: CurrentEffect) -> Plan:
    if current.state is EffectState.PENDING:
        return Leave(silent=current.reason is not None)
    waits_for_a_person = current.reason is not None and not explain(current.reason).clears_itself
    return Leave(silent=True) if waits_for_a_person else Revive()


def payload_of(decision: Decision) -> Payload | None:
    """What the decision owes the target; None if nothing is owed."""
    match decision:
        case Push(invoice, amount, currency, paid_on):
            return Payload(EffectKind.CREATE, invoice, None, amount, currency, paid_on)
        case Adjust(invoice, payment, amount, currency, paid_on):
            return Payload(EffectKind.ADJUST, invoice, payment, amount, currency, paid_on)
        case Reverse(invoice, payment):
            return Payload(EffectKind.REVERSE, invoice, payment, Decimal(0), "", None)
        case Keep() | Acknowledge() | Skip() | Hold():
            return None
