"""Reading by id: many objects in one query, what is refused is isolated, and what is settled is kept.

Every call is a metered read and takes its time, so a reading ends after a bounded number of them; the caller stores
what is settled and comes again with the rest.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.base import ChangedEntity, Failure, FailureKind, GoneFound, Got, ReadResult
from connectors.quickbooks.changes import ENTITY_NAMES, deletion_of, objects_in
from connectors.quickbooks.client import Client

# The length that an IN list may have is not documented. Every query is a metered read, so it begins long; a list that
# is refused is sent again in halves, and if its length was the reason, lists are that short from then on.
IDS_PER_QUERY_MAX = 300
# One refused id among 300 is found with nine refusals; the next reading goes on with the rest.
REFUSALS_MAX = 24
# Ids refused one by one before anything was answered: then it may be the query that is refused, and not they.
REFUSED_IDS_MAX = 2
# No object has this id: whether QuickBooks answers about it tells only whether it answers at all.
NO_ID = "0"
# Asking for one object by its id is the dearest read.
CONFIRMATIONS_MAX = 20
# No further call is begun after so long: what is settled is stored, and others get their turn.
READING_MAX = timedelta(seconds=20)


@dataclass(slots=True)
class ById:
    """What became of the ids so far."""

    unread: list[str]
    found: list[Any] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failure: Failure | None = None
    refusals: int = 0

    @property
    def brought_nothing(self) -> bool:
        """No id was told apart from the others: nothing is known, or every single one was refused."""
        return not (self.found or self.missing) and not (self.refused and self.unread)

    def answered(self, chunk: Sequence[str], objects: Sequence[Any]) -> None:
        self.found += objects
        there = {str(one["Id"]) for one in objects}
        self.missing += [one for one in chunk if one not in there]
        self.unread = self.unread[len(chunk) :]


@dataclass(slots=True)
class _Learned:
    """What a company's answers have taught us."""

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
                # The whole of it was answered, in parts: it was only too long.
                self._learned.ids_per_query = length
            in_parts = max(in_parts - len(chunk), 0)
        return reading

    def _refused(self, entity: ChangedEntity, reading: ById, chunk: Sequence[str], failure: Failure) -> Failure | None:
        """Takes a refusal to its id, if it is one id's; otherwise says what ends the reading."""
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

    def _query(self, entity: ChangedEntity, chunk: Sequence[str]) -> ReadResult[list[Any]]:
        result = self._client.query(_statement(ENTITY_NAMES[entity], chunk))
        if isinstance(result, Failure):
            return result
        response = result.value.get("QueryResponse")
        if not isinstance(response, dict) or not isinstance(response.get(ENTITY_NAMES[entity], []), list):
            # Taken for an empty answer, it would say that none of them exists.
            return Failure(FailureKind.UNAVAILABLE, "the answer does not contain what was asked for")
        return Got(objects_in(response, ENTITY_NAMES[entity]))

    # --- deletions without a message ---

    def find_gone(self, entity: ChangedEntity, ids: Collection[str]) -> ReadResult[GoneFound]:
        """A query leaves out what it cannot find for whatever reason; only fault 610 says that it does not exist.

        The first one is asked for however late it is: a query that takes all the time does so every time.
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
                    # It says nothing about this one: nothing is concluded.
                    waiting.pop(0)
                case Failure() as failure:
                    pass
                case Got(value) if isinstance(value.get(ENTITY_NAMES[entity]), dict):
                    waiting.pop(0)
                case Got():
                    failure = Failure(FailureKind.UNAVAILABLE, "the answer does not contain what was asked for")
        unchecked = frozenset([*waiting, *reading.unread])
        if failure is not None and len(unchecked) == len(_in_order(ids)):
            return failure
        return Got(GoneFound(tuple(deletion_of(entity, one) for one in gone), unchecked, failure))


def _in_order(ids: Collection[str]) -> list[str]:
    """As given, so that a caller who goes through them in an order knows how far it is; a set has none."""
    return sorted(ids) if isinstance(ids, set | frozenset) else list(dict.fromkeys(ids))


def _statement(name: str, ids: Sequence[str]) -> str:
    listed = ", ".join("'" + one.replace("\\", "\\\\").replace("'", "\\'") + "'" for one in ids)
    return f"SELECT * FROM {name} WHERE Id IN ({listed}) MAXRESULTS 1000"  # noqa: S608 - QuickBooks' query language, quoted above
