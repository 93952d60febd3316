"""One kind of record, findable by id and walkable in the order of the last change without sorting anything."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from datetime import datetime
from typing import Generic, TypeVar

from sandbox.quickbooks.world.records import Record, Tombstone

R = TypeVar("R", bound=Record)

# The second of the change, then the order in which changes came: a total order that respects what clients see.
Key = tuple[datetime, int, str]


class Table(Generic[R]):
    def __init__(self) -> None:
        self.records: dict[str, R] = {}
        self.tombstones: list[Tombstone] = []
        self._order: list[Key] = []
        self._keys: dict[str, Key] = {}
        self._changes = 0

    def __len__(self) -> int:
        return len(self.records)

    def get(self, record_id: str) -> R | None:
        return self.records.get(record_id)

    def add(self, record: R) -> None:
        self.records[record.id] = record
        self._place(record)

    def changed(self, record: R) -> None:
        """Move a record whose `changed_at` is new to its place in the order of changes."""
        self._take_out(record.id)
        self._place(record)

    def remove(self, record_id: str, at: datetime) -> R:
        record = self.records.pop(record_id)
        self._take_out(record_id)
        del self._keys[record_id]
        insort(self.tombstones, Tombstone(record_id, at), key=lambda stone: stone.deleted_at)
        return record

    def by_last_update(self, first: datetime | None = None, last: datetime | None = None) -> Iterator[R]:
        """Records last updated from `first` to `last`, both inclusive, oldest change first."""
        start = 0 if first is None else bisect_left(self._order, first, key=_second)
        end = len(self._order) if last is None else bisect_right(self._order, last, key=_second)
        return (self.records[key[2]] for key in self._order[start:end])

    def deleted_since(self, first: datetime) -> list[Tombstone]:
        start = bisect_left(self.tombstones, first, key=lambda stone: stone.deleted_at.replace(microsecond=0))
        return self.tombstones[start:]

    def _place(self, record: R) -> None:
        self._changes += 1
        key = (record.updated_at, self._changes, record.id)
        insort(self._order, key)
        self._keys[record.id] = key

    def _take_out(self, record_id: str) -> None:
        del self._order[bisect_left(self._order, self._keys[record_id])]


def _second(key: Key) -> datetime:
    return key[0]
