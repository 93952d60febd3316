"""Invitations: an address that may become a person of an organization, by a link that works once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.clocks import CLOCKS_APART_MAX
from models.base import Base, BigId, UtcTime, add_or_change
from models.organizations import Organization


class Invitation(Base):
    __tablename__ = "invitation"
    # Whoever is invited again gets another link, and the earlier one ends.
    __table_args__ = (UniqueConstraint("organization_id", "email"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    # Case-folded, like a user's.
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(10))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # The address of who invites, as it was then.
    invited_by: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)


def invitations_of(session: Session, organization_id: int) -> Sequence[Invitation]:
    statement = select(Invitation).where(Invitation.organization_id == organization_id).order_by(Invitation.email)
    return session.scalars(statement).all()


def count_invitations(session: Session, organization_id: int) -> int:
    return session.scalar(select(func.count()).where(Invitation.organization_id == organization_id)) or 0


def store_invitation(session: Session, invitation: Invitation) -> Invitation:
    """In place of an earlier one for the same address."""
    columns = ("role", "token_hash", "invited_by", "created_at", "expires_at")
    change = {name: getattr(invitation, name) for name in columns}
    row = {"organization_id": invitation.organization_id, "email": invitation.email, **change}
    return add_or_change(session, Invitation, row, unique=("organization_id", "email"), change=change)


def open_invitation(session: Session, token_hash: str, now: datetime) -> tuple[Invitation, Organization] | None:
    """The invitation with this token, unless it was used, withdrawn, replaced or is too old."""
    statement = (
        select(Invitation, Organization)
        .join(Organization, Organization.id == Invitation.organization_id)
        .where(Invitation.token_hash == token_hash, Invitation.expires_at > now)
        # A link that a wrong clock made in the future would last too long.
        .where(Invitation.created_at <= now + CLOCKS_APART_MAX)
    )
    found = session.execute(statement).first()
    return (found[0], found[1]) if found else None


def take_invitation(session: Session, token_hash: str) -> bool:
    """False if it is no longer there: a link makes one person, even if two browsers open it."""
    taken = session.execute(delete(Invitation).where(Invitation.token_hash == token_hash).returning(Invitation.id))
    return taken.first() is not None


def withdraw_invitation(session: Session, organization_id: int, invitation_id: int) -> Invitation | None:
    """Deletes it; None if the organization has no such invitation."""
    return session.scalar(
        delete(Invitation)
        .where(Invitation.organization_id == organization_id, Invitation.id == invitation_id)
        .returning(Invitation)
    )
