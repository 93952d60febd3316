"""The Sync Tool in a simulated world: closed invoices, runs, other tools and people; and what must be true in the end."""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from sqlalchemy import select

from domain.copying.states import ALLOWED, CopyAction, CopyState
from models.billed_invoices import BilledInvoiceRow
from models.copy_runs import CopyRun
from sandbox.faults import COMMON_KINDS, Fault
from tasks.context import Step
from tests.copying import PERSON, Tool, set_up
from tests.simulation.bad_days import HANG_SECONDS, LANDS_LATE_SECONDS
from tests.world import World
from usecases.copying import refresh_list, start_run, stop_run

TOTALS = ["100.00", "55.10", "118.25"]
# Two of the companies have no customer in the books yet.
COMPANIES = [("CascadeDental", "Cascade Dental"), ("Fresh", "Fresh Bakery"), ("Ruth", "Ruth’s Diner")]
_KINDS = sorted(COMMON_KINDS - {"duplicate_delivery", "hang_after_commit", "latency", "redirect"})
_WRITES = [r"/invoice$", r"/invoice$", r"/customer$", r"/accounting/batches"]


@dataclass
class Copies:
    """What people have done to closed invoices and to their copies.

    Attributes:
        touched: books' invoices that a person has edited or deleted.
        edited: biller's invoices that were edited after they had been listed.
        batched: biller's invoices that another tool has put into a batch.
    """

    tool: Tool
    random: Random
    numbers: list[str] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    edited: set[str] = field(default_factory=set)
    batched: set[str] = field(default_factory=set)

    @property
    def world(self) -> World:
        return self.tool.world

    # --- what happens; each tells what it was, "" for nothing ---

    def bill(self) -> str:
        number = f"CW-{len(self.numbers)}"
        identifier, name = self.random.choice(COMPANIES)
        total = self.random.choice(TOTALS)
        self.tool.bill(number, total, company_identifier=identifier, company_name=name)
        self.numbers.append(number)
        return f"{number} over {total} is closed for {name}"

    def open_list(self) -> str:
        refresh_list(self.world.context, self.world.organization_id)
        return "somebody opens the list"

    def start(self) -> str:
        action = self.random.choice([CopyAction.COPY] * 5 + [CopyAction.MARK] + [*CopyAction])
        rows = [row for row in self.rows() if CopyState(row.state) in ALLOWED[action]]
        if not rows:
            return ""
        some = self.random.sample(rows, min(len(rows), self.random.choice([1, 2, 4])))
        sure = self.random.random() < 0.8
        start_run(
            self.world.context,
            self.world.organization_id,
            action,
            [row.id for row in some],
            PERSON,
            confirmed_beforehand=sure,
        )
        return f"a run begins: {action} {[row.number for row in some]}{'' if sure else ', to look at'}"

    def stop(self) -> str:
        with self.world.context.database.reading() as session:
            runs = session.scalars(select(CopyRun.id).where(CopyRun.ended_at.is_(None))).all()
        if not runs:
            return ""
        run_id = self.random.choice(runs)
        stop_run(self.world.context, self.world.organization_id, run_id)
        return f"run {run_id} is stopped"

    def disturb(self) -> str:
        kind, path = self.random.choice(_KINDS), self.random.choice(_WRITES)
        seconds = HANG_SECONDS if kind == "hang" else LANDS_LATE_SECONDS
        fault = Fault(kind=kind, method=self.random.choice(["POST", "DELETE", "*"]), path=path, seconds=seconds)
        outside = self.world.connectwise if "batches" in path else self.world.quickbooks
        outside.faults.add(fault)
        return f"a call to {path} will {kind}"

    def edit_at_biller(self) -> str:
        number = self._any()
        if number is None or self._is_paid(number):
            return ""
        total = self.random.choice(TOTALS)
        self.world.connectwise.edit_after_close(self.tool.ids[number], total=total)
        self.edited.add(number)
        return f"{number} is opened, edited to {total} and closed again"

    def batch_by_other_tool(self) -> str:
        number = self._any()
        invoice = self.world.connectwise.invoice(self.tool.ids[number]) if number is not None else None
        if number is None or invoice is None or self._is_batched(number):
            return ""
        self.world.connectwise.batch_invoice(self.tool.ids[number], f"M-{number}-{self.random.randrange(10**6)}")
        self.batched.add(number)
        return f"another tool puts {number} into a batch"

    def touch_copy(self) -> str:
        """A person edits, deletes or pays one of our copies in the books."""
        ours = [one for one in self.world.quickbooks.invoices() if one.own]
        if not ours:
            return ""
        copy = self.random.choice(ours)
        self.touched.add(copy.id)
        match self.random.choice(["edit", "delete", "note"]):
            case "edit":
                self.world.quickbooks.edit_invoice(copy.id, total="99.00")
                return f"the accountant changes the copy {copy.id} of {copy.doc_number}"
            case "delete" if not copy.applied:
                self.world.quickbooks.delete_invoice(copy.id)
                return f"the accountant deletes the copy {copy.id} of {copy.doc_number}"
            case _:
                self.world.quickbooks.edit_invoice(copy.id, note=f"Called the client. {copy.note}")
                return f"the accountant writes a note on the copy {copy.id} of {copy.doc_number}"

    def _any(self) -> str | None:
        return self.random.choice(self.numbers) if self.numbers else None

    def _is_paid(self, number: str) -> bool:
        return bool(self.world.connectwise.invoice(self.tool.ids[number]).payments)

    def _is_batched(self, number: str) -> bool:
        return any(number in one.invoice_numbers for one in self.world.connectwise.batches())

    def rows(self) -> list[BilledInvoiceRow]:
        with self.world.context.database.reading() as session:
            statement = select(BilledInvoiceRow).where(BilledInvoiceRow.organization_id == self.world.organization_id)
            return list(session.scalars(statement.order_by(BilledInvoiceRow.id)))

    @property
    def is_at_work(self) -> bool:
        return any(
            CopyState(row.state) in (CopyState.QUEUED, CopyState.CREATING, CopyState.IN_DOUBT) for row in self.rows()
        )

    def nudge(self) -> None:
        self.world.context.nudge(Step.COPY, self.world.organization_id)

    # --- the end ---

    def faults_found(self) -> list[str]:
        rows = self.rows()
        return [
            *self._doubled(),
            *self._unknown_copies(rows),
            *(sentence for row in rows for sentence in self._wrong_with(row)),
        ]

    def _doubled(self) -> list[str]:
        ours = Counter(one.doc_number for one in self.world.quickbooks.invoices() if one.own)
        customers = Counter(one.name for one in self.world.quickbooks.customers())
        return [
            *(f"{number} was copied {count} times" for number, count in ours.items() if count > 1),
            *(f"customer {name} was created {count} times" for name, count in customers.items() if count > 1),
        ]

    def _unknown_copies(self, rows: list[BilledInvoiceRow]) -> list[str]:
        """A copy of ours that we do not know of would be copied once more some day, or never be marked."""
        known = {row.books_id for row in rows}
        # The number of one that a run was stopped for, or that is held, is found by the next look.
        return [
            f"the books have a copy {one.id} of {one.doc_number} that nobody knows"
            for one in self.world.quickbooks.invoices()
            if one.own and one.id not in known and one.id not in self.touched
        ]

    def _wrong_with(self, row: BilledInvoiceRow) -> list[str]:
        found = []
        copies = {one.id: one for one in self.world.quickbooks.invoices()}
        if row.state in (CopyState.QUEUED, CopyState.CREATING, CopyState.IN_DOUBT):
            found.append(f"{row.number} is still {row.state} ({row.reason}, {row.detail})")
        if row.state == CopyState.COPIED and row.books_id not in self.touched:
            copy = copies.get(row.books_id or "")
            if copy is None:
                found.append(f"{row.number} is said to be copied, and the copy {row.books_id} is not there")
            elif copy.total != row.total and row.number not in self.edited:
                found.append(f"the copy of {row.number} comes to {copy.total}, not {row.total}")
        is_marked = row.state in (CopyState.COPIED, CopyState.PRESENT)
        # What a person has taken out of its batch since is seen with the next listing.
        if is_marked and row.number not in self.edited and not self._is_batched(row.number):
            found.append(f"{row.number} is {row.state} and in no batch")
        if row.state == CopyState.AVAILABLE and row.books_id is not None:
            found.append(f"{row.number} is available and has a copy {row.books_id}")
        return found


def move_in_tool(world: World, random: Random) -> Copies:
    """The Sync Tool with an invoice of each company, whose customers have been chosen already."""
    copies = Copies(set_up(world), random)
    for identifier, name in COMPANIES:
        number = f"CW-{len(copies.numbers)}"
        copies.tool.bill(number, "70.00", company_identifier=identifier, company_name=name)
        copies.numbers.append(number)
    copies.tool.refresh()
    copies.tool.use_proposals(copies.tool.preview(*copies.numbers), create=True)
    return copies
