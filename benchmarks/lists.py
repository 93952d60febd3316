"""How long does a page wait for its numbers and rows, however many payments there are?

One organization with 1,000,000 payments of one year on both databases, 100,000 of them from one day of the last two
weeks: the overview and its numbers, first pages of lists, and searches. Each is asked several times; the median is
shown. The promise is 150 ms for each, except for two searches that no index answers at once: two characters that none
has, and what 11,000 payments have, but none of the latest.
"""

import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import String, cast, literal, update
from sqlalchemy.orm import Session

from benchmarks.bench import Bench, log_to, table
from benchmarks.counting import refresh_statistics
from benchmarks.history import add_history
from benchmarks.idle_sweep import add_owners
from benchmarks.measuring import duration, median_seconds
from domain.daily_numbers import DAYS_SHOWN, last_days
from domain.status import PaymentStatus
from models.connections import Connection, Role
from models.decisions import DecisionRow
from models.invoices import Invoice, SourceInvoiceRow
from models.ledger import LedgerEntry
from models.organizations import organization_by_id
from models.payment_counts import count_every_payment
from models.payments import Allocation, Payment
from models.views.days import outcomes_by_day, syncs_by_day
from models.views.oldest_payment import oldest_unsynced
from models.views.payment_filter import PaymentFilter
from models.views.payment_list import count_by_status, list_payments
from settings import Settings
from tasks.context import Context
from usecases.overview import Overview, overview_of
from workers.composition import build_context

SECONDS_WANTED = 0.15
TIMES = 5
CUSTOMERS = 5_000
IMPORTED_DAYS_AGO = 3
WHOLE = "the numbers of the overview together"

Question = Callable[[Session, int], object]

TABLES = (Payment, Allocation, SourceInvoiceRow, Invoice, DecisionRow, LedgerEntry)


def _with_status(status: PaymentStatus) -> Question:
    return lambda session, organization_id: list_payments(session, organization_id, PaymentFilter(status=status))


def _search(words: str, status: PaymentStatus | None = None) -> Question:
    return lambda session, organization_id: list_payments(
        session, organization_id, PaymentFilter(status=status, search=words)
    )


def _days() -> tuple[date, ...]:
    return last_days(datetime.now(UTC).date(), DAYS_SHOWN)


QUESTIONS: Mapping[str, Question] = {
    "counts by status": count_by_status,
    "outcomes of the last 14 days": lambda session, owner: outcomes_by_day(session, owner, _days()[0], _days()[-1]),
    "synced in the last 14 days": lambda session, owner: syncs_by_day(session, owner, _days()[0], _days()[-1]),
    "oldest payment that is not synced": oldest_unsynced,
    "first page": list_payments,
    "first page, needs attention": _with_status(PaymentStatus.NEEDS_ATTENTION),
    "first page, waiting": _with_status(PaymentStatus.WAITING),
    "first page, synced": _with_status(PaymentStatus.SYNCED),
    "search: a customer": _search("Customer 4711"),
    "search: an invoice number": _search("PAST-1234"),
    "search: an amount": _search("77.31"),
    "search: nothing like it": _search("zzzz"),
    "search: a customer, waiting": _search("Customer 4700", PaymentStatus.WAITING),
    "search: what all have": _search("customer"),
}
NOT_PROMISED: Mapping[str, Question] = {
    "search: what 11,000 old ones have (no promise)": _search("PAST-12"),
    "search: two characters that none has (no promise)": _search("zz"),
}


def run(bench: Bench) -> None:
    payments = 10_000 if bench.short else 1_000_000
    for kind in dict.fromkeys([bench.database, "sqlite"]):
        bench.say(f"lists: writing {payments:,} payments of one organization on {kind}")
        with bench.database_url(kind) as url, tempfile.TemporaryDirectory() as folder, log_to(Path(folder) / "log"):
            context = build_context(
                Settings.model_validate({"database_url": url, "redis_url": "", "state_dir": folder}), None
            )
            (owner,) = add_owners(context, 2)
            add_history(context.database, [owner], payments, TABLES, partial(_moment_of, payments))
            with context.database.writing() as session:
                _make_various(session)
            refresh_statistics(context.database)
            with context.database.reading() as session:
                whole: Question = partial(_overview, context)
                asked: Mapping[str, Question] = {**QUESTIONS, WHOLE: whole, **NOT_PROMISED}
                seconds = {
                    name: median_seconds(partial(ask, session, owner.organization_id), TIMES)
                    for name, ask in asked.items()
                }
            context.database.close()
        _print(bench, kind, payments, seconds)


def _moment_of(payments: int, place: int) -> datetime:
    """A year of payments in their order, up to now; an import put a tenth of them into one of the last days."""
    imported = range(payments * 89 // 100, payments * 99 // 100)
    if place in imported:
        return datetime.now(UTC) - timedelta(days=IMPORTED_DAYS_AGO)
    before = place if place < imported.start else place - len(imported)
    return datetime.now(UTC) - timedelta(days=365 - 365 * before // (payments - len(imported)))


def _overview(context: Context, session: Session, organization_id: int) -> Overview:
    return overview_of(context, session, organization_by_id(session, organization_id))


def _make_various(session: Session) -> None:
    """Many customers, and some payments in each status; the rest is synced. And connections to real vendors."""
    number = Payment.id % CUSTOMERS
    session.execute(update(Payment).values(customer_name=literal("Customer ") + cast(number, String)))
    one_in = {PaymentStatus.WAITING: 50, PaymentStatus.SKIPPED: 70, PaymentStatus.NEEDS_ATTENTION: 900}
    for status, share in one_in.items():
        session.execute(update(Payment).where(Payment.id % share == 0).values(status=status.value))
    count_every_payment(session)
    # The overview tells about the connections in the words of their vendors.
    for role, vendor in ((Role.SOURCE, "quickbooks"), (Role.TARGET, "connectwise")):
        session.execute(update(Connection).where(Connection.role == role.value).values(vendor=vendor))


def _print(bench: Bench, kind: str, payments: int, seconds: Mapping[str, float]) -> None:
    shown = table(f"Lists: one organization with {payments:,} payments ({kind})", "what is asked", "median")
    for name, one in seconds.items():
        shown.add_row(name, duration(one))
    bench.console.print(shown)
    slow = ", ".join(name for name, one in seconds.items() if name not in NOT_PROMISED and one > SECONDS_WANTED)
    wanted = f"each of them within {duration(SECONDS_WANTED)} on {kind}"
    bench.promise(not slow, f"{wanted}; slower: {slow}" if slow else wanted)
