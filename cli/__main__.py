"""`python -m cli`: the operator's command line."""

import os

import typer

from cli.doctor import DOCTOR_EPILOG, doctor
from cli.failures import OneLineErrors
from cli.output import examples
from cli.prove import PROVE_EPILOG, prove
from cli.up import UP_EPILOG, up

# Each group with its module and its line of help, in the order of the help page.
GROUPS = {
    "org": ("cli.organizations", "Organizations: the tenants, and what they have chosen."),
    "connection": ("cli.connections", "Connections: an organization's links to QuickBooks and ConnectWise."),
    "invoices": ("cli.invoices", "Invoices of the platform: their origin, and their ids in both systems."),
    "payments": ("cli.payments", "Payments: where they are, why, and what is next."),
    "own-payments": ("cli.own_payments", "Own payments: what this platform made itself is not external."),
    "sync-tool": ("cli.sync_tool.commands", "The Sync Tool: closed ConnectWise invoices, copied into QuickBooks."),
    "webhooks": ("cli.webhooks", "Webhooks: other programs are told what becomes of payments."),
    "notifications": (
        "cli.notifications",
        "Notifications: people are told what is wrong, and when it is over.",
    ),
    "reconcile": ("cli.reconcile", "Reconciliation: both systems side by side, to the cent, and the statement of it."),
    "operator": ("cli.operator", "Operator: all organizations, what is held in them, pausing, retrying by a filter."),
    "activity": ("cli.activity", "Activity: who changed what, when, from what to what."),
    "catch-up": ("cli.catch_up", "Catch-up: what webhooks missed is found by asking."),
    "sweep": ("cli.sweep", "The sweep: what is due is found, whatever message was lost."),
    "database": ("cli.database", "The database: bringing the schema up to date, and a look at it."),
    "keys": ("cli.keys", "Keys: what is sealed at rest, sealed anew with the newest key."),
    "user": ("cli.users", "Users of the dashboard, one-time login links, and API tokens."),
}


class CommandLine(OneLineErrors):
    """All commands."""

    modules = {name: module for name, (module, _) in GROUPS.items()}  # noqa: RUF012 - the base class declares it


app = typer.Typer(
    cls=CommandLine,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="External Payments Sync: payments recorded in QuickBooks appear on the ConnectWise invoice.",
    epilog=examples("up", "payments list northwind", "payments show northwind 4711", "org set --help"),
)
app.command(epilog=UP_EPILOG)(up)
app.command(epilog=PROVE_EPILOG)(prove)
app.command(epilog=DOCTOR_EPILOG)(doctor)
for name, (_, line) in GROUPS.items():
    app.add_typer(typer.Typer(help=line), name=name)

if __name__ == "__main__":
    # Only this user may read files that a command or its processes write (logs, a backup, Redis' files).
    os.umask(0o077)
    app(prog_name="python -m cli")
