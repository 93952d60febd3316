"""What a comparison of both systems says as a whole, in one sentence for a bookkeeper and an auditor."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.money import money_text
from domain.reconciliation.breaks import FOR_INFORMATION, BreakKind
from domain.reconciliation.roll_forward import Standing
from domain.reconciliation.untrusted import Untrusted, UntrustedTold, untrusted_told
from domain.words import Words

_NOTHING = Decimal(0)


class RunOutcome(StrEnum):
    """What a finished run says; "" while it is under way."""

    # Not a cent is apart.
    AGREES = "agrees"
    # Every cent that is apart is explained by a decision of ours, or accepted by a person.
    EXPLAINED = "explained"
    DIFFERS = "differs"
    # One side could not be read as a whole. Never agreement.
    NOT_COMPARABLE = "not_comparable"


OUTCOME_LABELS = {
    RunOutcome.AGREES: "Agrees to the cent",
    RunOutcome.EXPLAINED: "Agrees, the rest is explained",
    RunOutcome.DIFFERS: "Differs",
    RunOutcome.NOT_COMPARABLE: "Not comparable",
}


@dataclass(frozen=True, slots=True)
class BreakSum:
    """How many breaks of one kind stand like this, and by how much they make the source's balances the higher ones."""

    kind: BreakKind
    standing: Standing
    currency: str | None
    breaks: int
    share: Decimal


@dataclass(frozen=True, slots=True)
class SideUntrusted:
    """What could not be trusted; `side`: "source", "target", or "both" where either may be meant."""

    side: str
    untrusted: Untrusted


@dataclass(frozen=True, slots=True)
class Unidentified:
    """What no payment, credit, deposit or decision explains.

    Attributes:
        amounts: by currency, by how much the source's balances are the higher ones; empty if there is none.
        is_known: every invoice that is apart was read in depth.
    """

    breaks: int
    amounts: tuple[tuple[str | None, Decimal], ...]
    is_known: bool

    @property
    def is_nothing(self) -> bool:
        return self.is_known and not self.breaks

    @property
    def told(self) -> str:
        if not self.is_known:
            return "not known"
        return amounts_told(self.amounts) or "0.00"


def amounts_told(amounts: Iterable[tuple[str | None, Decimal]]) -> str:
    """Sums in several currencies, which are never added to each other."""
    return ", ".join(money_text(amount, currency) for currency, amount in amounts)


def unidentified(outcome: RunOutcome, sums: Iterable[BreakSum], left_over: int) -> Unidentified:
    """The difference that nobody can name yet; it must be nothing."""
    found = [one for one in sums if one.kind is BreakKind.UNIDENTIFIED and one.standing is Standing.OPEN]
    is_known = outcome is not RunOutcome.NOT_COMPARABLE and not left_over
    return Unidentified(sum(one.breaks for one in found), _by_currency(found), is_known)


def verdict_told(
    outcome: RunOutcome,
    sums: Iterable[BreakSum],
    left_over: int,
    untrusted: Sequence[SideUntrusted],
    words: Words,
) -> str:
    """The verdict of a finished run.

    Args:
        sums: what was there when the run ended.
        left_over: how many invoices that are apart were not read in depth.
        untrusted: why it was not comparable; empty if it was.
    """
    there = [one for one in sums if one.kind not in FOR_INFORMATION]
    open_ = [one for one in there if one.standing is Standing.OPEN]
    settled = sum(one.breaks for one in there if one.standing is not Standing.OPEN)
    match outcome:
        case RunOutcome.NOT_COMPARABLE:
            reasons = " ".join(f"{told.sentence} {told.advice}" for told in _why(untrusted, words))
            return f"The two systems could not be compared, so nothing is said about whether they agree. {reasons}"
        case RunOutcome.AGREES:
            return "Everything that is open agrees to the cent."
        case RunOutcome.EXPLAINED:
            differ = _differences(settled)
            return f"Everything that is open agrees to the cent, except {differ} that {_is_are(settled)} explained."
        case RunOutcome.DIFFERS:
            return " ".join(_of_differences(open_, settled, left_over, words))


def _of_differences(open_: Sequence[BreakSum], settled: int, left_over: int, words: Words) -> Iterable[str]:
    breaks = sum(one.breaks for one in open_)
    if breaks:
        yield (
            f"Everything that is open agrees to the cent, except {_differences(breaks)} without an explanation"
            f"{_apart(_by_currency(open_), words)}."
        )
    if left_over:
        yield (
            f"{left_over:,} invoice{'' if left_over == 1 else 's'} whose sums differ could not be read in depth yet; "
            "the next comparison goes on with them."
        )
    if settled:
        yield f"{_differences(settled).capitalize()} more {_is_are(settled)} explained."


def _apart(amounts: Sequence[tuple[str | None, Decimal]], words: Words) -> str:
    told = [
        f"{money_text(abs(amount), currency)} {'higher' if amount > 0 else 'lower'}"
        for currency, amount in amounts
        if amount
    ]
    return f": in all, {words.source} is {' and '.join(told)} than {words.target}" if told else ""


def _why(untrusted: Sequence[SideUntrusted], words: Words) -> Iterable[UntrustedTold]:
    names = {"source": words.source, "target": words.target}
    for one in untrusted:
        yield untrusted_told(one.untrusted, names.get(one.side, "One of the two systems"))


def _by_currency(sums: Iterable[BreakSum]) -> tuple[tuple[str | None, Decimal], ...]:
    by_currency: dict[str | None, Decimal] = defaultdict(lambda: _NOTHING)
    for one in sums:
        by_currency[one.currency] += one.share
    return tuple(sorted(by_currency.items(), key=lambda one: one[0] or ""))


def _differences(count: int) -> str:
    return f"{count:,} difference{'' if count == 1 else 's'}"


def _is_are(count: int) -> str:
    return "is" if count == 1 else "are"
