"""`sync-tool`: copying closed ConnectWise invoices into QuickBooks, from the command line.

The commands in the order in which a person needs them; each is in the file of its noun.
"""

from cli.groups import new_group
from cli.output import examples
from cli.sync_tool import acting, choices, customers, history, listing

app = new_group()


def _examples(*commands: str) -> str:
    return examples(*(f"sync-tool {command}" for command in commands))


app.command(
    "list",
    epilog=_examples(
        "list northwind --refresh",
        "list northwind --state available --since 2026-11-01",
        'list northwind --customer "Cascade" --json',
    ),
)(listing.list_)
app.command(
    "choices",
    epilog=_examples(
        "choices northwind",
        "choices northwind --item service=Services --item product=Hardware",
        "choices northwind --set start_on=2026-01-01 --set line_detail=totals",
    ),
)(choices.choices)
app.command(
    "preview",
    epilog=_examples("preview northwind 4711 4712", 'preview northwind --all --customer "Cascade" --json'),
)(acting.preview)
app.command(
    "copy",
    epilog=_examples(
        "copy northwind 4711 4712",
        "copy northwind --preview 17",
        "copy northwind --all --refresh --accept-proposals --create-customers --yes",
    ),
)(acting.copy)
app.command("mark", epilog=_examples("mark northwind 4711", "mark northwind --before 2026-01-01 --refresh"))(
    acting.mark
)
app.command("take-back", epilog=_examples("take-back northwind 4711", "take-back northwind --run 17 --yes"))(
    acting.take_back
)
app.command("update", epilog=_examples("update northwind 4711", "update northwind --all --yes"))(acting.update)
app.command("leave", epilog=_examples("leave northwind 4711", "leave northwind --all --yes"))(acting.leave)
app.command("runs", epilog=_examples("runs northwind", "runs northwind --limit 5 --json"))(history.runs)
app.command("history", epilog=_examples("history northwind", "history northwind 17 --json"))(history.history)
app.command("retry", epilog=_examples("retry northwind 17"))(history.retry)
app.command("stop", epilog=_examples("stop northwind 17"))(history.stop)
app.command("customers", epilog=_examples("customers northwind", "customers northwind --json"))(customers.customers)
app.command("customers-link", epilog=_examples("customers-link northwind 19 58"))(customers.customers_link)
app.command("customers-create", epilog=_examples('customers-create northwind 19 "Cascade Dental"'))(
    customers.customers_create
)
