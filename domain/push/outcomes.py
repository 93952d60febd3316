"""What becomes of an effect after a look at its invoice: the verdicts, a closed union. `verdict.py` makes them."""

from dataclasses import dataclass

from domain.push.strategy import Change
from domain.reasons import Reason
from domain.records import TargetPayment


@dataclass(frozen=True, slots=True)
class Send:
    """Nothing on the invoice speaks against the change: intend it, then send it once."""

    change: Change


@dataclass(frozen=True, slots=True)
class Done:
    """The invoice already shows what the effect wants.

    Attributes:
        ours: False for a payment that a person typed, which we never change or remove.
        replaced: ids of older payments that vanished when ours came.
    """

    payment_id: str
    ours: bool = True
    replaced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A person called this payment the same money, and it is still as they saw it: link it and send nothing."""

    payment: TargetPayment


@dataclass(frozen=True, slots=True)
class Held:
    """It waits for a person, or for its cause to go away.

    Attributes:
        beside: the payments that cause the hold. A person may call one of them the same money, and those that only look
            alike other money.
    """

    reason: Reason
    detail: str = ""
    beside: tuple[TargetPayment, ...] = ()


@dataclass(frozen=True, slots=True)
class Gone:
    """The payment that we wanted to change is no longer on the invoice."""

    payment_id: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """The target put our payment in place of these; we write nothing more to it until a person has looked."""

    payment_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecideAgain:
    """The doubt has ended without a payment; before any other send, match decides again what is owed now."""


@dataclass(frozen=True, slots=True)
class StayInDoubt:
    """There was nothing to look at, so the money may still be there: look again later."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Sent as often as is sensible, and certainly not there: from now on we try rarely."""


End = Done | Link | Held | Gone | Replaced | DecideAgain | StayInDoubt | GiveUp
Verdict = Send | End
