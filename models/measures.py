"""Measures: the sums of what all processes have counted (`domain/measures.py`).

One row for each number; how many there are depends on the kinds of calls we make, and not on tenants or payments.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, cast

import simplejson
from sqlalchemy import BigInteger, String, Table, case, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.measures import Measure, Place
from models.base import Base, insert_for

_EPOCH = datetime.fromtimestamp(0, UTC)
_MILLISECOND = timedelta(milliseconds=1)


class MeasureRow(Base):
    __tablename__ = "measure"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    # The values of the labels, in their order, as JSON. They are names of ours: a vendor, a route, an outcome.
    labels: Mapped[str] = mapped_column(String(300), primary_key=True)
    part: Mapped[str] = mapped_column(String(10), primary_key=True)
    # A number of times, of milliseconds, or the milliseconds since 1970.
    amount: Mapped[int] = mapped_column(BigInteger)


def add_measures(session: Session, counts: Mapping[Place, int]) -> None:
    """Adds to the sums, in one order: two processes that add at the same time never wait for each other in a circle."""
    _store(session, counts, "more")


def note_latest(session: Session, moments: Mapping[Place, datetime]) -> None:
    """Keeps the later moment of the stored one and this one."""
    _store(session, {place: round((moment - _EPOCH) / _MILLISECOND) for place, moment in moments.items()}, "later")


def latest(session: Session, measure: Measure, *labels: str) -> datetime | None:
    """When it happened last; None if it never has."""
    amount = session.scalar(
        select(MeasureRow.amount).where(
            MeasureRow.name == measure.value, MeasureRow.labels == _labels(labels), MeasureRow.part == ""
        )
    )
    return None if amount is None else _EPOCH + amount * _MILLISECOND


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
    return simplejson.dumps(values)


@cache
def _upsert(dialect: str, how: str) -> Any:
    table = cast("Table", MeasureRow.__table__)
    added = insert_for(dialect)(table)
    old, new = table.c.amount, added.excluded.amount
    changed = old + new if how == "more" else case((new > old, new), else_=old)
    return added.on_conflict_do_update(index_elements=list(table.primary_key), set_={"amount": changed})
