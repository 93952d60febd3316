"""Keys: seals all stored secrets anew with the newest key, so that an old key can be removed.

Called by: the command line.
If it dies here: finished connections stay done; running it again does the rest.
"""

from dataclasses import dataclass

import structlog

from models.connection_store import replace_sealed, sealed_secrets
from models.secrets import SecretsUnreadable
from tasks.context import Context

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RotationReport:
    """How many connections were sealed anew, and the ids of those whose key is no longer known."""

    rotated: int
    unreadable: tuple[int, ...]


def rotate_keys(context: Context) -> RotationReport:
    """Seals the secrets of every connection with the newest key."""
    rotated, unreadable = 0, []
    with context.database.reading() as session:
        sealed = sealed_secrets(session)
    for connection_id, before in sealed.items():
        try:
            after = context.keyring.rotate(before)
        except SecretsUnreadable:
            unreadable.append(connection_id)
            continue
        with context.database.writing() as session:
            # If the secrets were replaced in between, they are already sealed with the newest key.
            rotated += replace_sealed(session, connection_id, before, after)
    log.info("keys.rotated", rotated=rotated, unreadable=unreadable)
    return RotationReport(rotated, tuple(unreadable))
