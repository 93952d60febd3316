"""Whether anything is missing in a stretch of time: said only as far as it was seen, with what to do otherwise."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.gap_statement.counts import Agreed, Count, Counted, Differs, NotCounted, Undecided
from domain.words import Words


class WhyUnclear(StrEnum):
    """Why nobody can tell, the most pressing first."""

    STILL_OPEN = "still_open"
    RECONCILIATION_DIFFERS = "reconciliation_differs"
    NOT_CONNECTED = "not_connected"
    COUNT_UNDER_WAY = "count_under_way"
    NEVER_COUNTED = "never_counted"
    DOES_NOT_HOLD_STILL = "does_not_hold_still"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the last comparison of both systems after the stretch says.

    Attributes:
        open_breaks: its differences without an explanation that are dated in the stretch.
        is_comparable: both sides could be read as a whole.
    """

    run_id: int
    ended_at: datetime
    open_breaks: int
    is_comparable: bool


@dataclass(frozen=True, slots=True)
class GapFacts:
    """What is known of a stretch of time.

    Attributes:
        counted: what the counts say.
        is_counting: a count is due or under way.
        is_connected: the source can be asked.
        reconciled: the comparison that covers it; None if there was none since.
    """

    is_open: bool
    counted: Counted
    is_counting: bool
    is_connected: bool
    reconciled: Reconciled | None = None


# --- what can be said ---


@dataclass(frozen=True, slots=True)
class NothingMissing:
    """Both counts are the same, and no comparison contradicts."""

    count: Count


@dataclass(frozen=True, slots=True)
class UnknownToUs:
    """The source has payments there that we do not know."""

    payments: int
    count: Count


@dataclass(frozen=True, slots=True)
class GoneAtSource:
    """We hold payments as existing that the source does not count."""

    payments: int
    count: Count


@dataclass(frozen=True, slots=True)
class Unclear:
    why: WhyUnclear


Conclusion = NothingMissing | UnknownToUs | GoneAtSource | Unclear


class Verdict(StrEnum):
    """A conclusion in one word, for lists and programs."""

    NOTHING_MISSING = "nothing_missing"
    UNKNOWN_TO_US = "unknown_to_us"
    GONE_AT_SOURCE = "gone_at_source"
    UNCLEAR = "unclear"


VERDICT_LABELS = {
    Verdict.NOTHING_MISSING: "Nothing is missing",
    Verdict.UNKNOWN_TO_US: "Payments are missing",
    Verdict.GONE_AT_SOURCE: "Counts differ",
    Verdict.UNCLEAR: "Cannot be told yet",
}


def conclude(facts: GapFacts) -> Conclusion:
    """What can be said about the stretch. Agreement needs every count, and every comparison that covers it."""
    if facts.is_open:
        return Unclear(WhyUnclear.STILL_OPEN)
    if facts.is_counting:
        return Unclear(WhyUnclear.COUNT_UNDER_WAY if facts.is_connected else WhyUnclear.NOT_CONNECTED)
    match facts.counted:
        case Agreed(count):
            contradicted = facts.reconciled is not None and facts.reconciled.open_breaks > 0
            return Unclear(WhyUnclear.RECONCILIATION_DIFFERS) if contradicted else NothingMissing(count)
        case Differs(count):
            return _difference(count)
        case Undecided():
            return Unclear(WhyUnclear.DOES_NOT_HOLD_STILL)
        case NotCounted():
            return Unclear(WhyUnclear.NEVER_COUNTED)


def _difference(count: Count) -> Conclusion:
    more = count.more_at_source
    # A payment whose newest picture shows too little may have moved into the stretch, or out, without our knowing.
    if abs(more) <= count.incomplete:
        return Unclear(WhyUnclear.INCOMPLETE)
    return UnknownToUs(more, count) if more > 0 else GoneAtSource(-more, count)


def verdict_of(conclusion: Conclusion) -> Verdict:
    match conclusion:
        case NothingMissing():
            return Verdict.NOTHING_MISSING
        case UnknownToUs():
            return Verdict.UNKNOWN_TO_US
        case GoneAtSource():
            return Verdict.GONE_AT_SOURCE
        case Unclear():
            return Verdict.UNCLEAR


