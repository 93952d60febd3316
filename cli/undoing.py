"""`payments undo`, `undos`, `undo-stop` and `undo-continue`: taking back what was entered in a span of time."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import Refusal
from cli.opening import find_organization, opened_context, opened_session
from cli.output import MOMENTS, AsJson, examples, is_terminal, moment_text, note, print_json, print_table, say
from domain.money import money_text
from workers.terminal import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.undos import Undo
    from tasks.context import Context
    from usecases.results import Rejected
    from usecases.undo_out import UndoLineOut, UndoOut

POLL_SECONDS = 0.2
NEWS_SECONDS = 1.0
# A worker that holds the lane and does not move for so long has died; its lease runs out before that.
PATIENCE_SECONDS = 120.0
LISTED_MAX = 20
_COLUMNS = [Column("parts", right=True), Column("amount", right=True), Column("what", wraps=True)]

Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]
UndoId = Annotated[int, typer.Argument(metavar="ID", help="As `payments undos` lists it.")]
Since = Annotated[
    datetime, typer.Option(metavar="TIME", formats=MOMENTS, help="What was entered from this moment on, in UTC.")
]
Until = Annotated[
    datetime | None, typer.Option(metavar="TIME", formats=MOMENTS, help="And before this one, in UTC; else until now.")
]
Preview = Annotated[bool, typer.Option("--preview", help="Tell what would be removed and what stays; change nothing.")]
Why = Annotated[str, typer.Option(help="Why, in a few words; others read it with each payment.")]
Confirm = Annotated[
    str, typer.Option(metavar="ORG", help="The organization's short name once more, where nobody can be asked.")
]


def add_undoing(app: typer.Typer) -> None:
    """Puts these commands into the group."""
    since = "payments undo northwind --since 2026-11-20T09:00"
    app.command("undo", epilog=examples(f"{since} --preview", f'{since} --until 2026-11-21 --why "wrong company"'))(
        undo
    )
    app.command("undos", epilog=examples("payments undos northwind", "payments undos northwind --json"))(undos)
    app.command("undo-stop", epilog=examples("payments undo-stop northwind 3"))(undo_stop)
    app.command("undo-continue", epilog=examples("payments undo-continue northwind 3"))(undo_continue)


def undo(
    slug: Org,
    since: Since,
    until: Until = None,
    preview: Preview = False,
    why: Why = "",
    confirm: Confirm = "",
    as_json: AsJson = False,
) -> None:
    """Removes from ConnectWise what we entered there in a span of time, after a preview and a typed confirmation.

    What a person entered or changed stays. The payments are not synced again unless somebody says so.
    """
    from usecases.results import Rejected
    from usecases.undoing import ask_undo, confirm_undo

    if not (preview or confirm or sys.stdin.isatty()):
        raise Refusal(f"nobody is at the terminal to confirm it; add --preview or --confirm {slug}")
    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        ends = until.replace(tzinfo=UTC) if until else None
        asked = ask_undo(context, organization_id, since.replace(tzinfo=UTC), ends, why)
        if isinstance(asked, Rejected):
            raise Refusal(asked.message)
        found = _judged(context, organization_id, asked)
        if not preview:
            if not as_json:
                _print(found)
            if not found.possible:
                raise Refusal("there is nothing in this span that can be taken back")
            typed = confirm or typer.prompt(f"Type {slug} to remove this from ConnectWise", err=True)
            refused = confirm_undo(context, organization_id, asked, typed)
            if refused is not None:
                raise Refusal(refused.message)
            found = _out(context, organization_id, asked)
    if as_json:
        print_json(found.model_dump(mode="json"))
    elif preview:
        _print(found)
        say("Nothing was changed.")
    else:
        say(f"The workers remove it now. How far they are: python -m cli payments undos {slug}")


def undos(slug: Org, as_json: AsJson = False) -> None:
    """Lists the spans that were taken back or previewed, the latest first, and how far each of them is."""
    from models.undos import undos_of
    from usecases.undo_out import UndoOut
    from usecases.words import words_of

    with opened_session() as session:
        organization_id = find_organization(session, slug).id
        words = words_of(session, organization_id)
        found = [UndoOut.of(session, one, words) for one in undos_of(session, organization_id, LISTED_MAX)]
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    rows = [
        (
            one.id,
            one.state,
            moment_text(one.since),
            moment_text(one.until),
            f"{one.payments_gone_through:,} of {one.payments:,}",
            _sums(one.possible or one.taken_back),
            _sums(one.stays),
            one.confirmed_by or one.asked_by,
        )
        for one in found
    ]
    names = ("id", "state", "from", "before", "payments", "taken back", "stays", "by")
    columns = [Column(name, right=name == "payments") for name in names]
    print_table(columns, rows, "No span has been taken back.")


def undo_stop(slug: Org, undo_id: UndoId, as_json: AsJson = False) -> None:
    """Takes back no more payments of a span. What has been taken back already is removed all the same."""
    from usecases.undoing import stop_undo

    _change(slug, undo_id, stop_undo, "Stopped.", as_json=as_json)


def undo_continue(slug: Org, undo_id: UndoId, as_json: AsJson = False) -> None:
    """Goes on with a span that was stopped."""
    from usecases.undoing import continue_undo

    _change(slug, undo_id, continue_undo, "The workers go on.", as_json=as_json)


def _change(
    slug: str, undo_id: int, change: Callable[[Context, int, int], Rejected | None], done: str, *, as_json: bool
) -> None:
    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        refused = change(context, organization_id, undo_id)
        if refused is not None:
            raise Refusal(refused.message)
        found = _out(context, organization_id, undo_id)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        say(done)


def _judged(context: Context, organization_id: int, undo_id: int) -> UndoOut:
    """The request once all of its parts are judged: by a worker, or here if none is at it."""
    from models.long_works import WorkState
    from tasks.undo.step import undo as work

    moved_at, told_at, seen = time.monotonic(), time.monotonic(), -1
    while (row := _row(context, organization_id, undo_id)).state == WorkState.COUNTING:
        now = time.monotonic()
        if row.looked_at != seen:
            seen, moved_at = row.looked_at, now
        if is_terminal() and now - told_at > NEWS_SECONDS:
            told_at = now
            note(f"{row.looked_at:,} of {row.payments:,} payments looked at")
        if now - moved_at > PATIENCE_SECONDS:
            raise Refusal("the preview does not move; is another process stuck with it? Try again in a minute")
        work(context, organization_id)
        if _row(context, organization_id, undo_id).looked_at == seen:
            # A worker has the lane and does it.
            time.sleep(POLL_SECONDS)
    return _out(context, organization_id, undo_id)


def _row(context: Context, organization_id: int, undo_id: int) -> Undo:
    from models.undos import undo_by_id

    with context.database.reading() as session:
        row = undo_by_id(session, organization_id, undo_id)
    if row is None:
        raise Refusal("the preview is gone; newer ones have taken its place")
    return row


def _out(context: Context, organization_id: int, undo_id: int) -> UndoOut:
    from usecases.undo_out import UndoOut
    from usecases.words import words_of

    row = _row(context, organization_id, undo_id)
    with context.database.reading() as session:
        return UndoOut.of(session, row, words_of(session, organization_id))


def _print(found: UndoOut) -> None:
    say(f"Entered from {moment_text(found.since)} on and before {moment_text(found.until)}:")
    say()
    lines = [*found.possible, *found.stays]
    print_table(_COLUMNS, [_cells(one) for one in lines], "We entered nothing in this span.")
    say()
    say(f"To be removed: {_sums(found.possible) or 'nothing'}. Stays: {_sums(found.stays) or 'nothing'}.")


def _cells(line: UndoLineOut) -> tuple[str, str, str]:
    return f"{line.parts:,}", money_text(Decimal(line.amount), line.currency), line.sentence


def _sums(lines: list[UndoLineOut]) -> str:
    totals: dict[str | None, Decimal] = {}
    for line in lines:
        totals[line.currency] = totals.get(line.currency, Decimal(0)) + Decimal(line.amount)
    return " + ".join(money_text(total, currency) for currency, total in totals.items())
