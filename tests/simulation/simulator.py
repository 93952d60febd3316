"""A seeded world in which everything goes wrong: people, webhooks, both outside systems, and the workers themselves.

The real step functions run against the real sandboxes over real HTTP; only the clock and the nudges are simulated, so
that a seed replays. At the end the trouble stops, time passes, and `tests/simulation/truth.py` compares.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from unittest import mock

from domain.push.strategy import PaymentStrategy
from models.inbox import Entity, EventSource, NewEvent, store_events
from models.looks import look_now
from tasks.context import Step
from tasks.points import Point
from tasks.sweep import sweep
from tests.contexts import RecordingNudge, make_timing
from tests.queries import ledger_of
from tests.simulation.bad_days import READ_TIMEOUT_SECONDS, disturb_source, disturb_target
from tests.simulation.copies import Copies, move_in_tool
from tests.simulation.ending import something_waits
from tests.simulation.habits import (
    change_in_connectwise,
    delete_in_connectwise,
    double_in_connectwise,
    enter_anew,
    type_during_a_doubt,
)
from tests.simulation.kinds import Kind, choose_policies, choose_strategy, kind_of, move_in
from tests.world import STEPS, BothInvoices, World, open_world
from usecases.retry import retry_payment

DAYS = [date(2026, 11, day) for day in (16, 17, 18, 19, 20)]
AMOUNTS = ["25.00", "50.00", "50.00", "75.10"]


class SimulatedDeath(BaseException):
    """The worker's process ends here: no handler, no clean-up."""


