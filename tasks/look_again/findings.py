"""Records in the ledger the state that a look shows of payments that stand for something; match decides."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from domain.ingest.seen_payments import stored
from domain.later_looks import Finding, Found
from models.ledger import LedgerEntry
from models.ledger_writing import note_findings
from models.payments import match_again
from models.standing import Standing


def note_what_was_found(session: Session, standing: Standing, founds: Mapping[str, Found], now: datetime) -> bool:
    """Records news, with the organization locked by the caller. True if something must be decided again."""
    by_payment: dict[str, list[LedgerEntry]] = {}
    for entry in standing.entries:
        by_payment.setdefault(entry.target_payment_id, []).append(entry)
    again: list[int] = []
    for payment_id, found in founds.items():
        payments = stored(found.payments)
        news = [one for one in by_payment[payment_id] if _is_news(one, found.finding, payments)]
        if news:
            note_findings(session, [one.id for one in news], found.finding, payments, now)
            again += [one.allocation_id for one in news]
    if again:
        match_again(session, again, now)
    return bool(again)


def _is_news(entry: LedgerEntry, finding: Finding | None, payments: list[list[str | None]]) -> bool:
    return (entry.what_was_found, entry.found or []) != (finding, payments)
