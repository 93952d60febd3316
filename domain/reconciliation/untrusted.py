"""Why what was read of a system cannot be trusted: that side is not comparable. It never means "agrees" or zero."""

from dataclasses import dataclass
from enum import StrEnum


class WhyUntrusted(StrEnum):
    # The report says that it does not show everything, and asking for parts of it did not help.
    TRUNCATED = "truncated"
    # The single amounts are not the total that the system itself gives.
    DOES_NOT_ADD_UP = "does_not_add_up"
    # A part of the report ends without its sum, or the report without its total: a sign of a cut answer.
    SECTION_WITHOUT_SUMMARY = "section_without_summary"
    COLUMN_UNKNOWN = "column_unknown"
    COLUMN_MISSING = "column_missing"
    # An amount or a row that cannot be read exactly.
    ROW_UNREADABLE = "row_unreadable"
    COUNT_CHANGED = "count_changed"
    # The count did not change, and it is not the number of records that came.
    COUNT_DIFFERS = "count_differs"
    # A call failed, the first one or a later one.
    PAGE_FAILED = "page_failed"
    FILTER_IGNORED = "filter_ignored"
    # The reading would have taken more calls than it may.
    TOO_MANY_CALLS = "too_many_calls"
    # The system shows only a part to this connection.
    PERMISSION = "permission"
    # No reading of this kind is possible with this vendor, or the system is not connected.
    NOT_READABLE = "not_readable"


@dataclass(frozen=True, slots=True)
class Untrusted:
    """The reason why one side is not comparable.

    Attributes:
        detail: the system's own words, or the figures that do not fit; "" if there is nothing to add.
    """

    why: WhyUntrusted
    detail: str = ""


@dataclass(frozen=True, slots=True)
class UntrustedTold:
    """What has happened, and what to do about it."""

    sentence: str
    advice: str


_AGAIN = "Start it again, or wait for the next reconciliation. If this repeats, tell the operator."

_TOLD: dict[WhyUntrusted, UntrustedTold] = {
    WhyUntrusted.TRUNCATED: UntrustedTold(
        "{system} cut its report short because it is too long, and its parts are too long as well.",
        "Nothing was compared with half a report. Raise the number of reads that one reconciliation may take.",
    ),
    WhyUntrusted.DOES_NOT_ADD_UP: UntrustedTold(
        "The single amounts that {system} shows do not add up to the total that it gives.", _AGAIN
    ),
    WhyUntrusted.SECTION_WITHOUT_SUMMARY: UntrustedTold(
        "A part of {system}’s report ends without its total, so something may be missing from it.", _AGAIN
    ),
    WhyUntrusted.COLUMN_UNKNOWN: UntrustedTold(
        "{system}’s report has a column that we do not know, so we do not guess what its amounts mean.",
        "Tell the operator: the report has changed its form.",
    ),
    WhyUntrusted.COLUMN_MISSING: UntrustedTold(
        "{system}’s report lacks a column that the comparison needs.",
        "Tell the operator: the report has changed its form.",
    ),
    WhyUntrusted.ROW_UNREADABLE: UntrustedTold(
        "{system} shows an entry whose amount or kind cannot be read exactly.", "Tell the operator, with the detail."
    ),
    WhyUntrusted.COUNT_CHANGED: UntrustedTold(
        "Invoices changed in {system} while they were being read.",
        "Start it again when fewer people work there, or wait for the next reconciliation.",
    ),
    WhyUntrusted.COUNT_DIFFERS: UntrustedTold("{system} counts another number of invoices than it shows.", _AGAIN),
    WhyUntrusted.PAGE_FAILED: UntrustedTold(
        "{system} did not answer every question, so not everything was read.",
        "Test the connection, and start it again, or wait for the next reconciliation.",
    ),
    WhyUntrusted.FILTER_IGNORED: UntrustedTold(
        "{system} answered a question about a part with something that is not in that part.", _AGAIN
    ),
    WhyUntrusted.TOO_MANY_CALLS: UntrustedTold(
        "Reading everything in {system} would take more calls than one reconciliation may make.",
        "Raise the number of reads that one reconciliation may take.",
    ),
    WhyUntrusted.PERMISSION: UntrustedTold(
        "{system} shows this connection only a part of the invoices.",
        "Give the connection’s user the right to see all invoices, of every location and department.",
    ),
    WhyUntrusted.NOT_READABLE: UntrustedTold(
        "{system} cannot be read as a whole by this connection.", "Connect the system, or ask the operator."
    ),
}


def untrusted_told(untrusted: Untrusted, system: str) -> UntrustedTold:
    """The sentence and the advice for a bookkeeper.

    Args:
        system: the name of the system, as an organization's words have it.
    """
    told = _TOLD[untrusted.why]
    sentence = told.sentence.format(system=system)
    return UntrustedTold(f"{sentence} ({untrusted.detail})" if untrusted.detail else sentence, told.advice)
