"""Taking back a span of time, as JSON: the API answers it and the command line prints it."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy.orm import Session

from domain.money import plain_amount
from domain.reasons import Reason
from domain.undoing import SENTENCES, Stays
from domain.words import Words
from models.long_works import WorkState
from models.undos import Undo, UndoItemState, counts_of_undo
from models.views.documents import Amount
from models.views.undos import Removal, removals_of_undo

# What a state or a removal means, as a person would say it.
REMOVAL_SENTENCES = {
    Removal.REMOVED: "Removed from {target}.",
    Removal.UNDER_WAY: "Being removed from {target}.",
    Removal.SYNCED_AFTER_ALL: "Synced after all, because a person said so since.",
}


class UndoLineOut(BaseModel):
    """Some parts of payments: how many, and what they come to in one currency.

    `why` is what the sentence is about, for programs; `sentence` says it to a person.
    """

    parts: int
    amount: Amount
    currency: str | None
    why: str
    sentence: str


class UndoOut(BaseModel):
    """A request to take back a span: what may be removed, what stays and why, and what came of it so far."""

    id: int
    state: WorkState
    since: datetime
    until: datetime
    why: str
    asked_by: str
    asked_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    stopped_by: str | None
    stopped_why: str | None
    ended_at: datetime | None
    payments: int
    payments_gone_through: int
    possible: list[UndoLineOut]
    taken_back: list[UndoLineOut]
    stays: list[UndoLineOut]

    @classmethod
    def of(cls, session: Session, undo: Undo, words: Words) -> "UndoOut":
        counts = counts_of_undo(session, undo.id)
        return cls(
            id=undo.id,
            state=WorkState(undo.state),
            since=undo.since,
            until=undo.until,
            why=undo.why,
            asked_by=undo.asked_by,
            asked_at=undo.asked_at,
            confirmed_by=undo.confirmed_by or None,
            confirmed_at=undo.confirmed_at,
            stopped_by=undo.stopped_by or None,
            stopped_why=undo.stopped_why or None,
            ended_at=undo.ended_at,
            payments=undo.payments,
            payments_gone_through=undo.looked_at,
            possible=[
                _line(one.parts, plain_amount(one.total, one.currency), one.currency, one.state, "Can be removed.")
                for one in counts
                if one.state is UndoItemState.POSSIBLE
            ],
            taken_back=[
                _line(
                    one.parts,
                    plain_amount(one.total, one.currency),
                    one.currency,
                    one.reason or one.removal,
                    removal_sentence(words, one.removal, one.reason),
                )
                for one in removals_of_undo(session, undo.id)
            ],
            stays=[
                _line(
                    one.parts,
                    plain_amount(one.total, one.currency),
                    one.currency,
                    one.stays,
                    stays_sentence(words, one.stays),
                )
                for one in counts
                if one.stays is not None
            ],
        )


def _line(parts: int, amount: str, currency: str | None, why: str, sentence: str) -> UndoLineOut:
    return UndoLineOut(parts=parts, amount=amount, currency=currency, why=why, sentence=sentence)


def stays_sentence(words: Words, why: Stays) -> str:
    return words.filled(SENTENCES[why])


def removal_sentence(words: Words, removal: Removal, reason: str) -> str:
    """What has become of parts that were taken back; the reason if they are held."""
    if removal is Removal.HELD:
        return words.sentence(Reason(reason)) if reason else "Not decided yet."
    return words.filled(REMOVAL_SENTENCES[removal])
