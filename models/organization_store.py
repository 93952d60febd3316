"""Writing organizations: two people may create or change the same one at the same moment."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.preferences import CorrectionPolicy, SyncMode, TwinPolicy
from models.base import insert_new
from models.organizations import Organization, organization_by_slug


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
    return organization_by_slug(session, slug) if insert_new(session, Organization, [row]) else None


def lock_organization(session: Session, organization_id: int) -> None:
    """Until this transaction ends, nobody else changes this organization."""
    session.execute(select(Organization.id).where(Organization.id == organization_id).with_for_update())
