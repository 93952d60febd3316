"""How long does the list of invoices wait for its rows and counts, however many invoices there are?

One organization with 100,000 invoices on both databases, three in a hundred of them open: pages in every order, each
outcome, balances, searches, and counts. Each is asked several times; the median is shown. The promise is 150 ms each.
"""

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from sqlalchemy import String, case, cast, literal, update
from sqlalchemy.orm import Session

from benchmarks.bench import Bench, log_to, table
from benchmarks.counting import refresh_statistics
from benchmarks.history import add_history
from benchmarks.idle_sweep import add_owners
from benchmarks.measuring import duration, median_seconds
from domain.comparing.outcomes import InvoiceOrder, Outcome, Owed
from domain.preferences import InvoiceOrigin
from models.invoices import Invoice, SourceInvoiceRow
from models.views.invoice_list import InvoiceFilter, count_by_outcome, count_invoices, list_invoices
from settings import Settings
from workers.composition import build_context

SECONDS_WANTED = 0.15
TIMES = 5
CUSTOMERS = 5_000
# One invoice in so many is open.
OPEN_IN = 33

Question = Callable[[Session, int], object]


def _page(chosen: InvoiceFilter | None = None, order: InvoiceOrder = InvoiceOrder.NUMBER, offset: int = 0) -> Question:
    shown = chosen or InvoiceFilter()
    return lambda session, organization_id: list_invoices(session, organization_id, shown, order=order, offset=offset)


def _count(chosen: InvoiceFilter) -> Question:
    return lambda session, organization_id: count_invoices(session, organization_id, chosen)


def _questions(invoices: int) -> Mapping[str, Question]:
    nobody = InvoiceFilter(customer="zzzz", origin=InvoiceOrigin.MATCHED)
    return {
        "counts by outcome": count_by_outcome,
        **{f"first page by {order.value}": _page(order=order) for order in InvoiceOrder},
        "last page": _page(offset=invoices - 50),
        **{f"first page, {outcome.value}": _page(InvoiceFilter(outcome=outcome)) for outcome in Outcome},
        **{f"first page, balance {owed.value}": _page(InvoiceFilter(owed=owed)) for owed in Owed},
        "first page, balance deleted, by total": _page(InvoiceFilter(owed=Owed.DELETED), InvoiceOrder.TOTAL),
        **{f"count, balance {owed.value}": _count(InvoiceFilter(owed=owed)) for owed in Owed},
        "search: a number": _page(InvoiceFilter(search="PAST-477")),
        "search: nothing like it": _page(InvoiceFilter(search="zzzz")),
        "a customer": _page(InvoiceFilter(customer="Customer 4711")),
        "a customer, open, counted": _count(InvoiceFilter(customer="4711", owed=Owed.OPEN)),
        "nobody, by total": _page(nobody, InvoiceOrder.TOTAL),
        "nobody, counted": _count(nobody),
    }


def run(bench: Bench) -> None:
    invoices = 2_000 if bench.short else 100_000
    for kind in dict.fromkeys([bench.database, "sqlite"]):
        bench.say(f"invoices: writing {invoices:,} invoices of one organization on {kind}")
        with bench.database_url(kind) as url, tempfile.TemporaryDirectory() as folder, log_to(Path(folder) / "log"):
            context = build_context(
                Settings.model_validate({"database_url": url, "redis_url": "", "state_dir": folder}), None
            )
            (owner,) = add_owners(context, 2)
            add_history(context.database, [owner], invoices, (SourceInvoiceRow, Invoice))
            with context.database.writing() as session:
                _make_various(session)
            refresh_statistics(context.database)
            with context.database.reading() as session:
                seconds = {
                    name: median_seconds(partial(ask, session, owner.organization_id), TIMES)
                    for name, ask in _questions(invoices).items()
                }
            context.database.close()
        _print(bench, kind, invoices, seconds)


def _make_various(session: Session) -> None:
    """Many customers, some invoices that are open, and some with each outcome; most were never compared."""
    customer = literal("Customer ") + cast(Invoice.id % CUSTOMERS, String)
    outcome = case(
        (Invoice.id % 900 == 0, literal(Outcome.UNKNOWN.value)),
        (Invoice.id % 70 == 0, literal(Outcome.DIFFERS.value)),
        (Invoice.id % 5 == 0, literal(Outcome.AGREES.value)),
        else_=literal(""),
    )
    session.execute(update(Invoice).values(customer=customer, compared_as=outcome))
    of_some = SourceInvoiceRow.id % OPEN_IN == 0
    session.execute(update(SourceInvoiceRow).where(of_some).values(balance=SourceInvoiceRow.total))


def _print(bench: Bench, kind: str, invoices: int, seconds: Mapping[str, float]) -> None:
    shown = table(f"Invoices: one organization with {invoices:,} invoices ({kind})", "what is asked", "median")
    for name, one in seconds.items():
        shown.add_row(name, duration(one))
    bench.console.print(shown)
    slow = ", ".join(name for name, one in seconds.items() if one > SECONDS_WANTED)
    wanted = f"each of them within {duration(SECONDS_WANTED)} on {kind}"
    bench.promise(not slow, f"{wanted}; slower: {slow}" if slow else wanted)
