"""Writes organizations: two people may create or change the same one at the same moment."""

from datetime import datetime

from sqlalchemy.orm import Session

from domain.preferences import CorrectionPolicy, SyncMode, TwinPolicy
from models.base import insert_one
from models.organizations import Organization


def insert_organization(session: Session, slug: str, name: str, now: datetime) -> Organization | None:
    """The new organization, or None if the short name is taken."""
    row = {
        "slug": slug,
        "name": name,
        "sync_enabled": False,
        "sync_tool_enabled": False,
        "sync_mode": SyncMode.ALL_INVOICES.value,
        "correction_policy": CorrectionPolicy.AUTOMATIC.value,
        "twin_policy": TwinPolicy.ADOPT.value,
        "created_at": now,
    }
    return insert_one(session, Organization, row)


def organization_for_change(session: Session, organization_id: int) -> Organization:
    """The organization, locked against other changes until this transaction ends.

    Its key stays free: a transaction that holds allocations we want next may add a row that references it.
    """
    found = session.get(Organization, organization_id, with_for_update={"key_share": True})
    if found is None:
        raise LookupError(f"no organization with id {organization_id}")
    return found
