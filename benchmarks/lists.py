"""How long does a page wait for its numbers and rows, however many payments there are?

One organization with 1,000,000 payments of one year on both databases, 100,000 of them from one day of the last two
weeks: the overview and its numbers, first pages of lists, and searches. Each is asked several times; the median is
shown. The promise is 150 ms for each, except for two searches that no index answers at once: two characters that none
has, and what 11,000 payments have, but none of the latest.
"""

import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import String, case, cast, literal, type_coerce, update
from sqlalchemy.orm import Session

from benchmarks.bench import Bench, log_to, table
from benchmarks.counting import refresh_statistics
from benchmarks.history import add_history
from benchmarks.idle_sweep import add_owners
from benchmarks.measuring import duration, median_seconds
from domain.daily_numbers import DAYS_SHOWN, last_days
from domain.payment_order import PaymentOrder
from domain.reasons import Reason
from domain.status import PaymentStatus
from models.base import ExactAmount
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
from models.views.payment_list import count_by_reason, count_by_status, list_payments
from settings import Settings
from tasks.context import Context
from usecases.overview import Overview, overview_of
from workers.composition import build_context

SECONDS_WANTED = 0.15
TIMES = 5
CUSTOMERS = 5_000
IMPORTED_DAYS_AGO = 3
# Every tenth payment is a flat fee, the same each time; of the other amounts there are a thousand.
FLAT_FEE = Decimal("250.00")
AMOUNTS = 1_000
# One in so many payments has another status than synced.
REASON_OF_MANY, REASON_OF_FEW = Reason.SWITCHED_OFF, Reason.TOTAL_DIFFERS
RARE = {
    900: (PaymentStatus.NEEDS_ATTENTION, REASON_OF_FEW),
    70: (PaymentStatus.SKIPPED, REASON_OF_MANY),
    50: (PaymentStatus.WAITING, Reason.PACED),
}
WHOLE = "the numbers of the overview together"

Question = Callable[[Session, int], object]

TABLES = (Payment, Allocation, SourceInvoiceRow, Invoice, DecisionRow, LedgerEntry)


def _with_status(status: PaymentStatus) -> Question:
    return lambda session, organization_id: list_payments(session, organization_id, PaymentFilter(status=status))


def _search(words: str, status: PaymentStatus | None = None) -> Question:
    return lambda session, organization_id: list_payments(
        session, organization_id, PaymentFilter(status=status, search=words)
    )


def _narrowed(order: PaymentOrder = PaymentOrder.NEWEST, **wanted: Any) -> Question:
    """The first page of what a filter lets through, and the counts per reason beside it."""

    def ask(session: Session, organization_id: int) -> None:
        list_payments(session, organization_id, PaymentFilter(**wanted), order=order)
        count_by_reason(session, organization_id)

    return ask


def _days_ago(days: int) -> date:
    return datetime.now(UTC).date() - timedelta(days=days)


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
    "oldest first": _narrowed(PaymentOrder.OLDEST),
    "largest first": _narrowed(PaymentOrder.LARGEST),
    "a reason that few have": _narrowed(reason=REASON_OF_FEW),
    "a reason and a status": _narrowed(status=PaymentStatus.SKIPPED, reason=REASON_OF_MANY),
    "a month": _narrowed(since=_days_ago(200), until=_days_ago(170)),
    "a month, largest first": _narrowed(PaymentOrder.LARGEST, since=_days_ago(200), until=_days_ago(170)),
    "an amount that 100,000 have": _narrowed(amount=FLAT_FEE),
    "an amount that 900 have": _narrowed(amount=Decimal("100.17")),
    "an amount that none has": _narrowed(amount=Decimal("77.32")),
    "a customer, largest first": _narrowed(PaymentOrder.LARGEST, customer="Customer 4711"),
    "an invoice number": _narrowed(invoice="PAST-1234"),
    "a customer, a status, a month": _narrowed(
        customer="Customer 47", status=PaymentStatus.SKIPPED, since=_days_ago(200), until=_days_ago(170)
    ),
    "an amount of a day": _narrowed(amount=FLAT_FEE, since=_days_ago(300), until=_days_ago(300)),
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
    # 100.00 and more in cents; amounts are stored as whole numbers of 1/100,000.
    amount = type_coerce((number % AMOUNTS + 10_000) * 1_000, ExactAmount)
    is_one_in = [(Payment.id % share == 0, status, reason) for share, (status, reason) in RARE.items()]
    # In one statement: each would leave a million dead rows behind.
    session.execute(
        update(Payment).values(
            customer_name=literal("Customer ") + cast(number, String),
            live_total=case((Payment.id % 10 == 0, literal(FLAT_FEE, ExactAmount)), else_=amount),
            status=case(*[(is_one, status.value) for is_one, status, _ in is_one_in], else_=Payment.status),
            reason=case(*[(is_one, reason.value) for is_one, _, reason in is_one_in], else_=Payment.reason),
        )
    )
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