@dataclass
class Simulation:
    world: World
    random: random.Random
    kind: Kind = Kind.APPEND
    invoices: list[BothInvoices] = field(default_factory=list)
    payments: list[str] = field(default_factory=list)
    # What people typed into ConnectWise: payment id -> (invoice id, amount).
    typed: dict[int, tuple[int, Decimal]] = field(default_factory=dict)
    story: list[str] = field(default_factory=list)
    trouble: bool = True
    switched_on: bool = True
    copies: Copies | None = None

    def run(self, steps: int) -> None:
        self.tell(f"a tenant of the kind {self.kind}")
        for number in range(4):
            self.invoices.append(self.world.invoice(f"INV-{number}", "400.00"))
        for _ in range(steps):
            action = self.random.choices(list(ACTIONS), weights=list(ACTIONS.values()))[0]
            action(self)
        self.heal()

    def tell(self, text: str) -> None:
        self.story.append(f"{self.world.clock.now():%H:%M:%S} {text}")

    # --- the accountant ---

    def pay(self) -> None:
        chosen = self.random.sample(self.invoices, self.random.choice([1, 1, 1, 2]))
        lines = [(invoice, self.random.choice(AMOUNTS)) for invoice in chosen]
        unapplied = self.random.choice([Decimal(0), Decimal(0), Decimal("10.00")])
        total = sum((Decimal(amount) for _, amount in lines), unapplied)
        payment = self.world.pay(str(total), *lines, on=self.random.choice(DAYS).isoformat())
        self.payments.append(payment)
        self.tell(f"payment {payment}: {total} on {[(invoice.number, amount) for invoice, amount in lines]}")

    def edit(self) -> None:
        payment, invoice = self.live_payment(), self.random.choice(self.invoices)
        if payment is not None:
            amount = self.random.choice(AMOUNTS)
            day = self.random.choice(DAYS)
            self.world.quickbooks.edit_payment(
                payment, total=amount, lines=[(invoice.quickbooks_id, amount)], payment_date=day
            )
            self.tell(f"payment {payment} edited: {amount} on {invoice.number}, {day}")

    def void(self) -> None:
        payment = self.live_payment()
        if payment is not None:
            self.world.quickbooks.void_payment(payment)
            self.tell(f"payment {payment} voided")

    def delete(self) -> None:
        payment = self.live_payment()
        if payment is not None:
            self.world.quickbooks.delete_payment(payment)
            self.payments.remove(payment)
            self.tell(f"payment {payment} deleted")

    def type_into_connectwise(self) -> None:
        invoice = self.random.choice(self.invoices)
        amount, day = Decimal(self.random.choice(AMOUNTS)), self.random.choice(DAYS)
        identity = self.world.connectwise.type_payment(invoice.connectwise_id or 0, amount, payment_date=day)
        self.typed[identity] = (invoice.connectwise_id or 0, amount)
        self.tell(f"typed into ConnectWise: {identity}, {amount} on {invoice.number}, {day}")

    def live_payment(self) -> str | None:
        live = [one.id for one in self.world.quickbooks.payments() if not one.voided]
        return self.random.choice(live) if live else None

    # --- webhooks: hints that come, come twice, come late or never ---

    def hint(self) -> None:
        if not self.payments:
            return
        payment = self.random.choice(self.payments)
        event = NewEvent(
            connection_id=self.world.source_id,
            source=EventSource.WEBHOOK,
            event_id=f"event-{self.random.randrange(50)}",
            entity=Entity.PAYMENT,
            entity_id=payment,
            verb=self.random.choice(["created", "updated", "void"]),
            occurred_at=None,
        )
        with self.world.context.database.writing() as session:
            store_events(session, [event], self.world.clock.now())
        self.world.context.nudge(Step.INGEST, self.world.source_id)
        self.tell(f"hint about payment {payment}")

    # --- bad days ---

    def target_fault(self) -> None:
        self.tell(disturb_target(self.world.connectwise, self.random))

    def source_fault(self) -> None:
        self.tell(disturb_source(self.world.quickbooks, self.random))

    def something_of_the_sync_tool(self) -> None:
        """Somebody bills, copies, marks, takes back, edits or deletes, or something goes wrong with that."""
        if self.copies is None:
            return
        happening = self.random.choices(list(COPYING), weights=list(COPYING.values()))[0]
        told: list[str] = []
        self._may_die(lambda: told.append(happening(self.copies)) if self.copies is not None else None)
        for text in filter(None, told):
            self.tell(text)

    def redis_emptied(self) -> None:
        """Every message is gone; what was to be done stands in the database."""
        self._nudge().waiting.clear()
        self.tell("Redis was emptied")

    def switched(self) -> None:
        """The partner switches the synchronization off, or on again."""
        self.switched_on = not self.switched_on
        self.world.choose(sync_enabled=self.switched_on)
        self.tell(f"the switch is {'on' if self.switched_on else 'off'}")

    def strategy_changed(self) -> None:
        """The operator changes how payments are kept; only where the tenant takes either."""
        if self.kind is Kind.SINGLE_ADDS:
            strategy = self.random.choice(list(PaymentStrategy))
            choose_strategy(self.world, strategy)
            self.tell(f"the strategy is {strategy}")

    def retry(self) -> None:
        """Somebody clicks, with or without a good reason; now and then on "create anyway"."""
        if self.payments:
            payment, anyway = self.random.choice(self.payments), self.random.random() < 0.2
            self.tell(f"payment {payment} is retried{' with create anyway' if anyway else ''}")
            world = self.world
            self._may_die(lambda: retry_payment(world.context, world.organization_id, payment, create_anyway=anyway))

    # --- the workers, and what happens to them ---

    def work(self) -> None:
        """Some of the nudges are worked off, in some order; some are lost, some come twice."""
        nudge = self._nudge()
        for _ in range(self.random.randrange(1, 8)):
            if not nudge.waiting:
                return
            self.random.shuffle(nudge.waiting)
            step, owner_id = nudge.waiting.popleft()
            fate = self.random.random()
            if fate < 0.1 and self.trouble:
                self.tell(f"the nudge for {step} was lost")
                continue
            self._do(step, owner_id)
            if fate > 0.9:
                self._do(step, owner_id)

    def catch_up(self) -> None:
        self._do(Step.CATCH_UP, self.world.source_id)

    def time_passes(self) -> None:
        self.pass_time(self.random.choice([1, 10, 30, 95, 95, 600]))

    def pass_time(self, seconds: int) -> None:
        # The stated assumption: what lands late lands within the settle time.
        self.world.connectwise.wait_for_late_commits()
        self.world.quickbooks.wait_for_late_commits()
        self.world.clock.move(seconds=seconds)
        self._may_die(lambda: sweep(self.world.context))

    def _do(self, step: Step, owner_id: int) -> None:
        self._may_die(lambda: STEPS[step](self.world.context, owner_id))

    def _may_die(self, work: Callable[[], object]) -> None:
        try:
            work()
        except SimulatedDeath as death:
            self.tell(f"the worker died at {death}")

    def _nudge(self) -> RecordingNudge:
        nudge = self.world.context.nudge
        assert isinstance(nudge, RecordingNudge)
        return nudge

    def reached(self, point: Point) -> None:
        """At any point the process may die, or another worker may do something in between."""
        if not self.trouble:
            return
        fate = self.random.random()
        if fate < 0.02:
            raise SimulatedDeath(point)
        if fate < 0.04 and not point.startswith("tokens"):
            self.trouble = False  # one thing in between, not a tower of them
            try:
                self._do(*self.random.choice(self._other_steps()))
            finally:
                self.trouble = True

    def _other_steps(self) -> list[tuple[Step, int]]:
        world = self.world
        return [
            (Step.INGEST, world.source_id),
            (Step.MATCH, world.organization_id),
            (Step.PUSH, world.target_id),
            (Step.CATCH_UP, world.source_id),
            (Step.LOOK_AGAIN, world.target_id),
            (Step.COPY, world.organization_id),
        ]

    # --- the end ---

    def heal(self) -> None:
        """The trouble stops and time passes, until nobody has anything to do."""
        self.trouble = False
        self.world.connectwise.faults.clear()
        self.world.quickbooks.faults.clear()
        began = self.world.clock.now()
        if not self.switched_on:
            self.switched()
        for _ in range(3):
            self.pass_time(120)
            self.catch_up()
            self.world.settle()
        for _ in range(4):
            if not something_waits(self.world, began) and not (self.copies and self.copies.is_at_work):
                break
            self.pass_time(7 * 3600)
            self.world.settle()
        if self.copies is not None:
            self.copies.open_list()
            self.world.settle()
        self.look_at_everything()

    def look_at_everything(self) -> None:
        """What would come up in the course of a month comes up now, and what follows from it."""
        world = self.world
        for _ in range(2):
            with world.context.database.writing() as session:
                invoices = {entry.target_invoice_id for entry in ledger_of(session, world.organization_id)}
                look_now(session, world.target_id, invoices, world.clock.now())
            world.context.nudge(Step.LOOK_AGAIN, world.target_id)
            world.settle()
            self.pass_time(7 * 3600)
            world.settle()


