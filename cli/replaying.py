"""`operator replay`, `replays`, `replay-confirm`, `-stop` and `-continue`: retrying held payments by a filter."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import Refusal
from cli.held_options import OfOrganization, OfReason, OfStatus, Since, Until, chosen_payments
from cli.opening import opened_context, opened_database
from cli.output import AsJson, examples, moment_text, print_json, print_table, say
from domain.money import money_text
from workers.terminal import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks.context import Context
    from usecases.replays_out import ReplayOut
    from usecases.results import Rejected

LISTED_MAX = 20

ReplayId = Annotated[int, typer.Argument(metavar="ID", help="As `operator replays` lists it.")]
Name = Annotated[str, typer.Option("--name", help="Says why; it stands with each payment that is retried.")]
Preview = Annotated[bool, typer.Option("--preview", help="Tell what it would mean, and retry nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def add_replaying(app: typer.Typer) -> None:
    """Puts these commands into the group."""
    filtered = 'operator replay --name "after the outage" --reason target_refused'
    app.command("replay", epilog=examples(f"{filtered} --preview", f"{filtered} --org northwind --yes"))(replay)
    app.command("replays", epilog=examples("operator replays", "operator replays --json"))(replays_)
    app.command("replay-confirm", epilog=examples("operator replay-confirm 3"))(replay_confirm)
    app.command("replay-stop", epilog=examples("operator replay-stop 3"))(replay_stop)
    app.command("replay-continue", epilog=examples("operator replay-continue 3"))(replay_continue)


def replay(
    name: Name,
    org: OfOrganization = "",
    status: OfStatus = None,
    reason: OfReason = None,
    since: Since = None,
    until: Until = None,
    preview: Preview = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Retries the held payments that the filter finds, of all organizations, after a preview and a word.

    The payments are listed once; one that has changed before its turn comes is left. The workers do it.
    """
    from usecases.replaying import ask_replay, confirm_replay
    from usecases.results import Rejected

    if not (preview or yes or sys.stdin.isatty()):
        raise Refusal("nobody is at the terminal to confirm it; add --preview or --yes")
    with opened_context() as context:
        with context.database.reading() as session:
            wanted = chosen_payments(session, org, status, reason, since, until)
        asked = ask_replay(context, name, wanted)
        if isinstance(asked, Rejected):
            raise Refusal(asked.message)
        found = _out(context, asked)
        if not as_json:
            _print(found)
        if not preview:
            if not yes:
                typer.confirm(f"Retry {found.payments:,} payments?", abort=True, err=True)
            refused = confirm_replay(context, asked)
            if refused is not None:
                raise Refusal(refused.message)
            found = _out(context, asked)
    if as_json:
        print_json(found.as_json())
    elif preview:
        say(f"Nothing is retried yet; the preview is kept for a day: python -m cli operator replay-confirm {asked}")
    else:
        say("The workers retry them now. How far they are: python -m cli operator replays")


def replays_(as_json: AsJson = False) -> None:
    """Lists the latest requests, and how far each of them is."""
    from models.replays import replays
    from usecases.replays_out import replay_out

    with opened_database() as database, database.reading() as session:
        found = [replay_out(session, one) for one in replays(session, LISTED_MAX)]
    if as_json:
        print_json([one.as_json() for one in found])
        return
    rows = [
        (
            one.id,
            one.name,
            one.state,
            moment_text(one.asked_at),
            one.asked_by,
            f"{one.looked_at:,} of {one.payments:,}",
            one.organizations,
            ", ".join(f"{count:,} {status}" for status, count in one.outcomes.items()),
        )
        for one in found
    ]
    columns: list[str | Column] = [
        "id",
        Column("name", wraps=True),
        "state",
        "asked for",
        "by",
        Column("payments", right=True),
        Column("orgs", right=True),
        Column("by now", wraps=True),
    ]
    print_table(columns, rows, "Nothing was retried by a filter.")


def replay_confirm(replay_id: ReplayId, as_json: AsJson = False) -> None:
    """Retries exactly what was previewed."""
    from usecases.replaying import confirm_replay

    _change(replay_id, confirm_replay, "The workers retry them now.", as_json=as_json)


def replay_stop(replay_id: ReplayId, as_json: AsJson = False) -> None:
    """Retries no more payments of this request. What was retried already goes on."""
    from usecases.replaying import stop_replay

    _change(replay_id, stop_replay, "Stopped.", as_json=as_json)


def replay_continue(replay_id: ReplayId, as_json: AsJson = False) -> None:
    """Goes on with a request that was stopped."""
    from usecases.replaying import continue_replay

    _change(replay_id, continue_replay, "The workers go on.", as_json=as_json)


def _change(replay_id: int, change: Callable[[Context, int], Rejected | None], done: str, *, as_json: bool) -> None:
    with opened_context() as context:
        refused = change(context, replay_id)
        if refused is not None:
            raise Refusal(refused.message)
        found = _out(context, replay_id)
    if as_json:
        print_json(found.as_json())
    else:
        say(done)


def _out(context: Context, replay_id: int) -> ReplayOut:
    from models.replays import replay_by_id
    from usecases.replays_out import replay_out

    with context.database.reading() as session:
        row = replay_by_id(session, replay_id)
        if row is None:
            raise Refusal("there is no such request; see: python -m cli operator replays")
        return replay_out(session, row)


def _print(found: ReplayOut) -> None:
    rows = [(f"{one.payments:,}", money_text(one.total, one.currency), one.reason or "") for one in found.counts]
    print_table([Column("payments", right=True), Column("amount", right=True), "held for"], rows, "Nothing is held.")
    say()
    together = " + ".join(money_text(total, currency) for currency, total in found.sums.items())
    payments = "1 payment" if found.payments == 1 else f"{found.payments:,} payments"
    organizations = "1 organization" if found.organizations == 1 else f"{found.organizations:,} organizations"
    say(f"{payments} of {organizations}, together {together}.")
