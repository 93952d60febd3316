"""`payments dismiss`, `take-back`, `own` and `sync-after-all`: a person's word about one payment or many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import Refusal
from cli.opening import find_organization, opened_context
from cli.output import AsJson, examples, print_json, print_table, say
from domain.money import money_text
from domain.payment_actions import PaymentAction
from workers.terminal import Column

if TYPE_CHECKING:
    from usecases.acting_on_payments import Stakes

COLUMNS = [Column("id"), Column("payment", wraps=True), Column("amount", right=True), Column("why not", wraps=True)]

Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="The payments' ids in QuickBooks.")]
Preview = Annotated[bool, typer.Option("--preview", help="Tell what it would mean, and change nothing.")]
Why = Annotated[str, typer.Option(help="Why, in a few words; others read it with the payment.")]


def add_actions(app: typer.Typer) -> None:
    """Puts these commands into the group."""
    for name, command, example in (
        ("dismiss", dismiss, 'payments dismiss northwind 4711 --why "settled by hand"'),
        ("take-back", take_back, "payments take-back northwind 4711 4712 --preview"),
        ("own", own, "payments own northwind 4711"),
        ("sync-after-all", sync_after_all, "payments sync-after-all northwind 4711"),
    ):
        app.command(name, epilog=examples(example))(command)


def dismiss(slug: Org, ids: Ids, why: Why = "", preview: Preview = False, as_json: AsJson = False) -> None:
    """Leaves payments as they are: they wait for nobody, until they change in QuickBooks."""
    _act(slug, PaymentAction.DISMISS, ids, why, preview=preview, as_json=as_json)


def take_back(slug: Org, ids: Ids, why: Why = "", preview: Preview = False, as_json: AsJson = False) -> None:
    """Removes from ConnectWise what we entered for these payments, and nothing else; they are not synced again."""
    _act(slug, PaymentAction.TAKE_BACK, ids, why, preview=preview, as_json=as_json)


def own(slug: Org, ids: Ids, preview: Preview = False, as_json: AsJson = False) -> None:
    """Marks payments as made by this platform: they are not external."""
    _act(slug, PaymentAction.MARK_OWN, ids, "", preview=preview, as_json=as_json)


def sync_after_all(slug: Org, ids: Ids, preview: Preview = False, as_json: AsJson = False) -> None:
    """Lets payments go again that a person dismissed, took back, or marked as own."""
    _act(slug, PaymentAction.SYNC_AFTER_ALL, ids, "", preview=preview, as_json=as_json)


def _act(slug: str, action: PaymentAction, ids: list[str], why: str, *, preview: bool, as_json: bool) -> None:
    from usecases.acting_on_payments import act_on_payments, preview_action
    from usecases.results import Rejected
    from usecases.stakes_out import StakesOut

    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        if preview:
            done = preview_action(context, organization_id, action, ids)
        else:
            done = act_on_payments(context, organization_id, action, ids, why)
    if isinstance(done, Rejected):
        raise Refusal(done.message)
    unknown = sorted(set(ids) - {one.external_id for one in done.payments})
    if as_json:
        print_json({**StakesOut.of(done).model_dump(mode="json"), "unknown": unknown})
    else:
        _print(done, unknown, preview=preview)
    if not preview and (done.refused or unknown):
        raise typer.Exit(1)


def _print(done: Stakes, unknown: list[str], *, preview: bool) -> None:
    rows = [
        (one.external_id, one.words, money_text(one.amount, one.currency), one.why_not) for one in done.payments
    ] + [(one, "", "", "There is no such payment.") for one in unknown]
    print_table(COLUMNS, rows, "There is no such payment.")
    sums = ", ".join(money_text(amount, currency) for amount, currency in done.sums)
    verb = "would be concerned" if preview else "done"
    say(f"{len(done.possible)} of {len(rows)} {verb}{f', together {sums}' if sums else ''}.")
