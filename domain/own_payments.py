"""Is this payment one that the platform made itself? By its id, else by a marker that everything else agrees with.

The platform says what it is about to post before it posts it. A webhook may bring the payment before the platform has
said its id (or the platform dies in between); the marker covers that time. A marker alone proves nothing: people copy
notes. Once the id is known, it outranks the note, which people edit.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.records import AllocationKind, PaymentState, SourcePayment

# Shorter ones would be found in ordinary notes.
MARKER_CHARACTERS_MIN = 8
MARKER_CHARACTERS_MAX = 100
# Callers cut PaymentRefNum to so many characters; what it really takes is not published.
REFERENCE_CHARACTERS = 21
_MARKER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*[A-Za-z0-9]")
# What may stand inside a marker cannot end one: "PAY-12" is not found in "PAY-123".
_INSIDE = r"[A-Za-z0-9._:-]"


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment that the platform is about to make."""

    marker: str
    amount: Decimal
    paid_on: date
    document_id: str


def problem_with_marker(marker: str) -> str | None:
    """What is wrong with it, as a sentence."""
    if not MARKER_CHARACTERS_MIN <= len(marker) <= MARKER_CHARACTERS_MAX:
        return f"a marker has {MARKER_CHARACTERS_MIN} to {MARKER_CHARACTERS_MAX} characters"
    if not _MARKER.fullmatch(marker):
        return "a marker has letters, digits and . _ : - only, and begins and ends with a letter or digit"
    return None


def find_intent(payment: SourcePayment, intents: Iterable[Intent]) -> Intent | None:
    """The intent that this payment is; None when none or more than one fits."""
    fitting = [intent for intent in intents if _carries(payment, intent.marker) and _agrees(payment, intent)]
    return fitting[0] if len(fitting) == 1 else None


def _carries(payment: SourcePayment, marker: str) -> bool:
    whole = re.search(rf"(?<!{_INSIDE}){re.escape(marker)}(?!{_INSIDE}*[A-Za-z0-9])", payment.note)
    return whole is not None or payment.reference.strip() in (marker, marker[:REFERENCE_CHARACTERS])


def _agrees(payment: SourcePayment, intent: Intent) -> bool:
    if payment.state is not PaymentState.LIVE:
        return False
    if payment.total != intent.amount or payment.paid_on != intent.paid_on:
        return False
    applied = {(one.kind, one.document_id, one.amount) for one in payment.allocations if one.problem is None}
    return len(payment.allocations) == 1 and applied == {(AllocationKind.INVOICE, intent.document_id, intent.amount)}
