"""`sync-tool preview`, `copy`, `mark`, `take-back`, `update`, `leave`: see what would be done, say yes, see it done."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.asking import ask, must_be_askable
from cli.failures import Refusal
from cli.output import AsJson, print_json, say
from cli.sync_tool.as_json import items_as_json, run_as_json, sums_as_json
from cli.sync_tool.options import (
    AcceptProposals,
    CreateCustomers,
    Customer,
    Everything,
    Kind,
    Location,
    Numbers,
    Org,
    Refresh,
    Search,
    Since,
    States,
    Until,
    Yes,
    filter_of,
)
from cli.sync_tool.text import DOES, count_text, print_outcome, print_preview, sums_text
from domain.copying.reasons import CopyReason
from domain.copying.states import CopyAction, ItemState, RunState

if TYPE_CHECKING:
    from cli.sync_tool.running import Shown, Tool
    from models.views.copies import CopyFilter

# Some invoices could not be done.
HELD = 1


def preview(
    slug: Org,
    numbers: Numbers = None,
    everything: Everything = False,
    state: States = None,
    customer: Customer = "",
    location: Location = "",
    kind: Kind = None,
    since: Since = None,
    until: Until = None,
    search: Search = "",
    refresh: Refresh = False,
    accept_proposals: AcceptProposals = False,
    create_customers: CreateCustomers = False,
    as_json: AsJson = False,
) -> None:
    """Shows what copying would write: customer, lines, tax, total there and here, and what is in the way.

    Nothing is written to QuickBooks or ConnectWise. Copy what it shows with `copy ORG --preview RUN`.
    """
    from cli.sync_tool.running import opened_tool

    chosen = filter_of(state, customer, location, kind, since, until, search)
    _needs_choice(numbers, everything, chosen)
    with opened_tool(slug) as tool:
        run_id = _checked(tool, CopyAction.COPY, _chosen(tool, CopyAction.COPY, numbers, chosen, refresh))
        _choose_customers(tool, run_id, accept_proposals, create_customers)
        shown = tool.shown(run_id)
        if as_json:
            _print_json(tool, shown)
            return
        _print_preview(tool, shown)
        if shown.ready:
            say(f"Copy them: python -m cli sync-tool copy {slug} --preview {run_id}")


def copy(
    slug: Org,
    numbers: Numbers = None,
    everything: Everything = False,
    previewed: Annotated[
        int | None, typer.Option("--preview", metavar="RUN", help="What this preview shows, checked again.")
    ] = None,
    state: States = None,
    customer: Customer = "",
    location: Location = "",
    kind: Kind = None,
    since: Since = None,
    until: Until = None,
    search: Search = "",
    refresh: Refresh = False,
    accept_proposals: AcceptProposals = False,
    create_customers: CreateCustomers = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Copies closed ConnectWise invoices into QuickBooks: shows the preview, asks, copies, and says what is held.

    The exit code is 1 if something could not be copied.
    """
    chosen = filter_of(state, customer, location, kind, since, until, search)
    if previewed is None:
        _needs_choice(numbers, everything, chosen)
    elif numbers or everything:
        raise Refusal("name either a preview, or invoices")

    def begin(tool: Tool) -> int:
        if previewed is None:
            run_id = _checked(tool, CopyAction.COPY, _chosen(tool, CopyAction.COPY, numbers, chosen, refresh))
        else:
            run_id = _checked_before(tool, previewed)
        _choose_customers(tool, run_id, accept_proposals, create_customers)
        return run_id

    _do(slug, begin, yes=yes, as_json=as_json)


def mark(
    slug: Org,
    numbers: Numbers = None,
    before: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="All that are dated before this day.")
    ] = None,
    refresh: Refresh = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Marks invoices as present: QuickBooks has them already, so they leave ConnectWise's list and are not copied."""
    if bool(numbers) == (before is not None):
        raise Refusal("name either the numbers of invoices, or a day with --before")
    chosen = filter_of(until=before - timedelta(days=1) if before is not None else None)
    _do(
        slug,
        lambda tool: _checked(tool, CopyAction.MARK, _chosen(tool, CopyAction.MARK, numbers, chosen, refresh)),
        yes=yes,
        as_json=as_json,
    )


