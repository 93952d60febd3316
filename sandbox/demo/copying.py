"""The story of the Sync Tool: closed ConnectWise invoices are copied into QuickBooks, paid there, and paid here too."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from domain.copying.billed import LineKind
from domain.copying.states import CopyAction, CopyState, ItemState, RunState
from domain.money import money_text
from domain.reasons import Reason
from models.billed_invoices import BilledInvoiceRow, billed_with_number
from models.copy_runs import run_by_id
from models.database import Session
from models.views.copies import list_items, sums_of_run
from sandbox.demo.stage import DemoInvoice, Expected, Row, Stage, StoryFailed
from usecases.copy_choices import accept_proposals, change_terms
from usecases.copying import check_again, confirm_run, current_list, refresh_list, start_run
from usecases.results import Rejected

T = TypeVar("T")
ACCOUNTANT = "the accountant"


def copied_then_paid(stage: Stage) -> Sequence[Row]:
    """Three of four closed invoices are copied, the first one is typed by hand; one payment pays all four."""
    item = stage.quickbooks.add_item("Managed Services", realm_id=stage.tenant.realm_id)
    _do(stage, lambda: change_terms(stage.context, stage.tenant.organization_id, {"items": {LineKind.SERVICE: item}}))
    by_hand, *to_copy = [stage.closed_invoice(total) for total in ("150.00", "1310.25", "640.75", "89.99")]
    _read_list(stage)
    copied = _copy(stage, to_copy)
    by_hand = stage.type_into_books(by_hand)
    total = str(sum((Decimal(one.total) for one in (by_hand, *copied)), Decimal(0)))
    payment = stage.pay(total, *((one, one.total) for one in (by_hand, *copied)))
    return stage.until(
        payment,
        Expected(Reason.INVOICE_NOT_SYNCED, by_hand),
        *(Expected(Reason.SYNCED, one, amounts=(one.total,)) for one in copied),
    )


def _read_list(stage: Stage) -> None:
    organization_id = stage.tenant.organization_id
    stage.say("The accountant asks for ConnectWise's closed invoices.")
    _do(stage, lambda: refresh_list(stage.context, organization_id))

    def is_read(session: Session) -> bool:
        listed = current_list(session, organization_id)
        return listed is not None and listed.finished_at is not None

    def has_failed(session: Session) -> bool:
        listed = current_list(session, organization_id)
        return listed is not None and bool(listed.failure)

    def ask_again() -> None:
        """By itself it would be tried again after minutes; whoever sees that it failed does not wait for that."""
        if _read(stage, has_failed):
            _do(stage, lambda: refresh_list(stage.context, organization_id))

    _wait(stage, is_read, "the list of closed invoices was never read", meanwhile=ask_again)


def _copy(stage: Stage, chosen: Sequence[DemoInvoice]) -> list[DemoInvoice]:
    """Previews, chooses the customer, copies; returns the invoices with their ids in QuickBooks."""
    context, organization_id = stage.context, stage.tenant.organization_id
    ids = {row.id for row in _rows(stage, chosen)}
    run_id = _do(stage, lambda: start_run(context, organization_id, CopyAction.COPY, ids, ACCOUNTANT)).run_id
    _wait_for_run(stage, run_id, RunState.CHECKED)
    stage.say(f"The preview: {_told(stage, run_id)}. The accountant accepts the customer that has the same name.")
    _do(stage, lambda: accept_proposals(context, organization_id, ACCOUNTANT))
    _do(stage, lambda: check_again(context, organization_id, run_id))
    _wait_for_run(stage, run_id, RunState.CHECKED)
    stage.say(f"The preview: {_told(stage, run_id)}. The accountant says yes.")
    _do(stage, lambda: confirm_run(context, organization_id, run_id, ACCOUNTANT))
    _wait_for_run(stage, run_id, RunState.DONE)
    rows = {row.number: row for row in _rows(stage, chosen)}
    for row in rows.values():
        if row.state != CopyState.COPIED.value:
            raise StoryFailed(f"{row.number} was not copied: {row.state}, {row.reason} {row.detail}")
    stage.say(f"{len(rows)} invoices are in QuickBooks, each in a batch in ConnectWise; the accountant pays them.")
    return [replace(one, quickbooks_id=rows[one.number].books_id or "") for one in chosen]


def _told(stage: Stage, run_id: int) -> str:
    def read(session: Session) -> str:
        ready = sums_of_run(session, run_id, {ItemState.READY})
        problems = len(list_items(session, run_id, states={ItemState.PROBLEM}))
        sums = [f"{one.count} can be copied, {money_text(one.total, one.currency)}" for one in ready]
        return ", ".join([*sums, f"{problems} cannot"] if problems or not sums else sums)

    return _read(stage, read)


def _rows(stage: Stage, chosen: Sequence[DemoInvoice]) -> Sequence[BilledInvoiceRow]:
    numbers = {one.number for one in chosen}
    return _read(stage, lambda session: billed_with_number(session, stage.tenant.organization_id, numbers))


# --- waiting ---


def _wait_for_run(stage: Stage, run_id: int, state: RunState) -> None:
    def is_there(session: Session) -> bool:
        run = run_by_id(session, stage.tenant.organization_id, run_id)
        return run is not None and run.state == state.value

    _wait(stage, is_there, f"the run was never {state.value}")


def _wait(
    stage: Stage, is_there: Callable[[Session], bool], otherwise: str, meanwhile: Callable[[], None] = lambda: None
) -> None:
    while not _read(stage, is_there):
        if stage.patience.is_over:
            raise StoryFailed(otherwise)
        meanwhile()
        stage.patience.pause()
    stage.patience.news()


def _read(stage: Stage, look: Callable[[Session], T]) -> T:
    def read() -> T:
        with stage.context.database.reading() as session:
            return look(session)

    return stage.patience.with_database(read)


def _do(stage: Stage, action: Callable[[], T | Rejected]) -> T:
    result = stage.patience.with_database(action)
    if isinstance(result, Rejected):
        raise StoryFailed(result.message)
    return result
