"""Keys: seals all stored secrets anew with the newest key, so that an old key can be removed.

Called by: the command line.
If it dies here: what is finished stays done; running it again does the rest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from models.connection_store import replace_sealed, sealed_secrets
from models.database import Session
from models.endpoints import replace_sealed_endpoint, sealed_endpoints
from models.second_factors import replace_sealed_second_factor, sealed_second_factors
from models.secrets import SecretsUnreadable
from tasks.context import Context

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RotationReport:
    """How many secrets were sealed anew, and whose key is no longer known.

    Attributes:
        rotated: connections; `second_factors` are people's.
        unreadable: the ids of connections.
        unreadable_users: the ids of people whose second factor cannot be read; theirs can only be reset.
        endpoints: webhooks, with their signing secrets.
        unreadable_endpoints: the ids of those whose secret cannot be read; each needs a new one.
    """

    rotated: int
    unreadable: tuple[int, ...]
    second_factors: int
    unreadable_users: tuple[int, ...]
    endpoints: int
    unreadable_endpoints: tuple[int, ...]


def rotate_keys(context: Context) -> RotationReport:
    """Seals the secrets of every connection, second factor and endpoint with the newest key."""
    with context.database.reading() as session:
        connections, second_factors = sealed_secrets(session), sealed_second_factors(session)
        of_endpoints = sealed_endpoints(session)
    rotated, unreadable = _sealed_anew(context, connections, replace_sealed)
    people, unreadable_users = _sealed_anew(context, second_factors, replace_sealed_second_factor)
    endpoints, unreadable_endpoints = _sealed_anew(context, of_endpoints, replace_sealed_endpoint)
    log.info(
        "keys.rotated",
        rotated=rotated,
        unreadable=unreadable,
        second_factors=people,
        unreadable_users=unreadable_users,
        endpoints=endpoints,
        unreadable_endpoints=unreadable_endpoints,
    )
    return RotationReport(rotated, unreadable, people, unreadable_users, endpoints, unreadable_endpoints)


def _sealed_anew(
    context: Context, sealed: Mapping[int, str], replace: Callable[[Session, int, str, str], bool]
) -> tuple[int, tuple[int, ...]]:
    """How many were sealed anew, and the ids of those that no known key opens."""
    rotated, unreadable = 0, []
    for owner_id, before in sealed.items():
        try:
            after = context.keyring.rotate(before)
        except SecretsUnreadable:
            unreadable.append(owner_id)
            continue
        with context.database.writing() as session:
            # If the secret was replaced in between, it is already sealed with the newest key.
            rotated += replace(session, owner_id, before, after)
    return rotated, tuple(unreadable)
