"""What does a night's reconciliation cost, and does its memory grow with the number of invoices?

One organization, real HTTP to both sandboxes in a process of their own, no latency outside. The promises for 100,000
invoices of which 3,000 are open: at most 10 metered reads, 20 ConnectWise calls and 60 s of one core; and at most 50 MB
more memory than for 1,000 invoices. Ten of the open ones differ and are read in depth.
"""

import multiprocessing
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench, log_to, table
from benchmarks.counting import refresh_statistics
from benchmarks.measuring import duration
from connectors.quickbooks.tokens import secrets_from
from domain.preferences import InvoiceOrigin
from models.base import insert_new
from models.connections import Connection, ConnectionStatus, Role
from models.invoices import Invoice, SourceInvoiceRow
from models.organizations import Organization
from models.reconciliation_runs import ReconciliationRun, latest_run
from sandbox.connectwise import ConnectWiseSandbox
from sandbox.quickbooks import QuickBooksSandbox
from sandbox.server import serve
from tasks.context import Context
from tasks.reconcile.step import reconcile
from tasks.step import Drained
from tests.contexts import CLIENT_ID, CLIENT_SECRET, TestClock, make_context, make_timing

REALM = "9130357766"
READS_WANTED, CALLS_WANTED, CPU_SECONDS_WANTED, MEGABYTES_WANTED = 10, 20, 60.0, 50.0
APART = 10
ROWS_AT_A_TIME = 5_000


@dataclass(frozen=True)
class Measured:
    """One night's run of one organization."""

    run: ReconciliationRun
    seconds: float
    cpu_seconds: float
    peak_megabytes: float


def run(bench: Bench) -> None:
    sizes = {1_000: 30, 5_000: 150} if bench.short else {1_000: 30, 100_000: 3_000}
    for kind in dict.fromkeys([bench.database, "sqlite"]):
        measured = {}
        for invoices, are_open in sizes.items():
            bench.say(f"reconciling: {invoices:,} invoices in both systems, {are_open:,} of them open ({kind})")
            with bench.database_url(kind) as url, tempfile.TemporaryDirectory() as folder, log_to(Path(folder) / "log"):
                measured[invoices] = _measure(url, invoices, are_open)
        _print(bench, kind, sizes, measured)


def _measure(url: str, invoices: int, are_open: int) -> Measured:
    with _outside(invoices, are_open) as outside:
        clock = TestClock()
        context = make_context(
            url,
            clock=clock,
            quickbooks_url=outside["quickbooks_url"],
            # The sandbox looks through a hundred thousand invoices in Python for each question.
            read_timeout_seconds=60,
            timing=make_timing(reconcile=timedelta(days=1)),
        )
        organization_id = _set_up(context, outside, invoices, are_open)
        refresh_statistics(context.database)
        clock.move(days=2)
        _forget_peak()
        started, cpu_started = time.perf_counter(), time.process_time()
        # A slice of a worker's time may be too short for all of it; a worker nudges itself then.
        while reconcile(context, organization_id) is Drained.MORE:
            pass
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
        with context.database.reading() as session:
            found = latest_run(session, organization_id, is_over=True)
        context.database.close()
    assert found is not None, "the run did not come to an end"
    return Measured(found, seconds, cpu_seconds, _peak_megabytes())


# --- the two systems, in a process of their own ---


@contextmanager
def _outside(invoices: int, are_open: int) -> Iterator[Mapping[str, Any]]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, invoices, are_open))
    process.start()
    try:
        yield here.recv()
    finally:
        here.send("over")
        process.join()


def _serve(pipe: Pipe, invoices: int, are_open: int) -> None:
    clock = TestClock()
    quickbooks, connectwise = QuickBooksSandbox(CLIENT_ID, CLIENT_SECRET, clock=clock.now), ConnectWiseSandbox()
    quickbooks.add_company(REALM, "Northwind MSP")
    customer_id = quickbooks.add_customer("Cascade Dental")
    # An invoice a minute, as books grow.
    begun = clock.now() - timedelta(minutes=invoices)
    source_ids, target_ids = [], []
    for number in range(invoices):
        is_open = number >= invoices - are_open
        at = begun + timedelta(minutes=number)
        source_id = quickbooks.add_invoice(customer_id, "100.00", f"CW-{number}", at=at)
        target_id = connectwise.add_invoice(f"CW-{number}", "100.00")
        if not is_open:
            quickbooks.record_payment(customer_id, "100.00", [(source_id, "100.00")], at=at)
            connectwise.type_payment(target_id, "100.00")
        elif number >= invoices - APART:
            connectwise.type_payment(target_id, "1.00")
        source_ids.append(source_id)
        target_ids.append(target_id)
    with serve(quickbooks) as source, serve(connectwise) as target:
        pipe.send(
            {
                "quickbooks_url": source.url,
                "connectwise_url": target.url,
                "tokens": quickbooks.issue_tokens(),
                "source_ids": source_ids,
                "target_ids": target_ids,
            }
        )
        pipe.recv()


