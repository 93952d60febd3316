"""What we hold of payments against what the books say: state and every part, with its kind, amount and reason."""

from collections.abc import Collection
from decimal import Decimal

from models.payments import Payment, payments_by_external_id
from sandbox.quickbooks.truth import LineTruth, PaymentTruth
from tests.world import World

Parts = dict[tuple[str, str], tuple[Decimal, str | None]]
KINDS = {"Invoice": "invoice", "CreditMemo": "credit_memo", "JournalEntry": "journal_entry", "Expense": "refund"}
NOT_MONEY = {"credit_memo", "refund"}


def disagreements(world: World, payment_ids: Collection[str]) -> list[str]:
    """None if everything agrees to the cent; a deleted payment has no parts left in the books to compare with."""
    books = {one.id: one for one in world.quickbooks.payments() if one.id in set(payment_ids)}
    with world.context.database.reading() as session:
        held = {
            one: (row.state, _held_parts(row))
            for one, row in payments_by_external_id(session, world.source_id, payment_ids).items()
        }
    wrong = [
        f"payment {one}: {_in_the_books(truth)} in the books, {held.get(one)} here"
        for one, truth in books.items()
        if held.get(one) != _in_the_books(truth)
    ]
    gone = [one for one in payment_ids if one not in books and one in held and held[one][0] != "deleted"]
    return wrong + [f"payment {one}: deleted in the books, {held[one][0]} here" for one in gone]


def _held_parts(row: Payment) -> Parts:
    return {
        (one.kind, one.document_id): (one.amount, one.problem)
        for one in row.allocations
        if not one.removed and one.kind != "nothing"
    }


def _in_the_books(truth: PaymentTruth) -> tuple[str, Parts]:
    lines = [line for line in truth.lines if line.amount]
    uses_credit = any(_kind(line) in NOT_MONEY for line in lines)
    problem = ("credit_applied" if truth.total == 0 else "mixed_with_credit") if uses_credit else None
    parts: Parts = {}
    for line in lines:
        key = (_kind(line), line.linked[0][1])
        amount = parts.get(key, (Decimal(0), None))[0] + line.amount
        parts[key] = (amount, problem if key[0] == "invoice" else None)
    if truth.unapplied > 0:
        parts["unapplied", ""] = (truth.unapplied, None)
    return ("voided" if truth.voided else "live"), parts


def _kind(line: LineTruth) -> str:
    [(kind, _)] = line.linked
    return KINDS[kind]
