"""`database`: the schema, and the health of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import Refusal
from cli.groups import new_group
from cli.opening import opened_session, read_settings
from cli.output import AsJson, examples, print_json, print_table, say
from workers.terminal import Column

if TYPE_CHECKING:
    from models.invariants import Finding

# It differs from the exit code of a failed command, so that a monitor can tell the two apart.
BROKEN = 1
# Between two looks at a database that another process is about to upgrade.
WAIT_SECONDS = 1.0
COLUMNS = [
    Column("invariant"),
    Column("violations", right=True),
    Column("example", right=True),
    Column("what must be true", wraps=True, place="below"),
]

app = new_group()


@app.command("upgrade", epilog=examples("database upgrade"))
def upgrade_(as_json: AsJson = False) -> None:
    """Brings the schema up to date; an empty database gets all its tables."""
    from models.database import upgrade
    from models.schema import schema_state
    from models.search_indexes import why_search_is_slow

    url = read_settings().effective_database_url
    upgrade(url)
    revision = schema_state(url).current
    with opened_session() as session:
        slow = why_search_is_slow(session)
    if as_json:
        print_json({"revision": revision, "searches_are_slow": slow})
        return
    say(f"The database is up to date: revision {revision}.")
    if slow:
        say(slow)


@app.command(epilog=examples("database wait", "database wait --seconds 60"))
def wait(
    seconds: Annotated[float, typer.Option(min=0, help="After this long it gives up, with exit code 2.")] = 600,
) -> None:
    """Waits until the database can be worked with: it answers, and another process has upgraded it.

    For what starts beside the upgrade, such as the pods of a rollout. A newer schema than this program needs will do.
    """
    import time

    from models.schema import schema_state
    from models.unavailable import DatabaseUnavailable

    url = read_settings().effective_database_url
    ends = time.monotonic() + seconds
    while True:
        try:
            state = schema_state(url)
        except DatabaseUnavailable:
            why = "it cannot be reached"
        else:
            if state.can_be_worked_with:
                say(f"The database can be worked with: revision {state.current}.")
                return
            why = f"it is at revision {state.current}" if state.current else "it has no tables yet"
        if time.monotonic() >= ends:
            raise Refusal(f"the database cannot be worked with: {why}; run: python -m cli database upgrade")
        time.sleep(min(WAIT_SECONDS, max(0.0, ends - time.monotonic())))


@app.command(epilog=examples("database check", "database check --json"))
def check(as_json: AsJson = False) -> None:
    """Says whether the database answers, has the schema that this program needs, and keeps every invariant.

    Ends with exit code 1 if an invariant is broken. Changes nothing; reads whole tables, so a large one takes a while.
    """
    from models.invariants import check_invariants
    from models.schema import schema_state
    from models.search_indexes import why_search_is_slow

    url = read_settings().effective_database_url
    state = schema_state(url)
    if not state.is_up_to_date:
        has = f"at revision {state.current}" if state.current else "without tables"
        raise Refusal(f"the database is {has}, this program needs {state.needed}; run: python -m cli database upgrade")
    with opened_session() as session:
        findings = check_invariants(session)
        slow = why_search_is_slow(session)
    broken = [one for one in findings if one.violations]
    if as_json:
        invariants = [_as_json(one) for one in findings]
        told = {"revision": state.current, "ok": not broken, "invariants": invariants, "searches_are_slow": slow}
        print_json(told)
    else:
        say(f"The database answers and is up to date: revision {state.current}.")
        print_table(COLUMNS, [_cells(one) for one in findings], "There is nothing to check.")
        if slow:
            say(slow)
    if broken:
        raise typer.Exit(BROKEN)


def _as_json(finding: Finding) -> dict[str, object]:
    return {
        "name": finding.name,
        "sentence": finding.sentence,
        "violations": finding.violations,
        "example": finding.ids[0] if finding.ids else None,
    }


def _cells(finding: Finding) -> tuple[object, ...]:
    return (finding.name, finding.violations, finding.ids[0] if finding.ids else "", finding.sentence)
