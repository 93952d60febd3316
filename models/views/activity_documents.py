"""How the activity of an organization looks in JSON: the API answers it, the command line prints it."""

from collections.abc import Sequence

from pydantic import BaseModel

from domain.activity import ACTIVITY_LABELS, ActivityKind
from domain.cursors import Listed, cursor_after
from models.activity import Activity
from models.views.documents import Cursor, Moment


class ChangeOut(BaseModel):
    what: str
    before: str
    after: str


class EntryOut(BaseModel):
    """Something that a person or a program did.

    Attributes:
        told: what was done, in words.
        payment_id: the payment's id in QuickBooks, if it was done to one.
    """

    id: int
    happened_at: Moment
    actor: str
    kind: ActivityKind
    told: str
    about: str
    payment_id: str
    changes: list[ChangeOut]

    @classmethod
    def of(cls, row: Activity) -> "EntryOut":
        kind = ActivityKind(row.kind)
        return cls(
            id=row.id,
            happened_at=row.happened_at,
            actor=row.actor,
            kind=kind,
            told=ACTIVITY_LABELS[kind],
            about=row.about,
            payment_id=row.payment_id,
            changes=[ChangeOut(what=one.what, before=one.before, after=one.after) for one in row.what_changed],
        )


class ActivityOut(BaseModel):
    """A page of entries; `next_cursor` asks for the next page and is null on the last one."""

    entries: list[EntryOut]
    next_cursor: Cursor

    @classmethod
    def of(cls, found: Sequence[Activity], limit: int) -> "ActivityOut":
        """A page of so many entries, of which one more was asked for."""
        rows = found[:limit]
        following = cursor_after(Listed.ACTIVITY, rows[-1].id if len(found) > limit else None)
        return cls(entries=[EntryOut.of(row) for row in rows], next_cursor=following)