@dataclass(frozen=True, slots=True)
class ConclusionTold:
    """The sentence for a bookkeeper, and what to do; "" where there is nothing to do."""

    sentence: str
    advice: str


def conclusion_told(
    conclusion: Conclusion, from_at: datetime, until_at: datetime | None, reconciled: Reconciled | None, words: Words
) -> ConclusionTold:
    """The conclusion about the stretch between these moments."""
    match conclusion:
        case NothingMissing(count):
            between = f"between {_moment(from_at)} and {_moment(until_at)}"
            sentence = f"Nothing is missing {between}: {_both(count, words)}.{_and_compared(reconciled)}"
            return ConclusionTold(sentence, "")
        case UnknownToUs(payments, count):
            told = f"{_are(payments)} in {words.source} that we do not know: {_both(count, words)}, twice in a row."
            day = f"{from_at:%Y-%m-%d}"
            return ConclusionTold(told, _ADVICE_UNKNOWN.format(source=words.source, day=day))
        case GoneAtSource(payments, count):
            told = f"{_are(payments)} here that {words.source} does not count: {_both(count, words)}, twice in a row."
            return ConclusionTold(told, _ADVICE_GONE.format(source=words.source, day=f"{from_at:%Y-%m-%d}"))
        case Unclear(why):
            sentence, advice = _UNCLEAR[why]
            breaks = reconciled.open_breaks if reconciled is not None else 0
            named = {"source": words.source, "breaks": f"{breaks:,} difference{'' if breaks == 1 else 's'}"}
            return ConclusionTold(
                f"Whether anything is missing cannot be told: {sentence.format(**named)}", advice.format(**named)
            )


_ADVICE_UNKNOWN = (
    "We have asked {source} for them, and it showed none that we could read. Whoever runs this platform can look "
    "through everything since then (catch-up run ORG --from {day}); then have the stretch counted again."
)
_ADVICE_GONE = (
    "{source} did not say that they were deleted, so they stay. Whoever runs this platform can look "
    "through everything since then (catch-up run ORG --from {day}); then have the stretch counted again."
)
_UNCLEAR: dict[WhyUnclear, tuple[str, str]] = {
    WhyUnclear.STILL_OPEN: (
        "the stretch is not over, or is still being looked through.",
        "Nothing has to be done; we count when it is.",
    ),
    WhyUnclear.RECONCILIATION_DIFFERS: (
        "both counts are the same, but a later comparison of both systems has {breaks} there without an explanation.",
        "See the reconciliation, and settle what it shows.",
    ),
    WhyUnclear.NOT_CONNECTED: (
        "{source} is not connected, so it cannot be asked.",
        "Connect it again; the count follows automatically.",
    ),
    WhyUnclear.COUNT_UNDER_WAY: (
        "the payments of both sides are being counted.",
        "Nothing has to be done; look again in a few minutes.",
    ),
    WhyUnclear.NEVER_COUNTED: (
        "the payments of the stretch were never counted.",
        "Have it counted now. It takes one metered read.",
    ),
    WhyUnclear.DOES_NOT_HOLD_STILL: (
        "its payments were changed each time while we counted.",
        "Have it counted again when fewer payments are being entered in {source}.",
    ),
    WhyUnclear.INCOMPLETE: (
        "both counts differ, and some payments came in a form that shows too little to say when they were changed.",
        "They are read again automatically. Have the stretch counted again once no payment waits for a whole picture.",
    ),
}


def _are(payments: int) -> str:
    return "1 payment is" if payments == 1 else f"{payments:,} payments are"


def _both(count: Count, words: Words) -> str:
    held = count.held_before if count.held_after is None else count.held_after
    payments = "1 payment" if count.source == 1 else f"{count.source:,} payments"
    return f"{words.source} counted {payments} at {_moment(count.counted_at)}, and we hold {held:,}"


def _and_compared(reconciled: Reconciled | None) -> str:
    if reconciled is None:
        return ""
    if not reconciled.is_comparable:
        return f" The comparison of both systems of {_moment(reconciled.ended_at)} could not tell."
    return f" The comparison of both systems of {_moment(reconciled.ended_at)} has nothing against it."


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment is not None else "now"
