"""`payments`: where is my payment, why, and what is next."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import Refusal
from cli.groups import new_group
from cli.opening import find_organization, opened_context, opened_session
from cli.output import MOMENTS, AsJson, examples, print_json, print_table, say
from cli.paging import place_in
from cli.payment_actions import add_actions
from cli.payment_text import print_explained, print_story, total_text
from cli.undoing import add_undoing
from domain.cursors import Listed
from domain.money import amount_in
from domain.payment_order import PaymentOrder
from domain.reasons import Reason
from domain.status import STATUS_LABELS, PaymentStatus
from domain.words import Words
from workers.terminal import Column

if TYPE_CHECKING:
    from models.views.payment_rows import PaymentRow

COLUMNS = [
    Column("id"),
    Column("date"),
    Column("customer", wraps=True),
    Column("amount", right=True),
    Column("invoices", wraps=True),
    Column("status"),
    Column("why", wraps=True, place="below"),
    Column("seconds", right=True),
]

app = new_group()
add_actions(app)
add_undoing(app)

Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]
PaymentId = Annotated[str, typer.Argument(metavar="ID", help="The payment's id in QuickBooks.")]


@app.command(
    "list",
    epilog=examples(
        "payments list northwind",
        "payments list northwind --status needs_attention",
        'payments list northwind --search "Cascade" --json',
    ),
)
def list_(
    slug: Org,
    status: Annotated[PaymentStatus | None, typer.Option(help="Only these.")] = None,
    reason: Annotated[
        Reason | None, typer.Option(metavar="REASON", help="Only with this reason; docs/reasons.md has the list.")
    ] = None,
    search: Annotated[
        str, typer.Option(help="Part of a customer, reference or invoice number; an id; an amount.")
    ] = "",
    customer: Annotated[str, typer.Option(help="Part of the customer's name.")] = "",
    invoice: Annotated[str, typer.Option(help="Part of an invoice's number.")] = "",
    amount: Annotated[str, typer.Option(help="Exactly this much.")] = "",
    since: Annotated[
        datetime | None, typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="Dated this day or later.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="Dated this day or earlier.")
    ] = None,
    order: Annotated[PaymentOrder, typer.Option(help="What comes first.")] = PaymentOrder.NEWEST,
    limit: Annotated[int, typer.Option(min=1, max=500, help="So many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="`next_cursor` of the page before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Lists payments, the latest first: by their own date, then by the time at which they came in."""
    from models.views.documents import PaymentsOut
    from models.views.payment_filter import PaymentFilter
    from models.views.payment_list import list_payments
    from usecases.words import words_of

    if amount and amount_in(amount) is None:
        raise Refusal(f"'{amount}' is not an amount; write it like 1250.00")
    wanted = PaymentFilter(
        status=status,
        reason=reason,
        since=since.date() if since else None,
        until=until.date() if until else None,
        amount=amount_in(amount),
        customer=customer.strip(),
        invoice=invoice.strip(),
        search=search.strip(),
    )
    with opened_session() as session:
        organization = find_organization(session, slug)
        after = place_in(Listed.PAYMENTS, cursor)
        page = list_payments(session, organization.id, wanted, order=order, limit=limit, before_id=after)
        words = words_of(session, organization.id)
    document = PaymentsOut.of(page, words)
    if as_json:
        print_json(document.model_dump(mode="json"))
        return
    print_table(COLUMNS, [_cells(row, words) for row in page.rows], "There is no such payment.")
    if document.next_cursor is not None:
        say(f"There are more: --cursor {document.next_cursor}")


@app.command(epilog=examples("payments show northwind 4711", "payments show northwind 4711 --json"))
def show(slug: Org, payment_id: PaymentId, as_json: AsJson = False) -> None:
    """Tells a payment's whole story: events, decisions with every field, attempts, and what is next."""
    from models.views.documents import PaymentStoryOut
    from models.views.story import payment_story
    from usecases.words import words_of

    with opened_session() as session:
        organization = find_organization(session, slug)
        words = words_of(session, organization.id)
        story = payment_story(session, organization.id, payment_id, words)
    if story is None:
        raise Refusal(
            f"'{slug}' has no payment {payment_id}; if it is in QuickBooks, run: "
            f"python -m cli catch-up run {slug} --wait"
        )
    if as_json:
        print_json(PaymentStoryOut.of(story, words).model_dump(mode="json"))
    else:
        print_story(story, words)


@app.command(epilog=examples("payments explain northwind 4711 --at 2026-11-20T09:00"))
def explain(
    slug: Org,
    payment_id: PaymentId,
    at: Annotated[
        datetime, typer.Option(metavar="TIME", formats=MOMENTS, help="What was known at this moment, in UTC.")
    ],
    as_json: AsJson = False,
) -> None:
    """Tells what was known about a payment at an earlier moment, and what would be decided about it today.

    The decision in force then, what it was taken on, the preferences then, what was sent and what stood in the ledger.
    """
    from usecases.explained_out import ExplanationOut
    from usecases.explaining import explain_payment
    from usecases.results import Rejected

    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        found = explain_payment(context, organization_id, payment_id, at.replace(tzinfo=UTC))
    if isinstance(found, Rejected):
        raise Refusal(found.message)
    if as_json:
        print_json(ExplanationOut.of(found).model_dump(mode="json"))
    else:
        print_explained(found)


@app.command(epilog=examples("payments retry northwind 4711", "payments retry northwind 4711 --create-anyway"))
def retry(
    slug: Org,
    payment_id: PaymentId,
    create_anyway: Annotated[
        bool,
        typer.Option("--create-anyway", help="Also create it beside a similar payment that is there already."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Lets a held payment go again, after its cause has been removed. What is on the wire is left alone."""
    from usecases.results import Rejected
    from usecases.retry import retry_payment

    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        report = retry_payment(context, organization_id, payment_id, create_anyway)
    if isinstance(report, Rejected):
        raise Refusal(report.message)
    if as_json:
        parts = {"revived": report.revived, "decided_again": report.decided_again, "on_the_wire": report.on_the_wire}
        print_json({**parts, "message": report.message})
    else:
        say(report.message)


@app.command(epilog=examples("payments link northwind 4711 --to 77"))
def link(
    slug: Org,
    payment_id: PaymentId,
    to: Annotated[str, typer.Option("--to", metavar="CONNECTWISE_PAYMENT", help="The payment in ConnectWise.")],
    as_json: AsJson = False,
) -> None:
    """Same money: links one of the payments that `payments show` lists as seen in ConnectWise, and creates none."""
    from usecases.linking import link_payment
    from usecases.results import Rejected

    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        report = link_payment(context, organization_id, payment_id, to)
    if isinstance(report, Rejected):
        raise Refusal(report.message)
    if as_json:
        print_json({"target_payment_id": to, "linked": report.linked, "message": report.message})
    else:
        say(report.message)


def _cells(row: PaymentRow, words: Words) -> tuple[object, ...]:
    seconds = [part.synced_seconds for part in row.counting if part.synced_seconds is not None]
    return (
        row.external_id,
        row.paid_on,
        row.customer,
        total_text(row),
        " ".join(part.invoice_number or part.document_id or part.kind for part in row.counting),
        STATUS_LABELS[row.status],
        words.sentence(row.reason) if row.reason else "Not decided yet.",
        f"{max(seconds):.1f}" if seconds else "",
    )
