"""Connect requests: a person was sent to an outside system to consent, and may come back with an answer, once."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, ForeignKey, String, and_, delete, or_
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, BigId, UtcTime, lock_in_order


class ConnectRequest(Base):
    __tablename__ = "connect_request"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # A hash: a reader of the table cannot answer in another person's name.
    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    vendor: Mapped[str] = mapped_column(String(30))
    # The dashboard session that asked; None for the command line. The answer must come from the same session.
    session_id: Mapped[int | None] = mapped_column(BigId)
    redirect_uri: Mapped[str] = mapped_column(String(500))
    # After connecting, we look for payments since then.
    start_on: Mapped[date | None]
    expires_at: Mapped[datetime] = mapped_column(UtcTime)


def add_connect_request(session: Session, request: ConnectRequest, now: datetime) -> None:
    """Stores it in place of the asker's earlier request, and deletes requests that were not answered in time.

    However often a person clicks, there is one row, and one address that can still be answered.
    """
    before = and_(
        ConnectRequest.organization_id == request.organization_id,
        ConnectRequest.vendor == request.vendor,
        _same_asker(request.session_id),
    )
    is_over = or_(ConnectRequest.expires_at <= now, before)
    lock_in_order(session, ConnectRequest, is_over)
    session.execute(delete(ConnectRequest).where(is_over))
    session.add(request)


def take_connect_request(
    session: Session, state_hash: str, session_id: int | None, now: datetime
) -> ConnectRequest | None:
    """The request with this state, which can be taken once; None if it is late or another session asks."""
    return session.scalar(
        delete(ConnectRequest)
        .where(ConnectRequest.state_hash == state_hash, ConnectRequest.expires_at > now, _same_asker(session_id))
        .returning(ConnectRequest)
    )


def _same_asker(session_id: int | None) -> ColumnElement[bool]:
    return ConnectRequest.session_id.is_(None) if session_id is None else ConnectRequest.session_id == session_id
