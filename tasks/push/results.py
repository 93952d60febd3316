"""Answers from the wire about one effect, before they are recorded."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.base import Changed, Created, Failure, Removed, WriteOutcome
from domain.push.outcomes import Verdict
from domain.push.strategy import Change
from domain.records import TargetInvoice, TargetPayment
from tasks.push.facts import Claimed


@dataclass(frozen=True, slots=True)
class Looked:
    """The payments on the effect's invoice; None if the target does not show the invoice."""

    claimed: Claimed
    payments: Sequence[TargetPayment] | None


@dataclass(frozen=True, slots=True)
class Untouched:
    """By its sums nothing was ever applied to the effect's invoice; its payments were not listed."""

    claimed: Claimed
    invoice: TargetInvoice


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
    """The verdict about the effect after the look, with the payments that the look showed.

    Attributes:
        by_the_sums: nothing was listed, because the invoice's sums said that there is nothing.
    """

    claimed: Claimed
    verdict: Verdict
    payments: Sequence[TargetPayment] | None
    by_the_sums: bool = False


@dataclass(frozen=True, slots=True)
class Intended:
    """A send that is on disk, with its attempt number.

    Attributes:
        may_harm: it adds a payment to an invoice that has payments, which some targets replace.
        by_the_sums: the invoice's payments were not listed, so it must go out while the sums are good.
    """

    claimed: Claimed
    attempt: int
    change: Change
    may_harm: bool = False
    by_the_sums: bool = False


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

    @property
    def is_carried_out(self) -> bool:
        """Whether the target has done what was asked of it."""
        return isinstance(self.outcome, Created | Changed | Removed)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """The look after we added a payment to an invoice that had payments.

    Attributes:
        harmed: ids of the payments that vanished or changed meanwhile.
    """

    effect_id: int
    harmed: tuple[str, ...] = ()


Result = Judged | Untouched | Unseen | LookRefused | Answered | ReadBack


def effect_id(result: Result) -> int:
    return result.effect_id if isinstance(result, ReadBack) else result.claimed.effect_id
