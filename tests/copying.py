"""The Sync Tool of a small MSP for tests: invoices that are closed at the biller, runs, and what the books have then."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Unpack

from domain.copying.states import CopyAction, ItemState
from models.billed_invoices import BilledInvoiceRow, billed_with_number
from models.copy_runs import CopyAttempt, CopyRun, CopyRunItem, attempts_of_copies, run_by_id
from models.views.copies import list_items
from sandbox.connectwise.operations import InvoiceFields
from sandbox.quickbooks.truth import InvoiceTruth
from tasks.context import Step
from tests.world import World, open_world
from usecases.copy_choices import accept_proposals, change_terms
from usecases.copying import RunStarted, check_again, confirm_run, refresh_list, start_run
from usecases.results import Rejected

PERSON = "dana@example.com"
ITEMS = ("service", "product", "expense", "agreement", "adjustment")


@dataclass
class Tool:
    """The Sync Tool of one world, as a person and the workers use it."""

    world: World
    ids: dict[str, int] = field(default_factory=dict)

    # --- what people do ---

    def bill(self, number: str, total: str = "100.00", **fields: Unpack[InvoiceFields]) -> int:
        """An invoice is closed in ConnectWise; its id there."""
        self.ids[number] = self.world.connectwise.add_invoice(number, total, **fields)
        return self.ids[number]

    def refresh(self) -> None:
        """Somebody opens the list."""
        assert refresh_list(self.world.context, self.world.organization_id) is None
        self.world.settle()

    def ask_for_list(self) -> None:
        """Somebody opens the list, and no worker has done anything about it yet."""
        assert refresh_list(self.world.context, self.world.organization_id) is None

    def choose(self, **changes: Any) -> None:
        chosen = change_terms(self.world.context, self.world.organization_id, changes)
        assert not isinstance(chosen, Rejected), chosen

    def preview(self, *numbers: str, action: CopyAction = CopyAction.COPY) -> int:
        """A person chooses invoices and looks at what would be done; the id of the run."""
        started = self.start(*numbers, action=action)
        assert isinstance(started, RunStarted), started
        self.world.settle()
        return started.run_id

    def start(self, *numbers: str, action: CopyAction = CopyAction.COPY, sure: bool = False) -> RunStarted | Rejected:
        chosen = [self.row(number).id for number in numbers]
        context, organization_id = self.world.context, self.world.organization_id
        return start_run(context, organization_id, action, chosen, PERSON, confirmed_beforehand=sure)

    def use_proposals(self, run_id: int, *, create: bool = False) -> None:
        accept_proposals(self.world.context, self.world.organization_id, PERSON, create=create)
        check_again(self.world.context, self.world.organization_id, run_id)
        self.world.settle()

    def confirm(self, run_id: int) -> int | Rejected:
        confirmed = confirm_run(self.world.context, self.world.organization_id, run_id, PERSON)
        self.world.settle()
        return confirmed

    def copy(self, *numbers: str) -> int:
        """From the list to the books, with the proposed customers; the id of the run."""
        self.refresh()
        run_id = self.preview(*numbers)
        self.use_proposals(run_id, create=True)
        self.confirm(run_id)
        return run_id

    def do(self, action: CopyAction, *numbers: str) -> int:
        """Anything else, without another look at its preview."""
        started = self.start(*numbers, action=action, sure=True)
        assert isinstance(started, RunStarted), started
        self.world.settle()
        return started.run_id

    # --- what the worker does ---

    def later(self, **duration: float) -> None:
        """Time passes, and the Sync Tool's own step works; the nudges of the payments' steps get lost."""
        self.world.later(Step.COPY, **duration)

    def settle_down(self) -> None:
        """Long enough for every wait of the Sync Tool to end."""
        for _ in range(6):
            self.later(minutes=6)

    def until_held(self, *numbers: str, **duration: float) -> None:
        """Again and again, until nothing more is tried; twice more, to see that it stays so."""
        for _ in range(100):
            if {self.state(number) for number in numbers} == {"held"}:
                break
            self.later(**duration)
        for _ in range(2):
            self.later(**duration)
        assert {self.state(number) for number in numbers} == {"held"}

    # --- what is the case ---

    def row(self, number: str) -> BilledInvoiceRow:
        with self.world.context.database.reading() as session:
            (row,) = billed_with_number(session, self.world.organization_id, [number])
        return row

    def state(self, number: str) -> str:
        return self.row(number).state

    def why(self, number: str) -> str | None:
        return self.row(number).reason

    def run(self, run_id: int) -> CopyRun:
        with self.world.context.database.reading() as session:
            run = run_by_id(session, self.world.organization_id, run_id)
        assert run is not None
        return run

    def items(self, run_id: int) -> dict[str, CopyRunItem]:
        with self.world.context.database.reading() as session:
            return {one.invoice.number: one.item for one in list_items(session, run_id)}

    def outcomes(self, run_id: int) -> dict[str, tuple[ItemState, str | None]]:
        return {number: (ItemState(item.state), item.reason) for number, item in self.items(run_id).items()}

    def in_books(self, number: str) -> list[InvoiceTruth]:
        return [one for one in self.world.quickbooks.invoices() if one.doc_number == number]

    def totals(self, number: str) -> list[str]:
        """What the books' invoices of this number come to."""
        return [f"{one.total:.2f}" for one in self.in_books(number)]

    def batches(self, number: str) -> list[str]:
        return [one.identifier for one in self.world.connectwise.batches() if number in one.invoice_numbers]

    def attempts(self, number: str) -> list[CopyAttempt]:
        with self.world.context.database.reading() as session:
            return list(attempts_of_copies(session, [self.row(number).id]))

    def writes(self, number: str) -> list[str]:
        return [f"{one.what}: {one.outcome}" for one in self.attempts(number)]


@contextmanager
def open_tool(database_url: str, clock: Any = None, **context_options: Any) -> Iterator[Tool]:
    """A world with the Sync Tool on, and an item for each kind of line."""
    with open_world(database_url, clock, **context_options) as world:
        yield set_up(world)


def synced_both_ways(world: World) -> World:
    """Two payments that are where they belong, and an invoice that the Sync Tool has copied."""
    tool = set_up(world)
    tool.bill("CW-1")
    tool.copy("CW-1")
    for number in ("INV-1", "INV-2"):
        world.pay("100", (world.invoice(number), "100"))
    world.notice()
    return world


def set_up(world: World) -> Tool:
    world.choose(sync_tool_enabled=True, sync_mode="synced_only")
    tool = Tool(world)
    tool.choose(items={kind: world.quickbooks.add_item(kind.title()) for kind in ITEMS})
    world.settle()
    return tool