def take_back(
    slug: Org,
    numbers: Numbers = None,
    run: Annotated[int | None, typer.Option("--run", metavar="RUN", help="All that this run has done.")] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Takes copies and marks back: deletes our copy in QuickBooks, and removes its batch in ConnectWise.

    A copy that was paid or changed in QuickBooks is left alone. The exit code is 1 if something was.
    """
    if bool(numbers) == (run is not None):
        raise Refusal("name either the numbers of invoices, or a run with --run")

    def begin(tool: Tool) -> int:
        ids = tool.of_run(run) if run is not None else tool.with_numbers(numbers or (), CopyAction.TAKE_BACK)
        return _checked(tool, CopyAction.TAKE_BACK, ids)

    _do(slug, begin, yes=yes, as_json=as_json)


def update(
    slug: Org, numbers: Numbers = None, everything: Everything = False, yes: Yes = False, as_json: AsJson = False
) -> None:
    """Brings copies up to date whose invoice was reopened in ConnectWise and closed again (state `changed`)."""
    _change(slug, CopyAction.UPDATE, numbers, everything, yes, as_json)


def leave(
    slug: Org, numbers: Numbers = None, everything: Everything = False, yes: Yes = False, as_json: AsJson = False
) -> None:
    """Leaves copies as they are whose invoice has changed in ConnectWise, and counts them as copied again."""
    _change(slug, CopyAction.LEAVE, numbers, everything, yes, as_json)


def _change(
    slug: str, action: CopyAction, numbers: list[str] | None, everything: bool, yes: bool, as_json: bool
) -> None:
    from domain.copying.states import CopyState

    chosen = filter_of([CopyState.CHANGED])
    if bool(numbers) == everything:
        raise Refusal("name either the numbers of invoices, or --all")
    _do(
        slug,
        lambda tool: _checked(tool, action, _chosen(tool, action, numbers, chosen, refresh=False)),
        yes=yes,
        as_json=as_json,
    )


# --- what they share ---


def _needs_choice(numbers: list[str] | None, everything: bool, chosen: CopyFilter) -> None:
    if bool(numbers) == everything:
        raise Refusal("name either the numbers of invoices, or --all with or without filters")
    if numbers and chosen != filter_of():
        raise Refusal("filters go with --all and not with numbers")


def _chosen(
    tool: Tool, action: CopyAction, numbers: list[str] | None, chosen: CopyFilter, refresh: bool
) -> Collection[int] | CopyFilter:
    from cli.sync_tool.listing import read_list

    if refresh:
        read_list(tool.context, tool.organization_id)
    return tool.with_numbers(numbers, action) if numbers else chosen


def _checked(tool: Tool, action: CopyAction, chosen: Collection[int] | CopyFilter) -> int:
    return tool.start(action, chosen)


def _checked_before(tool: Tool, run_id: int) -> int:
    shown = tool.shown(run_id)
    if shown.action is not CopyAction.COPY:
        raise Refusal(f"run {run_id} is to {DOES[shown.action]}, not to copy")
    # The world goes on between a preview and a yes.
    tool.check_again(run_id)
    return run_id


def _choose_customers(tool: Tool, run_id: int, accept: bool, create: bool) -> None:
    if accept or create:
        tool.choose_customers(run_id, accept=accept, create=create)


def _do(slug: str, begin: Callable[[Tool], int], *, yes: bool, as_json: bool) -> None:
    """Shows the preview of a run, asks, has it done, and says what became of it."""
    from cli.sync_tool.running import opened_tool

    if as_json and not yes:
        raise Refusal("--json prints one document and asks nothing; add --yes")
    must_be_askable(yes)
    with opened_tool(slug) as tool:
        run_id = begin(tool)
        shown = tool.shown(run_id)
        if not as_json:
            _print_preview(tool, shown)
        if not shown.ready:
            tool.stop(run_id)
        else:
            if not yes:
                _ask(tool, shown)
            tool.confirm(run_id)
        told = {one.item.id for one in shown.items if one.item.state == ItemState.PROBLEM.value}
        shown = tool.shown(run_id)
    report(tool, shown, as_json, told)


def report(tool: Tool, shown: Shown, as_json: bool, told: Collection[int] = frozenset()) -> None:
    """Says what became of a run, and ends with exit code 1 if not everything could be done."""
    if as_json:
        _print_json(tool, shown)
    elif shown.run.state == RunState.STOPPED.value:
        say("Nothing was done.")
    else:
        print_outcome(shown.action, shown.items, tool.words, told)
    if shown.counts[ItemState.HELD] or shown.counts[ItemState.PROBLEM]:
        raise typer.Exit(HELD)


def _ask(tool: Tool, shown: Shown) -> None:
    try:
        ask(f"{DOES[shown.action].capitalize()}: {sums_text(shown.ready)}. Go on?")
    except (Refusal, typer.Abort):
        tool.stop(shown.run.id)
        raise


def _print_preview(tool: Tool, shown: Shown) -> None:
    say(f"Run {shown.run.id}: {DOES[shown.action]} {count_text(len(shown.items))}. Nothing is written yet.")
    say()
    print_preview(shown.action, shown.items, tool.words)
    say()
    say(f"To {DOES[shown.action]}: {sums_text(shown.ready)}. With a problem: {shown.counts[ItemState.PROBLEM]:,}.")
    reasons = {one.item.reason for one in shown.items if one.item.state == ItemState.PROBLEM.value}
    if CopyReason.CUSTOMER_NOT_LINKED.value in reasons:
        say(f"Customers are missing: add --accept-proposals, or see: python -m cli sync-tool customers {tool.slug}")
    if reasons & {CopyReason.ITEM_NOT_CHOSEN.value, CopyReason.TAX_NOT_CHOSEN.value}:
        say(f"Choices are missing; see: python -m cli sync-tool choices {tool.slug}")


def _print_json(tool: Tool, shown: Shown) -> None:
    print_json(
        {
            **run_as_json(shown.run, shown.counts),
            "ready": sums_as_json(shown.ready),
            "invoices": items_as_json(shown.items, tool.words),
        }
    )
