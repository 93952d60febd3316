"""QuickBooks Online as the reconciliation reads it: what is open, the whole history in slices, and recent payments."""

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from connectors.base import Failure, FailureKind, Got
from connectors.quickbooks import receivables, wire
from connectors.quickbooks.amounts import as_moment
from connectors.quickbooks.asking import PAGE_MAX, Question, ask_all, ask_with, count_where, objects_where
from connectors.quickbooks.client import Client
from connectors.quickbooks.receivables import ATTEMPTS_MAX, Receivables
from connectors.quickbooks.standings import standings_from
from connectors.reconciling import READS_MAX, SLICE_INVOICES, PaymentsRecorded, Reading, SourceStandings
from connectors.transcript import Transcript
from domain.reconciliation.documents import BooksOpen, SourceSlice, SourceStanding
from domain.reconciliation.untrusted import Untrusted, WhyUntrusted

_CREATED = "MetaData.CreateTime"
_SECOND = timedelta(seconds=1)


class QuickBooksReconciled:
    def __init__(self, client: Client, home_currency: str | None) -> None:
        self._client = client
        self._home_currency = home_currency

    def keeping(self, keep: Callable[[], None]) -> "QuickBooksReconciled":
        return QuickBooksReconciled(self._client.keeping(keep), self._home_currency)

    def count_open(self) -> Reading[int]:
        return receivables.count_open(self._client)

    def read_open(self, as_of: date, reads_max: int = READS_MAX) -> Reading[BooksOpen]:
        client, transcript = self._heard()
        return Receivables(client, transcript, as_of, reads_max, self._home_currency).read()

    def read_standings(self, ids: Collection[str], numbers: Collection[str] = ()) -> Reading[SourceStandings]:
        client, transcript = self._heard()
        found: dict[str, SourceStanding] = {}
        # Letter case does not matter to QuickBooks, and it does to us.
        wanted = {number for number in numbers if number}
        for question, values in ((Question("Invoice"), set(ids)), (Question("Invoice", "DocNumber"), wanted)):
            result = ask_with(client, question, values)
            if isinstance(result, Failure):
                return result
            standings = standings_from(result.value, self._home_currency)
            if isinstance(standings, Untrusted):
                return standings
            found |= {one.external_id: one for one in standings if one.external_id in ids or one.number in wanted}
        asked = {"entity": "Invoice", "ids": str(len(set(ids))), "numbers": str(len(wanted))}
        evidence = transcript.evidence(client.now(), asked)
        return Got(SourceStandings(tuple(found.values()), frozenset(ids) - found.keys(), evidence))

    def read_payments(self, ids: Collection[str]) -> Reading[PaymentsRecorded]:
        client, transcript = self._heard()
        result = ask_with(client, Question("Payment"), ids)
        if isinstance(result, Failure):
            return result
        evidence = {"entity": "Payment", "ids": str(len(set(ids)))}
        return self._payments(result.value, client, transcript, evidence)

    def read_payments_since(self, since: date) -> Reading[PaymentsRecorded]:
        client, transcript = self._heard()
        moment = datetime.combine(since, time(), UTC).isoformat(timespec="seconds")
        found: list[Any] = []
        # The language has no "or"; the two do not overlap.
        for condition in (
            f"TxnDate >= '{since}'",
            f"MetaData.LastUpdatedTime >= '{moment}' AND TxnDate < '{since}'",
        ):
            listed = _counted(client, "Payment", condition)
            if not isinstance(listed, Got):
                return listed
            found += listed.value
        return self._payments(found, client, transcript, {"entity": "Payment", "since": since.isoformat()})

    def _payments(
        self, objects: Iterable[Any], client: Client, transcript: Transcript, asked: Mapping[str, str]
    ) -> Reading[PaymentsRecorded]:
        try:
            payments = tuple(wire.payment_from(one, self._home_currency) for one in objects)
        except ValueError:
            return Untrusted(WhyUntrusted.ROW_UNREADABLE, "a payment without an id")
        flawed = frozenset(one.external_id for one in payments if one.flaw is not None)
        return Got(PaymentsRecorded(payments, flawed, transcript.evidence(client.now(), asked)))

    def read_invoice_slice(self, after: str | None = None, limit: int = SLICE_INVOICES) -> Reading[SourceSlice]:
        """From one moment of creation to another: unlike an offset, this place does not move when invoices change."""
        client, transcript = self._heard()
        first = as_moment(after) if after is not None else None
        if after is not None and first is None:
            return Failure(FailureKind.REFUSED, f"'{after}' is no place in the list of invoices")
        differs = Untrusted(WhyUntrusted.COUNT_DIFFERS)
        for _ in range(ATTEMPTS_MAX):
            read = _slice(client, first, limit)
            if not isinstance(read, Got):
                return read
            objects, last = read.value
            counted = count_where(client, "Invoice", _between(first, last))
            if isinstance(counted, Failure):
                return counted
            if counted.value == len(objects):
                standings = standings_from(objects, self._home_currency)
                if isinstance(standings, Untrusted):
                    return standings
                evidence = transcript.evidence(client.now(), {"entity": "Invoice", "where": _between(first, last)})
                return Got(SourceSlice(standings, _written(last) if last else None, counted.value, evidence))
            differs = Untrusted(WhyUntrusted.COUNT_DIFFERS, f"{counted.value} counted, {len(objects)} came")
        return differs

    def _heard(self) -> tuple[Client, Transcript]:
        transcript = Transcript(self._client.now())
        return self._client.hearing(transcript.hear), transcript


