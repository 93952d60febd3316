"""`sweep`: nudging the workers to all due work; beat does it every few seconds."""

import dataclasses

from cli.groups import new_group
from cli.opening import opened_context
from cli.output import AsJson, examples, print_facts, print_json

app = new_group()


@app.callback()
def _only_groups() -> None:
    """With a callback, the only command of a group keeps its name."""


@app.command(epilog=examples("sweep run", "sweep run --json"))
def run(as_json: AsJson = False) -> None:
    """Nudges the workers to everything that is due, and says how many lanes that were."""
    from tasks.sweep import sweep

    with opened_context() as context:
        swept = dataclasses.asdict(sweep(context))
    if as_json:
        print_json(swept)
    else:
        print_facts({step.replace("_", " "): count for step, count in swept.items()})
