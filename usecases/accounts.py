"""Account ownership: one account at an outside system belongs to one organization, however its name was typed.

Called by: any code that adds, tests or connects a connection. Asks the vendor, before any transaction.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy.orm import Session

from connectors.base import Failure, ReadResult
from connectors.registry import Platform
from models.connection_store import connection_for_change
from models.connections import Connection, Role, connection_in_role, connections_of_vendor
from tasks.context import Context
from usecases.patience import patiently

log = structlog.get_logger()

OF_ANOTHER = "This account is connected to another organization; one account can belong to one organization only."


def identify(
    context: Context, vendor: str, account_id: str, settings: Mapping[str, Any], *, patient: bool = False
) -> str:
    """The account as the vendor names it; if we cannot ask now, as it was typed, without the parts that may differ."""
    known = context.platform.vendors[vendor]

    def ask() -> ReadResult[str]:
        return known.account_identity(context.platform, account_id, settings)

    found = patiently(context, ask) if patient else ask()
    return known.canonical_account(account_id) if isinstance(found, Failure) else found.value


def same_account(platform: Platform, connection: Connection, vendor: str, account_id: str) -> bool:
    """Compares canonical names, because rows of an older version hold accounts as they were typed."""
    if connection.vendor != vendor:
        return False
    known = platform.vendors[vendor]
    return known.canonical_account(connection.account_id) == known.canonical_account(account_id)


def belongs_to_another(
    platform: Platform, session: Session, organization_id: int, vendor: str, account_id: str
) -> bool:
    others = (one for one in connections_of_vendor(session, vendor) if one.organization_id != organization_id)
    return any(same_account(platform, one, vendor, account_id) for one in others)


def another_account(connection: Connection, of_another: bool) -> str:
    if of_another:
        return OF_ANOTHER
    return (
        f"The organization's history belongs to account {connection.account_id} ({connection.vendor}); "
        "another account needs an organization of its own."
    )


def problem_with_account(
    context: Context, organization_id: int, role: Role, vendor: str, account_id: str
) -> str | None:
    """Why this account cannot belong to the organization, as a sentence; None if it can."""
    with context.database.reading() as session:
        of_another = belongs_to_another(context.platform, session, organization_id, vendor, account_id)
        existing = connection_in_role(session, organization_id, role)
    if existing is not None and not same_account(context.platform, existing, vendor, account_id):
        return another_account(existing, of_another)
    return OF_ANOTHER if of_another else None


def settle_account(context: Context, connection: Connection) -> str | None:
    """Stores the account as the vendor names it; returns a sentence if another organization has it already."""
    identity = identify(context, connection.vendor, connection.account_id, connection.settings)
    if identity == connection.account_id:
        return None
    with context.database.writing() as session:
        if belongs_to_another(context.platform, session, connection.organization_id, connection.vendor, identity):
            return OF_ANOTHER
        connection_for_change(session, connection.id).account_id = identity
    log.info("connection.account_named", connection_id=connection.id, before=connection.account_id, after=identity)
    return None
