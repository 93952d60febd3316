"""`keys`: the keys that seal tokens and API keys at rest."""

from cli.failures import Refusal
from cli.groups import new_group
from cli.opening import opened_context
from cli.output import AsJson, examples, print_json, say

app = new_group()


@app.callback()
def _only_groups() -> None:
    """With a callback, the only command of a group keeps its name."""


@app.command(epilog=examples("keys rotate"))
def rotate(as_json: AsJson = False) -> None:
    """Seals all secrets with the first key of ENCRYPTION_KEYS; afterwards the older ones can be taken away."""
    from usecases.keys import rotate_keys

    with opened_context() as context:
        report = rotate_keys(context)
    if as_json:
        print_json({"rotated": report.rotated, "unreadable": report.unreadable})
    else:
        say(f"{report.rotated} connections are sealed with the newest key.")
    if report.unreadable:
        ids = ", ".join(str(one) for one in report.unreadable)
        raise Refusal(
            f"no key in ENCRYPTION_KEYS opens the secrets of connection {ids}; keep the old keys, or add it again"
        )
