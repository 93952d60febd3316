"""`keys`: the keys that seal tokens and API keys at rest."""

from dataclasses import asdict

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
        print_json(asdict(report))
    else:
        say(
            f"{report.rotated} connections, {report.second_factors} second factors and {report.endpoints} webhooks are "
            "sealed with the newest key."
        )
    if report.unreadable:
        ids = ", ".join(str(one) for one in report.unreadable)
        raise Refusal(
            f"no key in ENCRYPTION_KEYS opens the secrets of connection {ids}; keep the old keys, or add it again"
        )
    if report.unreadable_users:
        ids = ", ".join(str(one) for one in report.unreadable_users)
        raise Refusal(
            f"no key in ENCRYPTION_KEYS opens the second factor of user {ids}; keep the old keys, or reset it with "
            "`user reset-second-factor`"
        )
    if report.unreadable_endpoints:
        ids = ", ".join(str(one) for one in report.unreadable_endpoints)
        raise Refusal(
            f"no key in ENCRYPTION_KEYS opens the signing secret of webhook {ids}; keep the old keys, or make a new "
            "one with `webhooks new-secret`"
        )
