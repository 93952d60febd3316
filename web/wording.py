"""The words around values on a page: durations, ages, sums, and what a payment and its parts are called."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from domain.daily_numbers import LONGER
from domain.match.decisions import Verdict
from domain.notices.trying import Reply
from domain.pauses import PAUSES_TO_ACT_ON
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState
from domain.words import Words
from models.notices import NoticeTry
from models.views.payment_rows import AllocationRow, PaymentRow
from web.labels import FIELD_LABELS, KIND_LABELS, PAYMENT_STATE_LABELS
from web.writing import Writing

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def told_of_try(tried: NoticeTry) -> str:
    """What came of a try to deliver a notice, in a few words."""
    return Reply(tried.status, tried.detail).told


def duration(seconds: float | None) -> str:
    """How long something took, in the two units that matter."""
    if seconds is None:
        return ""
    if seconds < _MINUTE:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def within(seconds: int | None) -> str:
    """The end of a class of durations, which is a whole number of the largest unit that fits."""
    if seconds is None:
        return "none"
    if seconds == LONGER:
        return "longer than 30 d"
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def age(days: int, writing: Writing) -> str:
    """How old something is that was dated so many days ago; people date payments in the future as well."""
    if days < 0:
        return "Dated ahead"
    return {0: "Today", 1: "1 day"}.get(days, f"{writing.number(days)} days")


def money_sums(sums: Sequence[tuple[str | None, Decimal]], writing: Writing) -> str:
    """Sums in several currencies, which are never added to each other."""
    return ", ".join(writing.money(amount, currency) for currency, amount in sums)


def ago(value: datetime, now: datetime) -> str:
    if value > now:
        return f"in {duration((value - now).total_seconds())}"
    return f"{duration((now - value).total_seconds())} ago"


def pause_sentence(name: str, reason: Reason | None, words: Words) -> str:
    """Why calls to this system are paused. The reasons' own sentences speak of the target."""
    if reason is Reason.TARGET_THROTTLED:
        return f"{name} asked us to slow down."
    if reason is Reason.KEYS_DOUBTED:
        return f"{name} refused our keys a moment ago; that is often only temporary, so we try again."
    if reason is Reason.PACED:
        return f"We stay below the number of calls that {name} allows."
    if reason in PAUSES_TO_ACT_ON:
        return words.sentence(reason)
    return f"{name} could not be reached; we try again automatically."


def part_label(part: AllocationRow) -> str:
    """The label of a payment's part: the invoice's number, or the kind of any other document."""
    if part.kind is not AllocationKind.INVOICE:
        return KIND_LABELS[part.kind]
    return part.invoice_number or f"QuickBooks id {part.document_id}"


def state_mark(row: PaymentRow) -> str:
    """The mark behind the amount of a voided or deleted payment; empty for all others."""
    return "" if row.state is PaymentState.LIVE else PAYMENT_STATE_LABELS[row.state].lower()


def invoice_labels(row: PaymentRow) -> list[str]:
    return [part_label(part) for part in row.counting if part.kind is not AllocationKind.NOTHING]


def synced_seconds(row: PaymentRow) -> float | None:
    """How long the slowest of the delivered parts took."""
    there = [part.synced_seconds for part in row.counting if part.reason in {Reason.SYNCED, Reason.ADOPTED}]
    return max((seconds for seconds in there if seconds is not None), default=None)


def verdict_rows(verdicts: Sequence[Verdict], writing: Writing) -> list[tuple[str, str, str, bool]]:
    """Label, value in the source, value in the target, identical. Amounts get the currency of their own system."""
    currency = next((one for one in verdicts if one.field == "currency"), None)
    rows = []
    for verdict in verdicts:
        source, target = verdict.source, verdict.target
        if currency is not None and verdict.field in {"total", "balance"}:
            source = _with_currency(source, currency.source, writing)
            target = _with_currency(target, currency.target, writing)
        label = FIELD_LABELS.get(verdict.field, verdict.field)
        rows.append((label, source or "empty", target or "empty", verdict.identical))
    return rows


def _with_currency(text: str, currency: str, writing: Writing) -> str:
    """Puts the currency behind the amount, which is the first word; a balance has its description after it."""
    amount, _, rest = text.partition(" ")
    return f"{writing.money(Decimal(amount), currency or None)} {rest}".rstrip()
