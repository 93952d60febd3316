"""Which process needs which settings: the checks at the start, compose, Kubernetes and systemd all follow this table.

Secrets are given to those processes that need them, and to no others: who breaks into Flower finds no key there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from connectors.vendor import SecretScope


class Process(StrEnum):
    """The lines of the Procfile, and the upgrade of the database that goes before them."""

    WEB = "web"
    INGEST = "ingest"
    MATCH = "match"
    PUSH = "push"
    COPY = "copy"
    NOTIFY = "notify"
    BEAT = "beat"
    FLOWER = "flower"
    MIGRATE = "migrate"


@dataclass(frozen=True, slots=True)
class Needs:
    """What one process needs, by the names of the settings.

    Attributes:
        own: settings of the platform that must be set in production.
        of_vendors: those of the vendors' secrets that it needs.
    """

    own: frozenset[str]
    of_vendors: frozenset[SecretScope] = frozenset()


_MESSAGES = frozenset({"redis_url"})
_WORK = frozenset({"database_url", "redis_url", "encryption_keys"})

NEEDS: Mapping[Process, Needs] = {
    Process.WEB: Needs(_WORK | {"secret_key", "public_url"}, frozenset({SecretScope.DOOR, SecretScope.CALLS})),
    # Ingest and copy refresh the source's tokens, for which they need the application's secret.
    Process.INGEST: Needs(_WORK, frozenset({SecretScope.CALLS})),
    Process.COPY: Needs(_WORK, frozenset({SecretScope.CALLS})),
    # They call the target, with the keys of each connection, and receivers, with secrets of ours.
    Process.MATCH: Needs(_WORK),
    Process.PUSH: Needs(_WORK),
    Process.NOTIFY: Needs(_WORK),
    # It notes its ticks in the database, so that a clock that stands still is seen.
    Process.BEAT: Needs(_MESSAGES | {"database_url"}),
    Process.FLOWER: Needs(_MESSAGES | {"flower_basic_auth"}),
    Process.MIGRATE: Needs(frozenset({"database_url"})),
}

# These hold a secret, or an address with a password in it. `redis_url` stands for the broker's address as well.
OWN_SECRETS = frozenset(
    {
        "database_url",
        "redis_url",
        "broker_url",
        "redis_sentinel_password",
        "secret_key",
        "encryption_keys",
        "flower_basic_auth",
        "smtp_password",
        "traces_headers",
        "sentry_dsn",
    }
)
# Who needs Redis may also be given these.
_WITH_REDIS = frozenset({"broker_url", "redis_sentinel_password"})
# Who sends notifications, and who sends a test of one: the login to the mail server, where it asks for one.
_WITH_MAIL = frozenset({Process.WEB, Process.NOTIFY})
# Who works on payments: their traces and the reports of their errors may go to where operators look.
EXPORTING = frozenset(
    {Process.WEB, Process.INGEST, Process.MATCH, Process.PUSH, Process.COPY, Process.NOTIFY},
)
_OF_EXPORTS = frozenset({"traces_headers", "sentry_dsn"})


def process_named(name: str) -> Process | None:
    """`push.2` is an instance of push; None for whatever is no process of ours, such as the command line."""
    kind = name.partition(".")[0]
    return Process(kind) if kind in set(Process) else None


def secrets_of(process: Process, vendors: Iterable[tuple[str, SecretScope]]) -> frozenset[str]:
    """The secrets that the process may be given.

    Args:
        vendors: the vendors' secrets, by the names of their settings, and what each is for.
    """
    needs = NEEDS[process]
    own = needs.own & OWN_SECRETS
    if "redis_url" in own:
        own |= _WITH_REDIS
    if process in _WITH_MAIL:
        own |= {"smtp_password"}
    if process in EXPORTING:
        own |= _OF_EXPORTS
    return own | {name for name, scope in vendors if scope in needs.of_vendors}