ACTIONS: dict[Callable[[Simulation], None], int] = {
    Simulation.pay: 6,
    Simulation.edit: 2,
    Simulation.void: 2,
    Simulation.delete: 1,
    Simulation.type_into_connectwise: 1,
    type_during_a_doubt: 1,
    delete_in_connectwise: 2,
    change_in_connectwise: 2,
    double_in_connectwise: 2,
    enter_anew: 1,
    Simulation.hint: 4,
    Simulation.target_fault: 4,
    Simulation.source_fault: 1,
    Simulation.something_of_the_sync_tool: 18,
    Simulation.redis_emptied: 1,
    Simulation.switched: 1,
    Simulation.strategy_changed: 1,
    Simulation.retry: 2,
    Simulation.work: 14,
    Simulation.catch_up: 5,
    Simulation.time_passes: 6,
}


COPYING: dict[Callable[[Copies], str], int] = {
    Copies.bill: 3,
    Copies.open_list: 3,
    Copies.start: 9,
    Copies.stop: 1,
    Copies.disturb: 6,
    Copies.edit_at_biller: 1,
    Copies.batch_by_other_tool: 1,
    Copies.touch_copy: 1,
}


@contextmanager
def open_simulation(seed: int, database_url: str) -> Iterator[Simulation]:
    # One thread in push: a seed must replay, and the order of two threads does not.
    timing = make_timing(push_parallel=1, lease=timedelta(seconds=60))
    with (
        # One thread plays everybody: who waits for a turn that a dead worker has waits for nobody, and would do so for
        # minutes of real time, as none passes in the world.
        mock.patch("tasks.keeper._PATIENCE_SECONDS", 0.0),
        open_world(database_url, timing=timing, read_timeout_seconds=READ_TIMEOUT_SECONDS) as world,
    ):
        # A worker may die with a token answer in its hands; only a server that still takes the old value can go on then.
        world.quickbooks.set_switches(replaced_refresh="still_works")
        simulation = Simulation(world, random.Random(seed), kind_of(seed))
        move_in(world, simulation.kind)
        choose_policies(world, seed)
        if seed % 2:
            simulation.copies = move_in_tool(world, simulation.random)
            world.choose(sync_mode="all_invoices")
        world.context = replace(world.context, reached=simulation.reached, jitter=random.Random(seed))
        yield simulation
