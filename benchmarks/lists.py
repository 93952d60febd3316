"""How long does a page wait for its numbers and rows, however many payments there are?

One organization with 1,000,000 payments on both databases: the counts by status of the overview, first pages of lists,
and searches. Each is asked several times; the median is shown. The promise is 150 ms for each, except for two searches
that no index answers at once: two characters that none has, and what 11,000 payments have, but none of the latest.
"""

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from sqlalchemy import String, cast, literal, update
from sqlalchemy.orm import Session

from benchmarks.bench import Bench, log_to, table
from benchmarks.counting import refresh_statistics
from benchmarks.history import add_history
from benchmarks.idle_sweep import add_owners
from benchmarks.measuring import duration, median_seconds
from domain.status import PaymentStatus
from models.decisions import DecisionRow
from models.invoices import Invoice, SourceInvoiceRow
from models.payment_counts import count_every_payment
from models.payments import Allocation, Payment
from models.views.payment_filter import PaymentFilter
from models.views.payment_list import count_by_status, list_payments
from settings import Settings
from workers.composition import build_context

SECONDS_WANTED = 0.15
TIMES = 5
CUSTOMERS = 5_000

Question = Callable[[Session, int], object]

TABLES = (Payment, Allocation, SourceInvoiceRow, Invoice, DecisionRow)


def _with_status(status: PaymentStatus) -> Question:
    return lambda session, organization_id: list_payments(session, organization_id, PaymentFilter(status=status))


def _search(words: str, status: PaymentStatus | None = None) -> Question:
    return lambda session, organization_id: list_payments(
        session, organization_id, PaymentFilter(status=status, search=words)
    )


QUESTIONS: Mapping[str, Question] = {
    "counts by status": count_by_status,
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
            add_history(context.database, [owner], payments, TABLES)
            with context.database.writing() as session:
                _make_various(session)
            refresh_statistics(context.database)
            with context.database.reading() as session:
                seconds = {
                    name: median_seconds(partial(ask, session, owner.organization_id), TIMES)
                    for name, ask in {**QUESTIONS, **NOT_PROMISED}.items()
                }
            context.database.close()
        _print(bench, kind, payments, seconds)


def _make_various(session: Session) -> None:
    """Many customers, and some payments in each status; the rest is synced."""
    number = Payment.id % CUSTOMERS
    session.execute(update(Payment).values(customer_name=literal("Customer ") + cast(number, String)))
    one_in = {PaymentStatus.WAITING: 50, PaymentStatus.SKIPPED: 70, PaymentStatus.NEEDS_ATTENTION: 900}
    for status, share in one_in.items():
        session.execute(update(Payment).where(Payment.id % share == 0).values(status=status.value))
    count_every_payment(session)


def _print(bench: Bench, kind: str, payments: int, seconds: Mapping[str, float]) -> None:
    shown = table(f"Lists: one organization with {payments:,} payments ({kind})", "what is asked", "median")
    for name, one in seconds.items():
        shown.add_row(name, duration(one))
    bench.console.print(shown)
    slow = ", ".join(name for name, one in seconds.items() if name in QUESTIONS and one > SECONDS_WANTED)
    wanted = f"each of them within {duration(SECONDS_WANTED)} on {kind}"
    bench.promise(not slow, f"{wanted}; slower: {slow}" if slow else wanted)