# --- our own side ---


def _set_up(context: Context, outside: Mapping[str, Any], invoices: int, are_open: int) -> int:
    """The organization, with a record of each invoice."""
    now, url = context.clock.now(), outside["connectwise_url"]
    keys = {"public_key": "sandbox-public-key", "private_key": "sandbox-private-key"}
    with context.database.writing() as session:
        organization = Organization(slug="northwind", name="Northwind MSP", sync_enabled=True, created_at=now)
        session.add(organization)
        session.flush()
        shared = {"organization_id": organization.id, "status": ConnectionStatus.ACTIVE.value, "connected_at": now}
        source = Connection(
            role=Role.SOURCE.value,
            vendor="quickbooks",
            account_id=REALM,
            settings={"home_currency": "USD"},
            sealed_secrets=context.keyring.seal(secrets_from(outside["tokens"], now)),
            **shared,
        )
        target = Connection(
            role=Role.TARGET.value,
            vendor="connectwise",
            account_id=f"{url}/acme",
            settings={"site_url": url, "company": "acme", "home_currency": "USD"},
            sealed_secrets=context.keyring.seal(keys),
            **shared,
        )
        session.add_all([source, target])
        session.flush()
        for start in range(0, invoices, ROWS_AT_A_TIME):
            numbers = range(start, min(start + ROWS_AT_A_TIME, invoices))
            both = [(number, outside["source_ids"][number], str(outside["target_ids"][number])) for number in numbers]
            insert_new(
                session,
                Invoice,
                [
                    {
                        "organization_id": organization.id,
                        "number": f"CW-{number}",
                        "origin": InvoiceOrigin.SYNC_TOOL.value,
                        "source_id": source_id,
                        "target_id": target_id,
                        "link_learned": True,
                        "total": Decimal("100.00"),
                        "currency": "USD",
                        "customer": "Cascade Dental",
                        "updated_at": now,
                        "compared_as": "",
                    }
                    for number, source_id, target_id in both
                ],
            )
            insert_new(
                session,
                SourceInvoiceRow,
                [
                    {
                        "connection_id": source.id,
                        "external_id": source_id,
                        "version": 0,
                        "changed_at": now,
                        "number": f"CW-{number}",
                        "total": Decimal("100.00"),
                        "balance": Decimal("100.00") if number >= invoices - are_open else Decimal(0),
                        "currency": "USD",
                        "customer_name": "Cascade Dental",
                        "deleted": False,
                        "deletion_inferred": False,
                    }
                    for number, source_id, _ in both
                ],
            )
        return organization.id


# --- memory, by the kernel's own account ---


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_megabytes() -> float:
    told = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert told is not None
    return int(told[1]) / 1024


def _print(bench: Bench, kind: str, sizes: Mapping[int, int], measured: Mapping[int, Measured]) -> None:
    shown = table(f"Reconciling one organization ({kind})", "what", *(f"{size:,} invoices" for size in sizes))
    rows = {
        "of them open": [f"{one:,}" for one in sizes.values()],
        "compared": [f"{one.run.compared:,}" for one in measured.values()],
        "read in depth": [f"{one.run.examined:,}" for one in measured.values()],
        "outcome": [one.run.outcome for one in measured.values()],
        "metered reads": [f"{one.run.metered_reads:,}" for one in measured.values()],
        "ConnectWise calls": [f"{one.run.calls - one.run.metered_reads:,}" for one in measured.values()],
        "time": [duration(one.seconds) for one in measured.values()],
        "of this, on a processor": [duration(one.cpu_seconds) for one in measured.values()],
        "memory at its peak": [f"{one.peak_megabytes:,.0f} MB" for one in measured.values()],
    }
    for name, figures in rows.items():
        shown.add_row(name, *figures)
    bench.console.print(shown)
    small, large = measured.values()
    size = f"{max(sizes):,} invoices ({kind})"
    lists = large.run.calls - large.run.metered_reads - APART
    bench.promise(large.run.metered_reads <= READS_WANTED, f"at most {READS_WANTED} metered reads for {size}")
    bench.promise(
        lists <= CALLS_WANTED,
        f"at most {CALLS_WANTED} ConnectWise calls, and one for each invoice in depth, for {size}",
    )
    bench.promise(large.cpu_seconds <= CPU_SECONDS_WANTED, f"at most {CPU_SECONDS_WANTED:.0f} s of a core for {size}")
    grown = large.peak_megabytes - small.peak_megabytes
    bench.promise(
        grown <= MEGABYTES_WANTED, f"at most {MEGABYTES_WANTED:.0f} MB more memory for {size}: {grown:,.0f} MB"
    )
