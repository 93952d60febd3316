"""Measures: the sums of what all processes have counted (`domain/measures.py`).

One row for each number; how many there are depends on the kinds of calls we make, and not on tenants or payments.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, cast

import simplejson
from sqlalchemy import BigInteger, String, Table, case, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.measures import Measure
from models.base import Base, insert_for

LABELS_CHARACTERS_MAX = 300

# A measure, the values of its labels, and the part of it (`connectors/tally.py`).
Place = tuple[Measure, tuple[str, ...], str]


class MeasureRow(Base):
    __tablename__ = "measure"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    # The values of the labels, in their order, as JSON.
    labels: Mapped[str] = mapped_column(String(LABELS_CHARACTERS_MAX), primary_key=True)
    part: Mapped[str] = mapped_column(String(10), primary_key=True)
    # A number of times, of milliseconds, or the milliseconds since 1970.
    amount: Mapped[int] = mapped_column(BigInteger)


def add_measures(session: Session, counts: Mapping[Place, int]) -> None:
    """Adds to the sums, in one order: two processes that add at the same time never wait for each other in a circle."""
    _store(session, counts, "more")


def note_latest(session: Session, moments: Mapping[Place, datetime]) -> None:
    """Keeps the later moment of the stored one and this one."""
    _store(session, {place: round(moment.timestamp() * 1000) for place, moment in moments.items()}, "later")


def all_measures(session: Session) -> dict[Place, int]:
    """Every number; those of measures that this release does not know are left out."""
    known = {measure.value for measure in Measure}
    rows = session.execute(select(MeasureRow.name, MeasureRow.labels, MeasureRow.part, MeasureRow.amount))
    return {
        (Measure(name), tuple(simplejson.loads(labels)), part): amount
        for name, labels, part, amount in rows
        if name in known
    }


def _store(session: Session, amounts: Mapping[Place, int], how: str) -> None:
    rows: Sequence[dict[str, Any]] = [
        {"name": measure.value, "labels": _labels(labels), "part": part, "amount": amount}
        for (measure, labels, part), amount in sorted(amounts.items())
    ]
    if rows:
        session.connection().execute(_upsert(session.get_bind().dialect.name, how), rows)


def _labels(values: tuple[str, ...]) -> str:
    return simplejson.dumps(values)[:LABELS_CHARACTERS_MAX]


@cache
def _upsert(dialect: str, how: str) -> Any:
    table = cast("Table", MeasureRow.__table__)
    added = insert_for(dialect)(table)
    old, new = table.c.amount, added.excluded.amount
    changed = old + new if how == "more" else case((new > old, new), else_=old)
    return added.on_conflict_do_update(index_elements=list(table.primary_key), set_={"amount": changed})
