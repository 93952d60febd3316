"""Reading by id: many objects in one query; we isolate the refused ids and keep the settled ones.

Every call is a metered read and takes its time, so a reading ends after a bounded number of calls; the caller stores
the settled results and comes again with the rest.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.base import ChangedEntity, Failure, FailureKind, GoneFound, Got, ReadResult
from connectors.quickbooks.asking import NOT_WHAT_WE_ASKED_FOR, objects_where, quoted
from connectors.quickbooks.changes import ENTITY_NAMES, deletion_of, with_ids
from connectors.quickbooks.client import Client

# The longest possible IN list is not documented. Every query is a metered read, so we begin with a long one. We send a
# refused list again in halves, and if its length was the reason, we keep lists that short from then on.
IDS_PER_QUERY_MAX = 300
# It takes nine refusals to find one refused id among 300; the next reading goes on with the rest.
REFUSALS_MAX = 24
# After so many ids refused one by one, and no answer yet, QuickBooks may be refusing the query and not the ids.
REFUSED_IDS_MAX = 2
# No object has this id: asking for it shows only whether QuickBooks answers at all.
NO_ID = "0"
# Asking for one object by its id is the most expensive read.
CONFIRMATIONS_MAX = 20
# After this long we begin no further call: the caller stores the settled results, and others get their turn.
READING_MAX = timedelta(seconds=20)


@dataclass(slots=True)
class ById:
    """The results for the ids so far."""

    unread: list[str]
    found: list[Any] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failure: Failure | None = None
    refusals: int = 0
    queries: int = 0

    @property
    def brought_nothing(self) -> bool:
        """Whether no id was settled apart from the others: we know nothing, or every single one was refused."""
        return not (self.found or self.missing) and not (self.refused and self.unread)

    def answered(self, chunk: Sequence[str], objects: Sequence[Any]) -> None:
        self.found += objects
        there = {str(one["Id"]) for one in objects}
        self.missing += [one for one in chunk if one not in there]
        self.unread = self.unread[len(chunk) :]


@dataclass(slots=True)
class _Learned:
    """What we have learned from a company's answers."""

    ids_per_query: int = IDS_PER_QUERY_MAX


class Reader:
    def __init__(self, client: Client, learned: _Learned | None = None) -> None:
        self._client = client
        self._learned = learned or _Learned()

    def through(self, client: Client) -> "Reader":
        """A reader of the same company that calls through this client."""
        return Reader(client, self._learned)

    def read(self, entity: ChangedEntity, ids: Collection[str]) -> ById:
        return self._read(entity, ids, self._client.now() + READING_MAX)

    def _read(self, entity: ChangedEntity, ids: Collection[str], ends: datetime) -> ById:
        reading, length = ById(_in_order(ids)), self._learned.ids_per_query
        # How many of the unread ids belong to a list that was refused and is being read in parts.
        in_parts = 0
        while reading.unread and reading.refusals <= REFUSALS_MAX and self._client.now() <= ends:
            chunk = reading.unread[:length]
            reading.queries += 1
            result = self._query(entity, chunk)
            if isinstance(result, Failure):
                reading.failure = self._refused(entity, reading, chunk, result)
                if reading.failure is not None:
                    break
                in_parts = max(in_parts, len(chunk)) if len(chunk) > 1 else 0
                length = max(len(chunk) // 2, 1) if len(chunk) > 1 else self._learned.ids_per_query
                continue
            reading.answered(chunk, result.value)
            if in_parts and in_parts <= len(chunk):
                # QuickBooks answered the whole list in parts: it was only too long.
                self._learned.ids_per_query = length
            in_parts = max(in_parts - len(chunk), 0)
        return reading

    def _refused(self, entity: ChangedEntity, reading: ById, chunk: Sequence[str], failure: Failure) -> Failure | None:
        """Records the id that was refused, if only one was asked for; returns the failure that ends the reading."""
        if not failure.may_be_about_one_value:
            return failure
        if failure.broke_on_the_question and (len(chunk) == 1 or not reading.refusals):
            elsewhere = self._query(entity, [NO_ID])
            if isinstance(elsewhere, Failure):
                return failure if elsewhere.may_be_about_one_value else elsewhere
        reading.refusals += 1
        if len(chunk) == 1:
            reading.refused.append(chunk[0])
            reading.unread = reading.unread[1:]
            answered = reading.found or reading.missing or failure.broke_on_the_question
            if not answered and (not reading.unread or len(reading.refused) >= REFUSED_IDS_MAX):
                return failure
        return None

    def with_number(self, number: str) -> ReadResult[list[Any]]:
        """The invoices with this number; QuickBooks ignores letter case here."""
        return self._ask(ChangedEntity.INVOICE, f"DocNumber = {quoted(number)}")

    def _query(self, entity: ChangedEntity, chunk: Sequence[str]) -> ReadResult[list[Any]]:
        return self._ask(entity, f"Id IN ({', '.join(map(quoted, chunk))})")

    def _ask(self, entity: ChangedEntity, condition: str) -> ReadResult[list[Any]]:
        result = objects_where(self._client, ENTITY_NAMES[entity], condition)
        return result if isinstance(result, Failure) else Got(with_ids(result.value))

    # --- deletions without a message ---

    def find_gone(self, entity: ChangedEntity, ids: Collection[str]) -> ReadResult[GoneFound]:
        """A query leaves out objects that it cannot find for whatever reason; only fault 610 says that one is gone.

        We ask for the first one however late it is: a query that takes all the time does so every time.
        """
        ends = self._client.now() + READING_MAX
        reading = self._read(entity, ids, ends)
        waiting, gone = list(reading.missing), []
        failure, asked = reading.failure, 0
        while waiting and failure is None and asked < CONFIRMATIONS_MAX and (not asked or self._client.now() <= ends):
            asked += 1
            match self._client.entity(entity.value, waiting[0]):
                case Failure(FailureKind.NOT_FOUND):
                    gone.append(waiting.pop(0))
                case Failure(FailureKind.REFUSED):
                    # QuickBooks says nothing about this one, so we conclude nothing.
                    waiting.pop(0)
                case Failure() as failure:
                    pass
                case Got(value) if isinstance(value.get(ENTITY_NAMES[entity]), dict):
                    waiting.pop(0)
                case Got():
                    failure = NOT_WHAT_WE_ASKED_FOR
        unchecked = frozenset([*waiting, *reading.unread])
        if failure is not None and len(unchecked) == len(_in_order(ids)):
            return failure
        return Got(GoneFound(tuple(deletion_of(entity, one) for one in gone), unchecked, failure))


def _in_order(ids: Collection[str]) -> list[str]:
    """The ids in the given order, so that a caller who goes through them knows its place; a set is sorted."""
    return sorted(ids) if isinstance(ids, set | frozenset) else list(dict.fromkeys(ids))
