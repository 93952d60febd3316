"""`database`: the schema, and whether the database is well."""

import typer

from cli.failures import Refusal
from cli.opening import read_settings
from cli.output import AsJson, examples, print_json, say
from models.database import Database, upgrade
from models.schema import schema_state

app = typer.Typer(no_args_is_help=True, help="The database: bringing the schema up to date, and a look at it.")


@app.command("upgrade", epilog=examples("database upgrade"))
def upgrade_(as_json: AsJson = False) -> None:
    """Brings the schema up to date; an empty database gets all its tables."""
    url = read_settings().effective_database_url
    upgrade(url)
    revision = schema_state(url).current
    if as_json:
        print_json({"revision": revision})
    else:
        say(f"The database is up to date: revision {revision}.")


@app.command(epilog=examples("database check"))
def check(as_json: AsJson = False) -> None:
    """Says whether the database answers and has the schema that this program needs."""
    url = read_settings().effective_database_url
    state = schema_state(url)
    if not state.is_up_to_date:
        has = f"at revision {state.current}" if state.current else "without tables"
        raise Refusal(f"the database is {has}, this program needs {state.needed}; run: python -m cli database upgrade")
    database = Database(url, pool_size=1)
    try:
        database.ping()
    finally:
        database.close()
    if as_json:
        print_json({"revision": state.current, "ok": True})
    else:
        say(f"The database answers and is up to date: revision {state.current}.")
