"""Payments: the list, narrowed and sorted as its address says, and the same as a table to save."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from domain.money import plain_amount
from domain.payment_actions import PaymentAction
from domain.status import STATUS_LABELS, PaymentStatus
from domain.words import Words
from models.views.payment_list import PAGE_SIZE_MAX, count_by_reason, count_by_status, list_payments
from models.views.payment_rows import PaymentRow
from usecases.acting_on_payments import PAYMENTS_PER_ACTION_MAX
from usecases.words import words_of
from web.pages import render
from web.payment_filters import Narrowed, NarrowedPayments
from web.signed_in import InOrganization, Member, context_of
from web.table_file import table_file
from web.wording import invoice_labels
from web.writing import Writing, writing_of

router = APIRouter(include_in_schema=False)

ROWS_PER_PAGE = 50
# A spreadsheet with more rows is no longer read by a person; a filter by date gives the rest.
ROWS_IN_TABLE_MAX = 20_000
CSV_HEADS = (
    "QuickBooks id",
    "Date",
    "Customer",
    "Amount",
    "Currency",
    "Invoices",
    "Reference",
    "Status",
    "Why",
    "ConnectWise payments",
)
# The largest row id that both databases know.
ID_MAX = 2**63 - 1


DONE_WORDS = {
    PaymentAction.RETRY: "being checked again",
    PaymentAction.DISMISS: "dismissed",
    PaymentAction.TAKE_BACK: "being removed from ConnectWise",
    PaymentAction.MARK_OWN: "marked as our own",
    PaymentAction.SYNC_AFTER_ALL: "being decided again",
}

# What makes sense for payments of a status; a list of all of them offers everything.
ACTIONS_AT: Mapping[PaymentStatus | None, tuple[PaymentAction, ...]] = {
    PaymentStatus.NEEDS_ATTENTION: (
        PaymentAction.RETRY,
        PaymentAction.DISMISS,
        PaymentAction.MARK_OWN,
        PaymentAction.TAKE_BACK,
    ),
    PaymentStatus.WAITING: (PaymentAction.RETRY, PaymentAction.DISMISS, PaymentAction.MARK_OWN),
    PaymentStatus.ON_ITS_WAY: (PaymentAction.TAKE_BACK,),
    PaymentStatus.SYNCED: (PaymentAction.TAKE_BACK,),
    PaymentStatus.SKIPPED: (PaymentAction.RETRY, PaymentAction.SYNC_AFTER_ALL, PaymentAction.MARK_OWN),
}
Count = Annotated[int, Query(ge=0, le=PAYMENTS_PER_ACTION_MAX)]
BeforeId = Annotated[int | None, Query(ge=1, le=ID_MAX)]


@router.get("/payments")
def payments_page(
    request: Request,
    member: InOrganization,
    narrowed: Narrowed,
    before: BeforeId = None,
    done: str = "",
    count: Count = 0,
    refused: Count = 0,
) -> Response:
    notice = done_sentence(PaymentAction(done), count, refused) if done in list(PaymentAction) else None
    values = list_values(request, member, narrowed, before)
    return render(request, "payments.html", viewer=member.viewer, notice=notice, **values)


def done_sentence(what: PaymentAction, count: int, refused: int) -> str:
    """What became of an action on many payments."""
    some = f"{count:,} payment{'' if count == 1 else 's'} {'is' if count == 1 else 'are'} {DONE_WORDS[what]}."
    left = f" {refused:,} could not be, because they have changed since you looked." if refused else ""
    return some + left


@router.get("/live/payments")
def payments_fragment(
    request: Request, member: InOrganization, narrowed: Narrowed, before: BeforeId = None
) -> Response:
    return render(request, "payments_live.html", viewer=member.viewer, **list_values(request, member, narrowed, before))


@router.get("/payments.csv")
def payments_as_table(request: Request, member: InOrganization, narrowed: Narrowed) -> Response:
    """What is filtered, in its order; the first rows if there are very many."""
    rows: list[PaymentRow] = []
    with context_of(request).database.reading() as session:
        words = words_of(session, member.organization_id)
        before: int | None = None
        while len(rows) < ROWS_IN_TABLE_MAX:
            page = list_payments(
                session,
                member.organization_id,
                narrowed.wanted,
                order=narrowed.order,
                limit=PAGE_SIZE_MAX,
                before_id=before,
            )
            rows += page.rows
            before = page.next_before_id
            if before is None:
                break
    writing = writing_of(member.organization.locality)
    heads = (*CSV_HEADS, f"Last change ({writing.locality.time_zone})")
    return table_file("payments.csv", heads, [_cells(row, words, writing) for row in rows])


def _cells(row: PaymentRow, words: Words, writing: Writing) -> list[str]:
    return [
        row.external_id,
        row.paid_on.isoformat() if row.paid_on else "",
        row.customer,
        plain_amount(row.total, row.currency),
        row.currency or "",
        ", ".join(invoice_labels(row)),
        row.reference,
        STATUS_LABELS[row.status],
        words.sentence(row.reason) if row.reason else "",
        ", ".join(part.target_payment_id for part in row.counting if part.target_payment_id),
        writing.cell(row.updated_at),
    ]


def list_values(
    request: Request, member: Member, narrowed: NarrowedPayments, before: int | None = None
) -> dict[str, Any]:
    """Everything that the list shows."""
    with context_of(request).database.reading() as session:
        page = list_payments(
            session,
            member.organization_id,
            narrowed.wanted,
            order=narrowed.order,
            limit=ROWS_PER_PAGE,
            before_id=before,
        )
        counts = count_by_status(session, member.organization_id)
        reasons = count_by_reason(session, member.organization_id)
        words = words_of(session, member.organization_id)
    older = page.next_before_id
    return {
        "rows": page.rows,
        "words": words,
        "counts": counts,
        "reasons": reasons,
        "narrowed": narrowed,
        "on_page": ",".join(row.external_id for row in page.rows),
        "actions": ACTIONS_AT.get(narrowed.wanted.status, tuple(PaymentAction)),
        "is_first": before is None,
        "older_query": narrowed.as_query(before=older) if older is not None else None,
        "newest_query": narrowed.as_query(),
        "live_query": narrowed.as_query(before=before or ""),
    }
