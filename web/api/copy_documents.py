"""How the Sync Tool's invoices, runs and customers look in JSON."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field

from domain.copying.billed import InvoiceKind
from domain.copying.booked import NameOwner
from domain.copying.reasons import CopyReason, copy_advice, copy_sentence
from domain.copying.states import CopyAction, CopyState, ItemState, RunState
from domain.cursors import Listed, cursor_after
from domain.money import plain_amount
from domain.words import Words
from models.billed_invoices import BilledInvoiceRow
from models.billed_lists import BilledList
from models.copy_runs import CopyRun
from models.customer_links import CustomerLink
from models.views.copies import CopyPage, ItemRow, LinkPage, SumOf
from models.views.documents import Amount, Cursor, Moment
from web.copy_previews import preview_from


class CopyReasonOut(BaseModel):
    code: CopyReason
    sentence: str
    advice: str

    @classmethod
    def of(cls, reason: str | None, words: Words) -> "CopyReasonOut | None":
        if not reason:
            return None
        known = CopyReason(reason)
        return cls(code=known, sentence=copy_sentence(words, known), advice=copy_advice(words, known))


class CopyOut(BaseModel):
    """One Closed invoice of the biller, and what became of it. `source_id` is its copy in the books."""

    id: int
    number: str
    target_id: str
    source_id: str | None
    kind: InvoiceKind
    issued_on: date | None
    due_on: date | None
    currency: str | None
    total: Amount
    copied_total: Annotated[Amount | None, Field(description="what the copy in the books comes to")]
    bill_to: str
    company_id: str
    company: str
    location: str
    state: CopyState
    reason: CopyReasonOut | None
    detail: str
    batch: str | None
    copied_at: Moment | None

    @classmethod
    def of(cls, row: BilledInvoiceRow, words: Words) -> "CopyOut":
        copied = None if row.books_total is None else plain_amount(row.books_total, row.currency)
        return cls(
            id=row.id,
            number=row.number,
            target_id=row.external_id,
            source_id=row.books_id,
            kind=InvoiceKind(row.kind),
            issued_on=row.issued_on,
            due_on=row.due_on,
            currency=row.currency,
            total=plain_amount(row.total, row.currency),
            copied_total=copied,
            bill_to=row.bill_to,
            company_id=row.company_id,
            company=row.company,
            location=row.location,
            state=CopyState(row.state),
            reason=CopyReasonOut.of(row.reason, words),
            detail=row.detail,
            batch=row.batch_identifier,
            copied_at=row.copied_at,
        )


class ListingOut(BaseModel):
    """How far the biller's list has been read; `failure` is empty if the last reading ended well."""

    read_at: Moment | None
    is_being_read: bool
    failure: str

    @classmethod
    def of(cls, row: BilledList | None, *, is_being_read: bool) -> "ListingOut":
        return cls(
            read_at=row.finished_at if row else None, is_being_read=is_being_read, failure=row.failure if row else ""
        )


class CopiesOut(BaseModel):
    """A page of the biller's Closed invoices; `next_cursor` asks for the next page and is null on the last one."""

    listing: ListingOut
    invoices: list[CopyOut]
    next_cursor: Cursor

    @classmethod
    def of(cls, page: CopyPage, listing: ListingOut, words: Words) -> "CopiesOut":
        return cls(
            listing=listing,
            invoices=[CopyOut.of(row, words) for row in page.rows],
            next_cursor=cursor_after(Listed.COPIES, page.next_after),
        )


class CopySumOut(BaseModel):
    count: int
    amount: Amount
    currency: str | None


class RunOut(BaseModel):
    """What was asked of the Sync Tool, and how far it is. `sums` are of what is ready or done."""

    id: int
    action: CopyAction
    state: RunState
    counts: Annotated[dict[ItemState, int], Field(description="how many of its invoices are in each state")]
    waits_for: Annotated[str, Field(description="why it does not go on at the moment; empty while it does")]
    started_by: str
    started_at: Moment
    confirmed_by: str
    confirmed_at: Moment | None
    ended_at: Moment | None

    @classmethod
    def of(cls, run: CopyRun, counts: Mapping[ItemState, int]) -> "RunOut":
        return cls(
            id=run.id,
            action=CopyAction(run.action),
            state=RunState(run.state),
            counts={state: count for state, count in counts.items() if count},
            waits_for=run.waits_for,
            started_by=run.started_by,
            started_at=run.started_at,
            confirmed_by=run.confirmed_by,
            confirmed_at=run.confirmed_at,
            ended_at=run.ended_at,
        )


class RunDetailsOut(BaseModel):
    """A run with the sums of what would be, or was, done."""

    run: RunOut
    sums: list[CopySumOut]

    @classmethod
    def of(cls, run: RunOut, sums: Iterable[SumOf]) -> "RunDetailsOut":
        told = [
            CopySumOut(count=one.count, amount=plain_amount(one.total, one.currency), currency=one.currency)
            for one in sums
        ]
        return cls(run=run, sums=told)


