"""How many calls and how much time does the Sync Tool take for an invoice, and how long does its list take?

Real processes copy 1,000 invoices of one organization, with no latency outside. The promises: at most 4 calls to each
of the two systems and 0.1 metered reads for an invoice. The list has 50,000 invoices, on both databases: a web process
answers with its page within 200 ms.
"""

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import requests

from benchmarks.bench import Bench, table
from benchmarks.books import add_tenant, wait_for_first_catch_up
from benchmarks.counting import refresh_statistics
from benchmarks.measuring import duration
from domain.copying.billed import BilledInvoice, Debtor, InvoiceKind, LineKind
from domain.copying.states import CopyAction, CopyState
from models.billed_invoices import store_listed
from models.copy_runs import run_by_id
from models.organizations import Organization
from models.views.copies import CopyFilter, counts_of_copies, ids_of_copies
from sandbox.demo.tenants import Tenant
from sandbox.stack import Stack
from tasks.context import Context
from usecases.copy_choices import accept_proposals, change_terms
from usecases.copying import RunStarted, refresh_list, start_run
from usecases.logins import create_login_link
from usecases.results import Rejected
from usecases.users import create_user

CALLS_WANTED, READS_WANTED, SECONDS_WANTED = 4, 0.1, 0.2
PATIENCE = timedelta(minutes=10)
TIMES = 5
UNLIMITED = {"CONNECTWISE_CALLS_PER_MINUTE": "1000000"}
BY = "benchmark"
BOOKKEEPER = "bookkeeper@msp.example"
PAGES = {"the first page": {}, "searched by customer and number": {"customer": "Customer 471", "search": "CW-12"}}


@dataclass(frozen=True)
class Measured:
    invoices: int
    seconds: float
    connectwise_calls: float
    quickbooks_calls: float
    reads: float


def run(bench: Bench) -> None:
    _print_run(bench, _measure_run(bench, 100 if bench.short else 1_000))
    listed = 2_000 if bench.short else 50_000
    for kind in dict.fromkeys([bench.database, "sqlite"]):
        bench.say(f"copies: writing a list of {listed:,} invoices on {kind}")
        _print_list(bench, kind, listed, _measure_list(bench, kind, listed))


# --- a run ---


def _measure_run(bench: Bench, invoices: int) -> Measured:
    bench.say(f"copies: {invoices:,} invoices of one organization")
    with bench.stack(UNLIMITED) as stack:
        context = stack.context()
        tenant = add_tenant(stack, context, 1)
        _choose(stack, context, tenant)
        _bill(stack, tenant, invoices)
        stack.processes.start_all()
        stack.wait_until_ready()
        wait_for_first_catch_up(context, tenant)
        refresh_list(context, tenant.organization_id)
        _wait_for(lambda: _counted(context, tenant, CopyState.AVAILABLE) == invoices)
        # A first run looks up the customer; it has one invoice and is not confirmed.
        _wait_for_run(context, tenant, _start(context, tenant, _ids(context, tenant)[:1], sure=False), "checked")
        accept_proposals(context, tenant.organization_id, BY)
        with stack.connectwise(tenant.company_id) as connectwise, stack.quickbooks() as quickbooks:
            connectwise.reset_calls()
            quickbooks.reset_calls()
            quickbooks.reset_metered_reads()
            started = time.monotonic()
            _wait_for_run(context, tenant, _start(context, tenant, _ids(context, tenant), sure=True), "done")
            seconds = time.monotonic() - started
            calls = int(connectwise.calls()["total"]), int(quickbooks.calls()["total"])
            reads = sum(quickbooks.metered_reads().values())
        assert _counted(context, tenant, CopyState.COPIED) == invoices
        context.database.close()
    return Measured(invoices, seconds, calls[0] / invoices, calls[1] / invoices, reads / invoices)


def _choose(stack: Stack, context: Context, tenant: Tenant) -> None:
    with context.database.writing() as session:
        session.get_one(Organization, tenant.organization_id).sync_tool_enabled = True
    with stack.quickbooks() as quickbooks:
        items = {kind.value: quickbooks.add_item(kind.title(), realm_id=tenant.realm_id) for kind in LineKind}
    chosen = change_terms(context, tenant.organization_id, {"items": items})
    assert not isinstance(chosen, Rejected), chosen


def _bill(stack: Stack, tenant: Tenant, invoices: int) -> None:
    def bill(numbers: Sequence[int]) -> None:
        with stack.connectwise(tenant.company_id) as connectwise:
            for number in numbers:
                connectwise.add_invoice(f"CW-{number}", "118.25", company_name=tenant.customer)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(bill, (range(start, invoices, 4) for start in range(4))))


def _start(context: Context, tenant: Tenant, ids: Sequence[int], *, sure: bool) -> int:
    started = start_run(context, tenant.organization_id, CopyAction.COPY, ids, BY, confirmed_beforehand=sure)
    assert isinstance(started, RunStarted), started
    return started.run_id