def _counted(client: Client, entity: str, condition: str) -> Reading[list[Any]]:
    """All objects for which the condition is true; counted before and after, because offsets skip what moves."""
    differs = Untrusted(WhyUntrusted.COUNT_CHANGED)
    for _ in range(ATTEMPTS_MAX):
        before = count_where(client, entity, condition)
        if isinstance(before, Failure):
            return before
        found = ask_all(client, Question(entity, condition=condition, order=_CREATED)) if before.value else Got([])
        if isinstance(found, Failure):
            return found
        after = count_where(client, entity, condition) if before.value else before
        if isinstance(after, Failure):
            return after
        if before.value == after.value == len(found.value):
            return found
        detail = f"{before.value} before, {len(found.value)} came, {after.value} after"
        differs = Untrusted(WhyUntrusted.COUNT_CHANGED, detail)
    return differs


def _slice(client: Client, first: datetime | None, limit: int) -> Reading[tuple[list[Any], datetime | None]]:
    """The oldest invoices created from `first` on, and the moment before which they all were; None at the end."""
    found: list[Any] = []
    for read in itertools.count(1):
        page = objects_where(client, "Invoice", _between(first, None), f" ORDERBY {_CREATED}")
        if isinstance(page, Failure):
            return page
        if len(page.value) < PAGE_MAX:
            return Got(([*found, *page.value], None))
        newest = max(filter(None, map(_created_at, page.value)), default=None)
        if newest is None:
            return Untrusted(WhyUntrusted.ROW_UNREADABLE, "the invoices do not say when they were created")
        if first is None or newest > first:
            # The newest second may go on beyond this page, so the next page begins with it.
            found += [one for one in page.value if (_created_at(one) or newest) < newest]
            first = newest
        else:
            # An import has created more than a page of them in one second.
            second = _counted(client, "Invoice", _between(first, first + _SECOND))
            if not isinstance(second, Got):
                return second
            found += second.value
            first += _SECOND
        if read * PAGE_MAX >= limit:
            break
    return Got((found, first))


def _created_at(one: Any) -> datetime | None:
    meta = one.get("MetaData") if isinstance(one, dict) else None
    return as_moment(meta.get("CreateTime")) if isinstance(meta, dict) else None


def _between(first: datetime | None, last: datetime | None) -> str:
    """The condition; `last` is not included."""
    parts: Iterable[str] = (
        f"{_CREATED} {operator} '{_written(moment)}'"
        for operator, moment in ((">=", first), ("<", last))
        if moment is not None
    )
    return " AND ".join(parts)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