class RunsOut(BaseModel):
    """A page of runs, the newest first; `next_cursor` asks for the next page and is null on the last one."""

    runs: list[RunOut]
    next_cursor: Cursor


class CopyLineOut(BaseModel):
    item_id: str
    description: str
    amount: Amount
    tax_code_id: str


class CopyPreviewOut(BaseModel):
    """What would be written for one invoice; whatever does not apply is empty."""

    customer: str
    creates_customer: str
    adopts: Annotated[str, Field(description="the invoice of the books that is taken for the copy")]
    deletes: Annotated[str, Field(description="the copy that would be deleted")]
    due_on: date | None
    lines: list[CopyLineOut]
    tax: Amount | None
    total: Amount | None


class RunItemOut(BaseModel):
    """One invoice of a run, with what the preview says about it."""

    id: int
    invoice_id: int
    number: str
    target_id: str
    source_id: str | None
    customer: str
    issued_on: date | None
    currency: str | None
    total: Amount
    state: ItemState
    reason: CopyReasonOut | None
    detail: str
    preview: CopyPreviewOut | None
    ended_at: Moment | None

    @classmethod
    def of(cls, row: ItemRow, words: Words) -> "RunItemOut":
        item, invoice = row.item, row.invoice
        return cls(
            id=item.id,
            invoice_id=invoice.id,
            number=invoice.number,
            target_id=invoice.external_id,
            source_id=item.books_id or invoice.books_id,
            customer=invoice.bill_to or invoice.company,
            issued_on=invoice.issued_on,
            currency=invoice.currency,
            total=plain_amount(invoice.total, invoice.currency),
            state=ItemState(item.state),
            reason=CopyReasonOut.of(item.reason, words),
            detail=item.detail,
            preview=_preview(row),
            ended_at=item.ended_at,
        )


def _preview(row: ItemRow) -> CopyPreviewOut | None:
    if row.item.preview is None:
        return None
    found, currency = preview_from(row.item.preview), row.invoice.currency
    return CopyPreviewOut(
        customer=found.customer,
        creates_customer=found.creates_customer,
        adopts=found.adopts,
        deletes=found.deletes,
        due_on=found.due_on,
        lines=[
            CopyLineOut(
                item_id=line.item_id,
                description=line.description,
                amount=plain_amount(line.amount, currency),
                tax_code_id=line.tax_code_id,
            )
            for line in found.lines
        ],
        tax=None if found.tax is None else plain_amount(found.tax, currency),
        total=None if found.total is None else plain_amount(found.total, currency),
    )


class RunItemsOut(BaseModel):
    """A page of a run's invoices; `next_cursor` asks for the next page and is null on the last one."""

    items: list[RunItemOut]
    next_cursor: Cursor

    @classmethod
    def of(cls, found: Sequence[ItemRow], limit: int, words: Words) -> "RunItemsOut":
        """A page of so many items, of which one more was asked for."""
        shown = found[:limit]
        following = shown[-1].item.id if len(found) > limit else None
        return cls(
            items=[RunItemOut.of(one, words) for one in shown], next_cursor=cursor_after(Listed.RUN_ITEMS, following)
        )


class ProposalOut(BaseModel):
    """Who in the books has the company's name; only an active customer can be taken."""

    id: str
    name: str
    owner: NameOwner
    active: bool


class CustomerOut(BaseModel):
    """A company of the biller, and the customer of the books that was chosen for it."""

    company_id: str
    company: str
    customer_id: str | None
    customer: str
    create_as: Annotated[str | None, Field(description="a customer with this name is created before the first copy")]
    proposal: ProposalOut | None
    chosen_by: str
    chosen_at: Moment | None

    @classmethod
    def of(cls, link: CustomerLink) -> "CustomerOut":
        found = link.proposal
        proposal = None
        if found is not None:
            proposal = ProposalOut(id=found.external_id, name=found.name, owner=found.owner, active=found.active)
        return cls(
            company_id=link.company_id,
            company=link.company,
            customer_id=link.customer_id,
            customer=link.customer,
            create_as=link.create_as,
            proposal=proposal,
            chosen_by=link.chosen_by,
            chosen_at=link.chosen_at,
        )


class CustomersOut(BaseModel):
    """A page of companies by name; `next_cursor` asks for the next page and is null on the last one."""

    customers: list[CustomerOut]
    next_cursor: Cursor

    @classmethod
    def of(cls, page: LinkPage) -> "CustomersOut":
        return cls(
            customers=[CustomerOut.of(link) for link in page.links],
            next_cursor=cursor_after(Listed.CUSTOMERS, page.next_after),
        )
