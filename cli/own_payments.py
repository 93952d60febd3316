"""`own-payments`: payments in QuickBooks that this platform made itself; they are not external."""

import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from cli.failures import Refusal
from cli.groups import new_group
from cli.opening import find_organization, opened_context
from cli.output import AsJson, examples, print_json, say
from domain.ingest.own_payments import intent_of
from domain.typed_values import Problem, read_amount

app = new_group()


@app.command(epilog=examples("own-payments add northwind 4711 4712", "own-payments add northwind --file ids.txt"))
def add(
    slug: Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")],
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of payments in QuickBooks.")] = None,
    file: Annotated[Path | None, typer.Option(help="A file with one id per line; - reads it from the pipe.")] = None,
    as_json: AsJson = False,
) -> None:
    """Registers payments as the platform's own, also such that nobody has told us of yet."""
    from usecases.own_payments import register

    chosen = [*(ids or []), *(_lines(file) if file is not None else [])]
    if not any(one.strip() for one in chosen):
        raise Refusal("name at least one id, or a --file with some")
    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        try:
            new = register(context, organization_id, chosen)
        except (LookupError, ValueError) as error:
            raise Refusal(str(error)) from None
    if as_json:
        print_json({"registered": new})
    else:
        say(f"{new} registered that were not known as own before.")


@app.command(
    epilog=examples(
        "own-payments intend northwind --marker pay-7c1e2f90 --amount 125.00 --date 2026-11-20 --invoice-id 70",
        "own-payments intend northwind --marker pay-7c1e2f91 --amount 125.00 --date 2026-11-20"
        " --invoice 70=60.00 --invoice 71=40.00",
    )
)
def intend(
    slug: Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")],
    marker: Annotated[str, typer.Option(help="What stands in the payment's PrivateNote or PaymentRefNum.")],
    amount: Annotated[str, typer.Option(help="Such as 125.00")],
    day: Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="The payment's date.")],
    invoice_id: Annotated[
        str | None, typer.Option(help="QuickBooks' id of the invoice that gets all of the payment.")
    ] = None,
    invoice: Annotated[
        list[str] | None,
        typer.Option(metavar="ID=AMOUNT", help="What an invoice gets; may be repeated, and the rest is on account."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Announces a payment before it is posted to QuickBooks, so that nobody takes it for an external one meanwhile."""
    from usecases.own_payments import register_intent

    if (invoice_id is None) == (not invoice):
        raise Refusal("name either --invoice-id, or what each --invoice gets")
    total = _amount(amount)
    parts = [(invoice_id, total)] if invoice_id is not None else [_part(one) for one in invoice or []]
    intent = intent_of(marker, total, day.date(), parts)
    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        try:
            new = register_intent(context, organization_id, intent)
        except (LookupError, ValueError) as error:
            raise Refusal(str(error)) from None
    if as_json:
        print_json({"registered": new})
    else:
        say("Announced." if new else "It was announced before.")


def _part(text: str) -> tuple[str, Decimal]:
    invoice_id, _, amount = text.partition("=")
    return invoice_id.strip(), _amount(amount)


def _amount(text: str) -> Decimal:
    amount = read_amount(text.strip())
    if isinstance(amount, Problem):
        raise Refusal(f"the amount {amount.sentence}")
    return amount


def _lines(file: Path) -> list[str]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal(f"{file} is not UTF-8 text") from None
    except OSError as error:
        raise Refusal(f"{file}: {error.strerror}") from None
    return text.splitlines()