def _wait_for_run(context: Context, tenant: Tenant, run_id: int, state: str) -> None:
    def is_so() -> bool:
        with context.database.reading() as session:
            found = run_by_id(session, tenant.organization_id, run_id)
            return found is not None and found.state == state

    _wait_for(is_so)


def _wait_for(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE.total_seconds()
    while not is_so():
        if time.monotonic() > ends:
            raise TimeoutError("the Sync Tool did not come to an end")
        time.sleep(0.1)


def _ids(context: Context, tenant: Tenant) -> Sequence[int]:
    with context.database.reading() as session:
        return ids_of_copies(session, tenant.organization_id, CopyFilter(), limit=100_000)


def _counted(context: Context, tenant: Tenant, state: CopyState) -> int:
    with context.database.reading() as session:
        return counts_of_copies(session, tenant.organization_id)[state]


def _print_run(bench: Bench, measured: Measured) -> None:
    shown = table(
        f"Sync Tool: {measured.invoices:,} invoices of one organization ({bench.database})",
        "",
        "together",
        "for each",
    )
    shown.add_row("time", duration(measured.seconds), duration(measured.seconds / measured.invoices))
    for name, each in (
        ("ConnectWise calls", measured.connectwise_calls),
        ("QuickBooks calls", measured.quickbooks_calls),
        ("of them metered reads", measured.reads),
    ):
        shown.add_row(name, f"{each * measured.invoices:,.0f}", f"{each:.3f}")
    bench.console.print(shown)
    most = max(measured.connectwise_calls, measured.quickbooks_calls)
    bench.promise(most <= CALLS_WANTED, f"at most {CALLS_WANTED} calls to each system for an invoice")
    bench.promise(measured.reads <= READS_WANTED, f"at most {READS_WANTED} metered reads for an invoice")


# --- the list ---


def _measure_list(bench: Bench, kind: str, invoices: int) -> dict[str, float]:
    with bench.stack({}, kind) as stack:
        context = stack.context()
        tenant = add_tenant(stack, context, 1)
        _choose(stack, context, tenant)
        _write_list(context, tenant.organization_id, tenant.target_id, invoices)
        refresh_statistics(context.database)
        stack.processes.start("web")
        stack.wait_until_ready()
        with _logged_in(stack, context) as browser:
            seconds = {name: _median(browser, f"{stack.web_url}/sync-invoices", query) for name, query in PAGES.items()}
        context.database.close()
    return seconds


@contextlib.contextmanager
def _logged_in(stack: Stack, context: Context) -> Iterator[requests.Session]:
    """A bookkeeper of the organization, with a link that logs in once."""
    created = create_user(context, BOOKKEEPER, None, "msp-1")
    token = create_login_link(context, stack.settings.secret_key.get_secret_value(), BOOKKEEPER)
    assert not isinstance(created, Rejected), created
    assert not isinstance(token, Rejected), token
    with requests.Session() as browser:
        browser.get(f"{stack.web_url}/login/once", params={"token": token}, timeout=30).raise_for_status()
        yield browser


def _write_list(context: Context, organization_id: int, connection_id: int, invoices: int) -> None:
    first = date(2024, 1, 1)
    debtors = [Debtor(str(number), f"C{number}", f"Customer {number}") for number in range(500)]
    listed = [
        BilledInvoice(
            external_id=str(number),
            number=f"CW-{number}",
            kind=InvoiceKind.STANDARD,
            issued_on=first + timedelta(days=number % 900),
            due_on=None,
            currency="USD",
            subtotal=Decimal("118.25"),
            tax=Decimal(0),
            total=Decimal("118.25"),
            company=debtors[number % 500],
            bill_to=debtors[number % 500],
            location_id="1",
            location="Main Office",
        )
        for number in range(invoices)
    ]
    for start in range(0, len(listed), 1_000):
        with context.database.writing() as session:
            some = listed[start : start + 1_000]
            store_listed(session, organization_id, connection_id, 1, some, context.clock.now())


def _median(browser: requests.Session, url: str, query: Mapping[str, str]) -> float:
    seconds = []
    for _ in range(TIMES):
        started = time.perf_counter()
        page = browser.get(url, params=query, timeout=30)
        seconds.append(time.perf_counter() - started)
        page.raise_for_status()
        # A page that asks to log in, or that shows nothing, would be quick as well.
        assert "CW-" in page.text
    return statistics.median(seconds)


def _print_list(bench: Bench, kind: str, invoices: int, seconds: dict[str, float]) -> None:
    shown = table(f"Sync Tool: a list of {invoices:,} invoices ({kind})", "page", "median")
    for name, one in seconds.items():
        shown.add_row(name, duration(one))
    bench.console.print(shown)
    bench.promise(max(seconds.values()) <= SECONDS_WANTED, f"the list within {duration(SECONDS_WANTED)} on {kind}")
