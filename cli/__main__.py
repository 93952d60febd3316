"""`python -m cli`: the operator's command line."""

import os

import typer

from cli import (
    catch_up,
    database,
    invoices,
    keys,
    organizations,
    own_payments,
    payments,
    sweep,
    users,
)
from cli.failures import OneLineErrors
from cli.output import examples
from cli.up import UP_EPILOG, up

CONNECTIONS = "Connections: an organization's links to QuickBooks and ConnectWise."

app = typer.Typer(
    cls=OneLineErrors,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="External Payments Sync: payments recorded in QuickBooks appear on the ConnectWise invoice.",
    epilog=examples("up", "payments list northwind", "payments show northwind 4711", "org set --help"),
)
app.command(epilog=UP_EPILOG)(up)
app.add_typer(organizations.app, name="org")
# A stand-in, replaced by the real group when it is asked for (`cli/failures.py`).
app.add_typer(typer.Typer(help=CONNECTIONS), name="connection")
app.add_typer(invoices.app, name="invoices")
app.add_typer(payments.app, name="payments")
app.add_typer(own_payments.app, name="own-payments")
app.add_typer(catch_up.app, name="catch-up")
app.add_typer(sweep.app, name="sweep")
app.add_typer(database.app, name="database")
app.add_typer(keys.app, name="keys")
app.add_typer(users.app, name="user")

if __name__ == "__main__":
    # Only this user may read files that a command or its processes write (logs, a backup, Redis' files).
    os.umask(0o077)
    app(prog_name="python -m cli")
