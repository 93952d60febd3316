"""Where a death is played: a small world, the processes that work in it, and what must be true when all is over."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from models.connections import Connection, connection_by_id
from models.invariants import Finding
from sandbox.faults import Fault
from tasks.context import Context
from tasks.points import Point
from tests.crash.clock import HastyClock
from tests.crash.processes import run_process
from tests.crash.worker import Job
from tests.queries import violations
from tests.receiver import Receiver
from tests.world import BothInvoices, World

# Every process begins so much later than the one before: what a dead one held has run out by then.
LATER = timedelta(minutes=10)


@dataclass
class Stage:
    world: World
    job: Job
    # A partner's, for the news about payments.
    receiver: Receiver
    # The amounts that ConnectWise must have in the end, by invoice; what people typed there is among them.
    expected: dict[BothInvoices, list[str]] = field(default_factory=dict)
    # What the Sync Tool must have made of closed invoices: the totals in the books, and how many batches, by number.
    copies: dict[str, tuple[list[str], int]] = field(default_factory=dict)
    customers: tuple[str, ...] = ()
    processes: int = 0

    def invoice(self, total: str, *, ends_with: list[str], at: datetime | None = None) -> BothInvoices:
        made = self.world.invoice(f"INV-{len(self.expected) + 1}", total, at=at)
        self.expected[made] = ends_with
        return made

    # --- processes ---

    def work(self) -> None:
        """A worker runs until nothing is left to do."""
        self._run(self._next(disconnects=None, dies_after=None))

    def die(self, point: Point, time: int = 1) -> bool:
        """A process runs to this point and is killed there; False if it ends without having come so far."""
        return self._run(self._next(), f"{point}:{time}")

    def die_after(self, what: str, times: int) -> bool:
        return self._run(self._next(dies_after=(what, times)))

    def finish(self) -> None:
        """What the killed process was to do is done by another one."""
        self._run(self._next())

    def person(self) -> Context:
        """What a person uses who comes later than all processes until now."""
        return replace(self.world.context, clock=HastyClock(LATER * self.processes + LATER / 2))

    def _next(self, **changes: object) -> Job:
        self.processes += 1
        return replace(self.job, ahead_seconds=(LATER * self.processes).total_seconds(), **changes)

    @staticmethod
    def _run(job: Job, crash_point: str = "") -> bool:
        return run_process(job, crash_point)

    # --- bad days ---

    def lose_answer(self, method: str, invoice: BothInvoices) -> None:
        """ConnectWise does what it is asked to on this invoice, and nobody hears of it."""
        path = rf"/invoices/{invoice.connectwise_id}/payments"
        self.world.connectwise.faults.add(Fault(kind="commit_then_drop", method=method, path=path, times=1))

    # --- the end ---

    def source(self) -> Connection:
        return self._connection(self.world.source_id)

    def target(self) -> Connection:
        return self._connection(self.world.target_id)

    def _connection(self, connection_id: int) -> Connection:
        with self.world.context.database.reading() as session:
            return connection_by_id(session, connection_id)

    def lost_and_doubled(self) -> tuple[list[str], list[str]]:
        """Payments that should be on a ConnectWise invoice and are not, and those that are there and should not be."""
        lost: list[str] = []
        doubled: list[str] = []
        for invoice, amounts in self.expected.items():
            wanted, there = Counter(amounts), Counter(self.world.amounts_on(invoice))
            lost += [f"{amount} on {invoice.number}" for amount in (wanted - there).elements()]
            doubled += [f"{amount} on {invoice.number}" for amount in (there - wanted).elements()]
        for number, (totals, batches) in self.copies.items():
            wanted, there = Counter(totals), Counter(self._in_books(number))
            lost += [f"copy of {number}: {total}" for total in (wanted - there).elements()]
            doubled += [f"copy of {number}: {total}" for total in (there - wanted).elements()]
            held = sum(number in one.invoice_numbers for one in self.world.connectwise.batches())
            lost += [f"batch of {number}"] * (batches - held)
            doubled += [f"batch of {number}"] * (held - batches)
        names = [one.name for one in self.world.quickbooks.customers()]
        doubled += [f"customer {name}" for name in self.customers if names.count(name) > 1]
        return lost, doubled

    def _in_books(self, number: str) -> list[str]:
        return [f"{one.total:.2f}" for one in self.world.quickbooks.invoices() if one.doc_number == number]

    def violations(self) -> list[Finding]:
        with self.world.context.database.reading() as session:
            return violations(session)
