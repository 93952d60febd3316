"""What pauses the sending of an organization's payments, in words for whoever asks why they wait."""

from sqlalchemy.orm import Session

from models.connections import Connection
from models.organizations import organization_by_id
from models.pausable import pause_of_everything


def pause_in_words(session: Session, organization_id: int, target: Connection | None) -> str:
    """Who has paused it, since when and why, the widest pause first; "" if nothing is paused."""
    for one in (pause_of_everything(session), organization_by_id(session, organization_id), target):
        if one is not None and one.paused_at is not None:
            return one.pause_in_words
    return ""
