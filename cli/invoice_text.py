"""Invoices as text and as JSON: rows of the list, and one invoice in both systems."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cli.output import moment_text, say
from domain.comparing.outcomes import Owed
from domain.comparing.words import CREDIT_NAMES, LINE_NAMES, headline, row_told
from domain.money import money_text, plain_amount
from domain.words import Words
from workers.terminal import Column

if TYPE_CHECKING:
    from domain.comparing.parts import SourcePart
    from domain.comparing.rows import Row
    from domain.records import TargetPayment
    from models.views.invoice_list import InvoiceRow
    from models.views.invoice_story import InvoiceStory, Reading

CELLS = [
    Column("number"),
    Column("origin"),
    Column("QuickBooks id"),
    Column("ConnectWise id"),
    Column("total", right=True),
    Column("balance", right=True),
    Column("currency"),
    Column("both systems"),
    Column("difference", right=True),
    Column("customer", wraps=True),
]


def cells_of(row: InvoiceRow) -> tuple[object, ...]:
    currency = row.currency or None
    return (
        row.number,
        row.origin,
        row.source_id,
        row.target_id,
        plain_amount(row.total, currency),
        _balance(row),
        row.currency,
        row.outcome.replace("_", " "),
        plain_amount(row.difference, currency) if row.difference else "",
        row.customer,
    )


def _balance(row: InvoiceRow) -> str:
    return row.owed.value if row.balance is None else plain_amount(row.balance, row.currency or None)


def invoice_as_json(row: InvoiceRow) -> dict[str, Any]:
    currency = row.currency or None
    return {
        "id": row.id,
        "number": row.number,
        "origin": row.origin,
        "quickbooks_id": row.source_id,
        "connectwise_id": row.target_id,
        "total": plain_amount(row.total, currency),
        "currency": row.currency,
        "customer": row.customer,
        "owed": row.owed,
        "balance": None if row.balance is None else plain_amount(row.balance, currency),
        "outcome": row.outcome,
        "difference": None if row.difference is None else plain_amount(row.difference, currency),
        "compared_at": row.compared_at,
        "updated_at": row.updated_at,
    }


def print_invoice(story: InvoiceStory, words: Words) -> None:
    """Prints the outcome, the sums, and then each payment."""
    row, reading = story.row, story.reading
    say(f"Invoice {row.number}: {money_text(row.total, row.currency or None)}, {row.customer or 'no customer'}")
    if reading is None:
        say("  Both systems have not been read for this invoice yet; add --live")
        say(f"  balance in {words.source}: {_balance_text(row)}")
    else:
        _print_reading(reading, story.currency, words)
    for one in story.rows:
        say()
        _print_row(one, story.currency, words, compares=reading is not None)
    if not story.rows:
        say()
        say("No payment is known on this invoice.")


def _balance_text(row: InvoiceRow) -> str:
    if row.owed is Owed.UNKNOWN:
        return "not reported yet"
    return row.owed.value if row.balance is None else money_text(row.balance, row.currency or None)


def _print_reading(reading: Reading, currency: str | None, words: Words) -> None:
    told = headline(reading.comparison, reading.sides, words)
    say(f"  {told.sentence}")
    if told.advice:
        say(f"  {told.advice}")
    say(f"  {words.source} asked {moment_text(reading.sides.source_read_at)}")
    say(f"  {words.target} asked {moment_text(reading.sides.target_read_at)}")
    if reading.is_old:
        say("  We have heard of a change since then; add --live")
    say()
    for verdict in reading.comparison.identity:
        word = "same" if verdict.identical else "DIFFERS"
        say(f"  {verdict.field:<38} {word:<8} {verdict.source or '-'}   {verdict.target or '-'}")
    for line in reading.comparison.lines:
        word = "-" if line.difference is None else "DIFFERS" if line.difference else "same"
        source, target = _side(line.source, currency), _side(line.target, currency)
        say(f"  {LINE_NAMES[line.kind]:<38} {word:<8} {words.source}: {source}   {words.target}: {target}")


def _side(amount: Decimal | None, currency: str | None) -> str:
    return "not read" if amount is None else money_text(amount, currency)


def _print_row(row: Row, currency: str | None, words: Words, *, compares: bool) -> None:
    told = row_told(row, words)
    if compares:
        say(f"{row.kind.replace('_', ' ')}: {told.sentence} {told.advice}".rstrip())
    for part in row.parts:
        say(f"  {words.source}: {_part(part, currency)}")
    if not row.parts:
        ids = ", ".join(one.payment_id for one in row.known) or row.unread_id
        say(f"  {words.source}: {f'payment {ids}, not on the invoice' if ids else 'nothing'}")
    say(f"  {words.target}: {_target(row, currency)}")
    for one in row.known:
        if not compares:
            say(f"  {one.status.replace('_', ' ')}: {words.sentence(one.reason) if one.reason else 'Not decided yet.'}")


def _part(part: SourcePart, currency: str | None) -> str:
    texts = [f"payment {part.payment_id}", money_text(part.amount, currency), str(part.paid_on or "no date")]
    if part.is_split and part.payment_total is not None:
        texts.append(f"part of {money_text(part.payment_total, currency)}")
    if part.reference:
        texts.append(f"reference {part.reference}")
    texts += [
        f"from {CREDIT_NAMES[one.kind]} {one.document_id}: {money_text(one.amount, currency)}" for one in part.credits
    ]
    if part.entered_at is not None:
        texts.append(f"entered {moment_text(part.entered_at)}")
    if part.last_changed_by:
        texts.append(f"last changed by user {part.last_changed_by}")
    if part.is_stored:
        texts.append("as last reported")
    return ", ".join(texts)


def _target(row: Row, currency: str | None) -> str:
    claims = [one.claim for one in row.known if one.claim is not None]
    whose = f" ({'created by us' if claims[0].ours else 'linked by us'})" if claims else ""
    if row.target is not None:
        return f"{_entered(row.target, currency)}{whose}"
    if row.missing_id:
        return f"payment {row.missing_id} is not there any more"
    if row.kind == "not_compared" and claims:
        claim = claims[0]
        return f"payment {claim.target_payment_id}, {money_text(claim.amount, currency)}, {claim.paid_on}{whose}"
    return "not read" if row.kind == "not_compared" else "nothing"


def _entered(payment: TargetPayment, currency: str | None) -> str:
    what = "credit" if payment.credit else "payment"
    who = f", entered by {payment.entered_by}" if payment.entered_by else ""
    amount = money_text(payment.amount, currency)
    return f"{what} {payment.external_id}, {amount}, {payment.paid_on or 'no date'}{who}"
