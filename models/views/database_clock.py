"""What time it is for the database."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def database_now(session: Session) -> datetime:
    """Its own clock; without a time zone where it knows none, which then is UTC."""
    return session.execute(select(func.now())).scalar_one()
