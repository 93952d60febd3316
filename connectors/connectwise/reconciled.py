"""ConnectWise PSA as the reconciliation reads it: every open invoice with the sums it keeps, and all others in slices.

A page begins after the last id of the page before, as an offset skips one for each invoice that leaves the list. The
number of invoices is asked for before and after: a server that leaves out a page says so nowhere else.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors.base import Failure, FailureKind, Got, ReadResult
from connectors.connectwise import wire
from connectors.connectwise.client import Client
from connectors.connectwise.lists import NO_LIST, PAGE_SIZE, TOO_MANY, read_list, records_in
from connectors.connectwise.searching import Search, search
from connectors.connectwise.target import ConnectWiseTarget
from connectors.connectwise.wanted import (
    NEUTRAL_NUMBER,
    NO_INVOICE,
    id_condition,
    lists_of_ids,
    lists_of_numbers,
    number_condition,
    stretches_of_ids,
)
from connectors.reconciling import SLICE_INVOICES, Reading, TargetStandings
from connectors.transcript import Transcript
from domain.reconciliation.documents import TargetOpen, TargetSlice, TargetStanding
from domain.reconciliation.untrusted import Untrusted, WhyUntrusted
from domain.records import TargetPayment

_INVOICES = "/finance/invoices"
# Below zero as well: that is an invoice with more on it than it was billed for.
OPEN = "balance != 0"
# A list of a million invoices: no tenant has so many that are open.
_PAGES_MAX = 1000
# Something may change between two counts; if it does so again, the tenant is busy, and a later reading is better.
_ATTEMPTS_MAX = 2
# Each may take four calls: a 404 is also the answer of an API that has moved.
_HIDDEN_ASKED_MAX = 5


class ConnectWiseReconciled:
    def __init__(
        self,
        client: Client,
        target: ConnectWiseTarget,
        default_currency: str | None,
        keep: Callable[[], None] | None = None,
    ) -> None:
        self._client = client
        self._target = target
        self._default_currency = default_currency
        self._keep = keep or _nothing

    def keeping(self, keep: Callable[[], None]) -> "ConnectWiseReconciled":
        return ConnectWiseReconciled(self._client, self._target, self._default_currency, keep)

    def count_open(self) -> Reading[int]:
        return self._count(self._client, OPEN)

    def read_open(self) -> Reading[TargetOpen]:
        client, transcript = self._heard()
        listed = self._counted(client, OPEN)
        if not isinstance(listed, Got):
            return listed
        count = len(listed.value)
        invoices = tuple(one for one in listed.value if one.balance)
        totals: dict[str | None, Decimal] = defaultdict(Decimal)
        for one in invoices:
            totals[one.currency] += one.balance
        evidence = transcript.evidence(client.now(), {"conditions": OPEN, "fields": wire.STANDING_FIELDS})
        return Got(TargetOpen(invoices, count, count, dict(totals), evidence))

    def read_changed_since(self, since: datetime) -> Reading[TargetStandings]:
        client, transcript = self._heard()
        condition = f"_info/lastUpdated >= [{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}]"
        listed = self._counted(client, condition)
        if not isinstance(listed, Got):
            return listed
        return Got(TargetStandings(tuple(listed.value), transcript.evidence(client.now(), {"conditions": condition})))

    def read_invoice_slice(self, after: str | None = None, limit: int = SLICE_INVOICES) -> Reading[TargetSlice]:
        client, transcript = self._heard()
        start = "0" if after is None else wire.record_id(after)
        if start is None:
            return Failure(FailureKind.REFUSED, f"'{after}' is no place in the list of invoices")
        differs = Untrusted(WhyUntrusted.COUNT_DIFFERS)
        for _ in range(_ATTEMPTS_MAX):
            listed = self._list(client, "", int(start), limit)
            if not isinstance(listed, Got):
                return listed
            invoices, goes_on = listed.value
            last = invoices[-1].external_id if goes_on else None
            condition = f"id > {start}" + (f" and id <= {last}" if last else "")
            counted = self._count(client, condition)
            if not isinstance(counted, Got):
                return counted
            if counted.value == len(invoices):
                evidence = transcript.evidence(client.now(), {"conditions": condition})
                return Got(TargetSlice(tuple(invoices), last, counted.value, evidence))
            differs = Untrusted(WhyUntrusted.COUNT_DIFFERS, f"{counted.value} counted, {len(invoices)} came")
        return differs

    def read_standings(self, ids: Collection[str], numbers: Collection[str] = ()) -> Reading[TargetStandings]:
        client, transcript = self._heard()
        found: dict[str, TargetStanding] = {}
        stretches, rest = stretches_of_ids(ids)
        for first, last in stretches:
            listed = self._list(client, f"id <= {last}", first - 1, None, last)
            if not isinstance(listed, Got):
                return listed
            found |= {one.external_id: one for one in listed.value[0] if one.external_id in ids}
        id_lists, number_lists = list(lists_of_ids(rest)), list(lists_of_numbers(numbers))
        for lists, condition, neutral in (
            (id_lists, id_condition, NO_INVOICE),
            (number_lists, number_condition, NEUTRAL_NUMBER),
        ):
            searched = search(lists, lambda values, make=condition: self._found(client, make(values)), neutral)  # type: ignore[misc]
            stop = _why_incomplete(searched)
            if stop is not None:
                return stop
            found |= {one.external_id: one for one in searched.found if one is not None}
        asked = {"ids": str(len(set(ids))), "numbers": str(len(set(numbers)))}
        return Got(TargetStandings(tuple(found.values()), transcript.evidence(client.now(), asked)))

    def list_payments(self, invoice_id: str) -> Reading[tuple[TargetPayment, ...]]:
        self._keep()
        return self._target.list_payments(invoice_id)

    def why_hidden(self, ids: Collection[str]) -> Untrusted | Failure | None:
        for one in sorted(ids)[:_HIDDEN_ASKED_MAX]:
            if wire.record_id(one) != one:
                continue
            self._keep()
            answer = self._client.read(f"{_INVOICES}/{one}", {"fields": "id"}, route="invoices/{id}")
            match answer:
                case Failure(FailureKind.FORBIDDEN):
                    return Untrusted(WhyUntrusted.PERMISSION, f"invoice {one}: {answer.detail}")
                case Failure(FailureKind.NOT_FOUND) | Got():
                    continue
                case Failure():
                    return answer
        return None

    def _heard(self) -> tuple[Client, Transcript]:
        transcript = Transcript(self._client.now())
        return self._client.hearing(transcript.hear), transcript

    def _counted(self, client: Client, condition: str) -> Reading[list[TargetStanding]]:
        """All invoices for which the condition is true, with the same number of them before and after."""
        differs = Untrusted(WhyUntrusted.COUNT_CHANGED)
        for _ in range(_ATTEMPTS_MAX):
            before = self._count(client, condition)
            if not isinstance(before, Got):
                return before
            listed = self._list(client, condition, 0, None)
            if not isinstance(listed, Got):
                return listed
            after = self._count(client, condition)
            if not isinstance(after, Got):
                return after
            came = len(listed.value[0])
            if before.value == after.value == came:
                return Got(listed.value[0])
            detail = f"{before.value} before, {came} came, {after.value} after"
            is_moving = before.value != after.value
            differs = Untrusted(WhyUntrusted.COUNT_CHANGED if is_moving else WhyUntrusted.COUNT_DIFFERS, detail)
        return differs

    def _count(self, client: Client, condition: str) -> ReadResult[int]:
        self._keep()
        answer = client.read(f"{_INVOICES}/count", {"conditions": condition}, route="invoices/count")
        if isinstance(answer, Failure):
            return answer
        count = answer.value.get("count") if isinstance(answer.value, dict) else None
        if not isinstance(count, int) or isinstance(count, bool):
            return Failure(FailureKind.UNAVAILABLE, "the answer does not contain the number that was asked for")
        return Got(count)

    def _list(
        self, client: Client, condition: str, after: int, limit: int | None, last: int | None = None
    ) -> Reading[tuple[list[TargetStanding], bool]]:
        """The invoices in the order of their ids, and whether there may be more than the limit.

        Args:
            last: no id above this one fulfils the condition, so that no further page is asked for in vain.
        """
        found: list[TargetStanding] = []
        for _ in range(_PAGES_MAX):
            size = PAGE_SIZE if limit is None else min(PAGE_SIZE, limit - len(found))
            place = f"id > {after}"
            self._keep()
            page = client.read_page(
                _INVOICES,
                {
                    "conditions": f"{condition} and {place}" if condition else place,
                    "fields": wire.STANDING_FIELDS,
                    "orderBy": "id asc",
                    "pageSize": str(size),
                },
                route="invoices standing",
            )
            if isinstance(page, Failure):
                return page
            records = records_in(page.value.value)
            if records is None or len(records) > size:
                return Failure(FailureKind.UNAVAILABLE, NO_LIST if records is None else TOO_MANY)
            read = self._standings(records)
            if not isinstance(read, Got):
                return read
            ids = [int(one.external_id) for one in read.value]
            if any(one >= other for one, other in zip((after, *ids), ids, strict=False)):
                # Going on from the last id would lose invoices without a word.
                return Failure(FailureKind.UNAVAILABLE, "the invoices are not in the order of their ids")
            found += read.value
            goes_on = bool(records) and page.value.may_go_on(len(records)) and (last is None or ids[-1] < last)
            if not goes_on or len(found) == limit:
                return Got((found, goes_on))
            after = ids[-1]
        return Untrusted(WhyUntrusted.TOO_MANY_CALLS, f"more than {_PAGES_MAX} pages")

    def _found(self, client: Client, condition: str) -> ReadResult[list[TargetStanding | None]]:
        self._keep()
        parameters = {
            "conditions": condition,
            "fields": wire.STANDING_FIELDS,
            "orderBy": "id asc",
            "pageSize": str(PAGE_SIZE),
        }
        return read_list(client, _INVOICES, parameters, "invoices standing", self._standing)

    def _standing(self, record: Any) -> TargetStanding | None:
        return wire.standing_from(record, self._default_currency)

    def _standings(self, records: Sequence[Any]) -> Reading[list[TargetStanding]]:
        read = [self._standing(one) for one in records]
        whole = [one for one in read if one is not None]
        if len(whole) < len(read):
            place = read.index(None)
            return Untrusted(WhyUntrusted.ROW_UNREADABLE, f"invoice {wire.record_id(records[place].get('id')) or '?'}")
        return Got(whole)


def _nothing() -> None:
    """For a reading that belongs to no step."""


def _why_incomplete(searched: Search[TargetStanding | None]) -> Failure | Untrusted | None:
    if searched.failure is not None:
        return searched.failure
    if searched.refused or searched.unread:
        refused = next(iter(searched.refused.values()), "")
        return Untrusted(WhyUntrusted.PAGE_FAILED, refused)
    if None in searched.found:
        return Untrusted(WhyUntrusted.ROW_UNREADABLE)
    return None
