"""`make chaos ARGS=--hosts`: workers on hosts of their own, which are cut off, frozen and cut in half; and then the count.

Three hosts share nothing but PostgreSQL and Redis, which are on two more; the outside systems are on another one. Each
has its own network, name, disk, process table, and a clock that differs a little. While payments are made, one host
after the other loses its way to everything, or to a part of it, in the middle of a push, and comes back later.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from models.silent_peers import SILENT_SECONDS
from sandbox.demo.tenants import Tenant, set_up_tenant
from sandbox.endings import CannotGoOn
from sandbox.faults import Fault
from sandbox.stack import QUICK
from tasks.context import Context
from tests.chaos.books import Bill, Books, open_books
from tests.chaos.count import Count, count
from tests.chaos.hosts.acts import ACTS, Act, Outcome, play
from tests.chaos.hosts.machine import isolated
from tests.chaos.hosts.site import DATABASE, OUTSIDE, REDIS, Site, open_site
from tests.chaos.report import print_count, print_happenings
from tests.chaos.trouble import WEBHOOKS_DOUBLED, WEBHOOKS_LOST, WRITES, faults_fired, webhooks
from workers.composition import build_context
from workers.terminal import Column, FoldingTable

# So many payments and seconds for each act; the act itself may last longer than its payments.
SHORT, LONG = (40, 12.0), (120, 30.0)
LOOK_AGAIN_SECONDS = 2


@dataclass(frozen=True)
class Play:
    options: argparse.Namespace
    console: Console
    site: Site
    context: Context
    tenants: Sequence[Tenant]
    books: Books
    chance: random.Random

    def run(self, acts: Sequence[Act]) -> bool:
        began = time.monotonic()
        with self.site.systems.connectwise() as connectwise, self.site.systems.quickbooks() as quickbooks:
            connectwise.add_fault(*_slow_answers())
            quickbooks.lose_webhooks(fraction=WEBHOOKS_LOST)
            quickbooks.double_webhooks(fraction=WEBHOOKS_DOUBLED)
        outcomes = []
        wrong: list[str] = []
        try:
            outcomes += self._play_all(acts, wrong)
        except CannotGoOn as why:
            wrong.append(f"{why}.")
        fired = faults_fired(self.site.systems)
        result = self._wait_for_the_end()
        told = webhooks(self.site.systems)
        died = sum((machine.deaths() for machine in self.site.machines.values()), Counter())
        self._print_outcomes(outcomes)
        happenings = {"ConnectWise": fired, "webhooks": told, "accountants": self.books.corrections}
        print_happenings(self.console, {**happenings, "died by themselves": died})
        print_count(self.console, result, len(self.books.bills), len(self.tenants), time.monotonic() - began)
        for sentence in wrong:
            self.console.print(f"Wrong: {sentence}", highlight=False)
        return result.is_good and not wrong and not died and not told["answered 500"]

    def _play_all(self, acts: Sequence[Act], wrong: list[str]) -> Iterator[Outcome]:
        shares = [self.books.bills[number :: len(acts)] for number in range(len(acts))]
        for number, (act, bills) in enumerate(zip(acts, shares, strict=True)):
            self.console.print(f"{time.strftime('%H:%M:%S')} A host {act.name}", highlight=False)
            with ThreadPoolExecutor(1) as pool:
                paying = pool.submit(self._pay, bills)
                outcome = play(act, self.site, self.context.database, self.options.patience)
                paying.result()
            if number == 0:
                wrong += self._shared()
            yield outcome

    def _pay(self, bills: list[Bill]) -> None:
        """Half of them at once, so that lanes have more to send than goes at a time; the others come in meanwhile."""
        for share, seconds in ((bills[::2], 0.0), (bills[1::2], self.options.seconds)):
            replace(self.books, bills=share).keep(self.site.systems, seconds, self.chance)

    def _shared(self) -> list[str]:
        """What hosts share beside PostgreSQL and Redis; asked while all of them work."""
        machines, places = list(self.site.machines.values()), self.site.network.places
        door = machines[0].place.address
        allowed = {places[name].address for name in (DATABASE, REDIS, OUTSIDE)}
        wrong = isolated(machines)
        for machine in machines:
            seen = machine.place.connected_to()
            # The door is called from outside, and by this run.
            own = {address for address in seen if address.startswith("127.") or machine.place.address == door}
            if strangers := seen - allowed - own:
                wrong.append(f"{machine.name} is connected to {', '.join(sorted(strangers))}")
            self.console.print(
                f"{machine.name} is connected to {', '.join(sorted(self._names(seen & allowed)))} and no other host",
                highlight=False,
            )
        return wrong

    def _names(self, addresses: set[str]) -> set[str]:
        return {name for name, place in self.site.network.places.items() if place.address in addresses}

    def _wait_for_the_end(self) -> Count:
        with self.site.systems.connectwise() as connectwise, self.site.systems.quickbooks() as quickbooks:
            connectwise.clear_faults()
            quickbooks.lose_webhooks()
            quickbooks.double_webhooks()
        deadline = time.monotonic() + self.options.patience
        while True:
            result = count(self.site.systems, self.context, self.tenants, self.books)
            if result.is_good or time.monotonic() > deadline:
                return result
            self.console.print(f"{result.delivered} of {result.expected} there", highlight=False)
            time.sleep(LOOK_AGAIN_SECONDS)

    def _print_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        headings = ("on the wire", "left open", "lanes taken over", "settled", "arrived meanwhile", "back")
        table = FoldingTable(
            "What became of the hosts, in seconds",
            [Column("a host ...", place="above"), Column("host"), *(Column(one, right=True) for one in headings)],
        )
        for one in outcomes:
            figures = [
                str(one.on_the_wire),
                str(one.locked),
                _told(one.taken_over),
                _told(one.settled),
                str(one.meanwhile),
                _told(one.back),
            ]
            table.add_row(one.act, one.host, *figures)
        self.console.print(table)
        settings = self.site.settings
        lease, settle = settings.lease_seconds, settings.settle_seconds
        self.console.print(
            f"A lost host's lanes are free when its leases end: {lease:g} s here (LEASE_SECONDS), and one sweep"
            f" ({settings.sweep_seconds:g} s); where it left a transaction open, not before {SILENT_SECONDS} s. What it had"
            f" on the wire is looked at after another {max(lease, settle):g} s, the longer one of lease and settle time."
            " With the settings of production that is a minute and a half, and three minutes.",
            highlight=False,
        )


def run(options: argparse.Namespace, console: Console, folder: Path) -> bool:
    """Called in namespaces of its own (`apart.py`); whether all went as it should."""
    chance = random.Random(options.seed)
    acts = [act for act in ACTS if act.short or not options.short]
    usual = SHORT if options.short else LONG
    options.payments, options.seconds = options.payments or usual[0] * len(acts), options.seconds or usual[1]
    console.print(f"{time.strftime('%H:%M:%S')} Starting the hosts", highlight=False)
    with open_site(folder, QUICK) as site:
        context = build_context(site.settings, None)
        tenants = [
            set_up_tenant(site.systems, context, f"msp-{one:02}", f"MSP {one}", f"Customer {one}", str(9000 + one))
            for one in range(options.organizations)
        ]
        books = open_books(site.systems, context, tenants, options.payments, chance)
        site.start()
        try:
            return Play(options, console, site, context, tenants, books, chance).run(acts)
        finally:
            context.database.close()


def _slow_answers() -> Iterator[Fault]:
    """ConnectWise takes its time with every other write, so that there is always something on the wire."""
    for method, path in WRITES.items():
        yield Fault(kind="latency", probability=0.5, seconds=1.5, method=method, path=path, times=None)
        yield Fault(kind="commit_then_drop", probability=0.03, method=method, path=path, times=None)


def _told(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f}"
