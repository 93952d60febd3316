"""Taking back what was written in a span of time: what may be removed, and why the rest stays. Pure.

Only what is provably ours and unchanged is removed. Each part of a payment that was entered in the span is judged, and
whatever is not certain stays as it is, with a sentence that says what a person can do about it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.later_looks import Finding
from domain.leaving_out import LeftOut
from domain.payment_actions import Situation


class Stays(StrEnum):
    """Why a part stays as it is, in the order in which it is asked."""

    REMOVED_BY_HAND = "removed_by_hand"
    REMOVED = "removed"
    IN_DOUBT = "in_doubt"
    TAKEN_BACK = "taken_back"
    TYPED = "typed"
    CHANGED = "changed"
    GONE = "gone"
    DOUBLED = "doubled"
    REFUSED = "refused"
    PARTLY_OUTSIDE = "partly_outside"
    # Only between the preview and the removal.
    DIFFERS = "differs"


SENTENCES: Mapping[Stays, str] = {
    Stays.REMOVED_BY_HAND: "A person removed it from {target} already, or called it another payment's money.",
    Stays.REMOVED: "We removed it from {target} already.",
    Stays.IN_DOUBT: (
        "It is being sent, or was sent and we do not know what became of it. Wait for the check, then take it back."
    ),
    Stays.TAKEN_BACK: "It was taken back before; see on its page how far that is.",
    Stays.TYPED: "A person entered it in {target}, and we only linked it. Remove it there if it is to go.",
    Stays.CHANGED: "It was changed in {target} after we entered it. Compare it, and remove it there if it is to go.",
    Stays.GONE: "It, or its invoice, was no longer there when we last looked in {target}.",
    Stays.DOUBLED: "Another payment like it is on the invoice in {target}. Decide on its page which of them is to go.",
    Stays.REFUSED: (
        "A correction of it is held: {target} refused it, or a person has to look first. Its page says what to do; "
        "take it back there afterwards."
    ),
    Stays.PARTLY_OUTSIDE: (
        "Another part of the payment was entered outside of this span. Choose a longer span, or take the payment back "
        "on its page."
    ),
    Stays.DIFFERS: "It has changed since the preview. Preview the span again.",
}


@dataclass(frozen=True, slots=True)
class Written:
    """What the ledger says about one part of a payment.

    Attributes:
        in_span: it was entered in the span that is taken back.
        is_there: it stands for the part now; False once it was removed.
        is_held: its newest correction is held or given up.
    """

    amount: Decimal
    in_span: bool
    is_there: bool
    ours: bool
    removed_by_hand: bool = False
    harmed: bool = False
    finding: Finding | None = None
    is_held: bool = False


def what_stays(at: Situation, parts: Sequence[Written | None]) -> list[Stays | None]:
    """Of each part of one payment why it stays; None where it is to be removed.

    Args:
        parts: None where nothing is in the ledger, although something may have been sent.
    """
    is_partly_outside = any(one is not None and one.is_there and one.ours and not one.in_span for one in parts)
    found = [_why(at, one) for one in parts]
    return [Stays.PARTLY_OUTSIDE if why is None and is_partly_outside else why for why in found]


def _why(at: Situation, part: Written | None) -> Stays | None:
    if part is None:
        return Stays.IN_DOUBT
    if not part.is_there:
        return Stays.REMOVED_BY_HAND if part.removed_by_hand else Stays.REMOVED
    if at.is_on_its_way:
        return Stays.IN_DOUBT
    if at.left_out is LeftOut.TAKEN_BACK:
        return Stays.TAKEN_BACK
    if not part.ours:
        return Stays.TYPED
    return _of_ours(part)


def _of_ours(part: Written) -> Stays | None:
    match part.finding:
        case Finding.GONE | Finding.INVOICE_GONE:
            return Stays.GONE
        case Finding.DOUBLED:
            return Stays.DOUBLED
        case Finding.CHANGED:
            return Stays.CHANGED
        case None:
            pass
    if part.harmed:
        return Stays.CHANGED
    return Stays.REFUSED if part.is_held else None
