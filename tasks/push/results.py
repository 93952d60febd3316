"""Answers from the wire about one effect, before they are recorded."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.base import Failure, WriteOutcome
from domain.push.outcomes import Verdict
from domain.push.strategy import Change
from domain.records import TargetPayment
from tasks.push.facts import Claimed


@dataclass(frozen=True, slots=True)
class Looked:
    """The payments on the effect's invoice; None if the target does not show the invoice.

    Attributes:
        is_listed: False where the invoice's sums said that there is none, and no call was made.
    """

    claimed: Claimed
    payments: Sequence[TargetPayment] | None
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class Unseen:
    """The look failed.

    Attributes:
        alone: only its own invoice could not be looked at; otherwise none of the batch could be read.
    """

    claimed: Claimed
    failure: Failure
    alone: bool = False


@dataclass(frozen=True, slots=True)
class LookRefused:
    """The target refuses to answer about this invoice only, in these words."""

    claimed: Claimed
    detail: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict about the effect after the look, with the payments that the look showed."""

    claimed: Claimed
    verdict: Verdict
    payments: Sequence[TargetPayment] | None


@dataclass(frozen=True, slots=True)
class Intended:
    """A send that is on disk, with its attempt number.

    Attributes:
        may_harm: it adds a payment to an invoice that has payments, which some targets replace.
    """

    claimed: Claimed
    attempt: int
    change: Change
    may_harm: bool = False


@dataclass(frozen=True, slots=True)
class NotBegun:
    """Intended and certainly not sent: the batch had to end first."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """The outcome of a send."""

    intended: Intended
    outcome: WriteOutcome | NotBegun

    @property
    def claimed(self) -> Claimed:
        return self.intended.claimed


@dataclass(frozen=True, slots=True)
class ReadBack:
    """The look after we added a payment to an invoice that had payments.

    Attributes:
        harmed: ids of the payments that vanished or changed meanwhile.
    """

    effect_id: int
    harmed: tuple[str, ...] = ()


Result = Judged | Unseen | LookRefused | Answered | ReadBack
