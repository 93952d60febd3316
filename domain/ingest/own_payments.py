"""Did the platform make this payment itself? Its id decides; until it is known, a marker if everything else agrees.

The platform announces a payment before it posts it. A webhook may bring the payment before the platform has reported
its id (or the platform dies in between); the marker covers that time. A marker alone proves nothing: people copy notes.
Once the id is known, it outranks the note, which people edit.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.money import is_storable
from domain.records import AllocationKind, PaymentState, SourcePayment
from domain.typed_values import Problem, read_id

# Shorter markers would turn up in ordinary notes.
MARKER_CHARACTERS_MIN = 8
MARKER_CHARACTERS_MAX = 100
# The width of the column; ids seen so far have a few digits.
DOCUMENT_ID_CHARACTERS_MAX = 50
# Callers cut PaymentRefNum to this many characters; its real limit is not published.
REFERENCE_CHARACTERS = 21
_MARKER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*[A-Za-z0-9]")
# A marker is never found inside a longer one: "PAY-12" does not match "PAY-123".
_INSIDE = r"[A-Za-z0-9._:-]"


@dataclass(frozen=True, slots=True, order=True)
class IntentPart:
    """The amount that goes to one invoice; `document_id` is the source's id."""

    document_id: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment that the platform is about to make.

    Attributes:
        total: the amount received; more than the sum of its parts if a rest stays on account.
        parts: in the order of their invoices' ids.
    """

    marker: str
    total: Decimal
    paid_on: date
    parts: tuple[IntentPart, ...]


def intent_of(marker: str, total: Decimal, paid_on: date, parts: Iterable[tuple[str, Decimal]]) -> Intent:
    return Intent(marker, total, paid_on, tuple(sorted(IntentPart(*part) for part in parts)))


def problem_with(intent: Intent) -> str | None:
    """Why the intent cannot be announced, as a sentence; None if it can."""
    problem = problem_with_marker(intent.marker)
    if problem is not None:
        return problem
    for amount in (intent.total, *(part.amount for part in intent.parts)):
        if amount <= 0 or not is_storable(amount):
            return f"{amount} is not an amount that can be paid"
    ids = [part.document_id for part in intent.parts]
    if not all(0 < len(one) <= DOCUMENT_ID_CHARACTERS_MAX for one in ids):
        return "the id of an invoice is missing or too long"
    for one in ids:
        found = read_id(one, "id of an invoice")
        if isinstance(found, Problem):
            return found.sentence
        if found != one:
            return f"'{one}' begins with a zero; ids of invoices do not"
    if len(set(ids)) < len(ids):
        return "an invoice is named twice"
    if sum(part.amount for part in intent.parts) > intent.total:
        return "the amounts for the invoices are more than the whole payment"
    return None


def problem_with_marker(marker: str) -> str | None:
    """What is wrong with the marker, as a sentence; None if it is good."""
    if not MARKER_CHARACTERS_MIN <= len(marker) <= MARKER_CHARACTERS_MAX:
        return f"a marker has {MARKER_CHARACTERS_MIN} to {MARKER_CHARACTERS_MAX} characters"
    if not _MARKER.fullmatch(marker):
        return "a marker has letters, digits and . _ : - only, and begins and ends with a letter or digit"
    return None


def may_carry_a_marker(payment: SourcePayment) -> bool:
    """Whether there is any room for a marker on it; most payments have no note and a short reference at most."""
    return max(len(payment.note), len(payment.reference.strip())) >= MARKER_CHARACTERS_MIN


def find_intent(payment: SourcePayment, intents: Iterable[Intent]) -> Intent | None:
    """The intent that this payment carries out; None if none or more than one fits."""
    fitting = [intent for intent in intents if _carries(payment, intent.marker) and _agrees(payment, intent)]
    return fitting[0] if len(fitting) == 1 else None


def _carries(payment: SourcePayment, marker: str) -> bool:
    whole = re.search(rf"(?<!{_INSIDE}){re.escape(marker)}(?!{_INSIDE}*[A-Za-z0-9])", payment.note)
    return whole is not None or payment.reference.strip() in (marker, marker[:REFERENCE_CHARACTERS])


def _agrees(payment: SourcePayment, intent: Intent) -> bool:
    if payment.state is not PaymentState.LIVE:
        return False
    if payment.total != intent.total or payment.paid_on != intent.paid_on:
        return False
    if any(one.kind is not AllocationKind.INVOICE or one.problem is not None for one in payment.allocations):
        return False
    applied: dict[str, Decimal] = {}
    for one in payment.allocations:
        applied[one.document_id] = applied.get(one.document_id, Decimal(0)) + one.amount
    return applied == {part.document_id: part.amount for part in intent.parts}
