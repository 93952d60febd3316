"""Answers a query from a company's tables, by the shortest way: by id, by time of change, or by a scan."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from operator import eq, ge, gt, le, lt
from typing import Any

from sandbox.quickbooks.query.fields import FIELDS, Field, field_of
from sandbox.quickbooks.query.language import Condition, Query, parse
from sandbox.quickbooks.times import parse_time
from sandbox.quickbooks.wire import (
    bank_deposit_json,
    company_info_json,
    credit_memo_json,
    invoice_json,
    journal_entry_json,
    payment_json,
)
from sandbox.quickbooks.wire_lists import (
    customer_json,
    item_json,
    other_json,
    preferences_json,
    tax_code_json,
    tax_rate_json,
    term_json,
)
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.faults import Refused
from sandbox.quickbooks.world.records import Record
from sandbox.quickbooks.world.table import Table

Json = dict[str, Any]
Test = Callable[[Any], bool]

COMPARE: dict[str, Callable[[Any, Any], bool]] = {"=": eq, "<": lt, ">": gt, "<=": le, ">=": ge}
RENDER: dict[str, Callable[[Company, Any], Json]] = {
    "Payment": payment_json,
    "Invoice": invoice_json,
    "CreditMemo": credit_memo_json,
    "JournalEntry": journal_entry_json,
    "Deposit": bank_deposit_json,
    "Customer": customer_json,
    "Vendor": other_json,
    "Employee": other_json,
    "Item": item_json,
    "TaxCode": tax_code_json,
    "TaxRate": tax_rate_json,
    "Term": term_json,
}
_QUOTES = frozenset("‘’“”")
LAST_UPDATE = "metadata.lastupdatedtime"


def table_of(company: Company, entity: str) -> Table[Any]:
    tables: dict[str, Table[Any]] = {
        "Payment": company.payments,
        "Invoice": company.invoices,
        "CreditMemo": company.credit_memos,
        "JournalEntry": company.journal_entries,
        "Deposit": company.bank_deposits,
        "Customer": company.customers,
        "Vendor": company.vendors,
        "Employee": company.employees,
        "Item": company.items,
        "TaxCode": company.tax_codes,
        "TaxRate": company.tax_rates,
        "Term": company.terms,
    }
    return tables[entity]


def readable(company: Company, record: Record) -> bool:
    """Whether a fresh record can be read already: Intuit warns of timing issues between event and read."""
    delay = company.switches.readable_after_seconds
    return not delay or record.created_at + timedelta(seconds=delay) <= company.now()


def answer(company: Company, statement: str) -> Json:
    """The content of QueryResponse."""
    query = parse(statement)
    if query.entity in {"CompanyInfo", "Preferences"}:
        one = company_info_json(company, company.now())
        page = [one if query.entity == "CompanyInfo" else preferences_json(company)]
        return {"totalCount": 1} if query.counts else {query.entity: page, "startPosition": 1, "maxResults": 1}
    if query.entity not in FIELDS:
        raise Refused("4001", "Invalid query", f"QueryValidationError: Invalid entity {query.entity}")
    found = (record for record in _matching(company, query) if readable(company, record))
    if query.counts:
        return {"totalCount": sum(1 for _ in found)}
    found = (record for record in found if record.id != company.switches.query_hides)
    first = query.start_position - 1
    page = [RENDER[query.entity](company, one) for one in islice(found, first, first + query.max_results)]
    if not page:
        return {}
    return {query.entity: page, "startPosition": query.start_position, "maxResults": len(page)}


def _matching(company: Company, query: Query) -> Iterable[Record]:
    tests = [_test(company, query.entity, condition) for condition in query.conditions]
    if "active" in FIELDS[query.entity] and all(one.field.lower() != "active" for one in query.conditions):
        # Inactive records are found only by those who ask for them.
        tests.append(lambda record: bool(record.active))
    sortings = [(_sortable(company, query.entity, name), down) for name, down in query.order_by]
    table = table_of(company, query.entity)
    by_time = [name.lower() for name, _ in query.order_by] == [LAST_UPDATE] and not query.order_by[0][1]
    found = (record for record in _candidates(company, table, query, by_time=by_time) if all(t(record) for t in tests))
    if by_time or not sortings:
        return found
    rows = list(found)
    # Sorting by the least important key first: each later sort keeps the order of the earlier ones.
    for field, descending in reversed(sortings):
        rows.sort(key=_sort_key(field), reverse=descending)
    return rows


def _candidates(company: Company, table: Table[Any], query: Query, *, by_time: bool) -> Iterator[Record]:
    wanted = [one.values for one in query.conditions if one.field.lower() == "id"]
    if wanted and not by_time:
        ids = sorted(set(wanted[0]), key=_in_order)
        return (table.records[one] for one in ids if one in table.records)
    first, last = _window(query)
    if by_time or first is not None or last is not None:
        narrowed = table.by_last_update(first, last)
        return narrowed if by_time else _creation_order(company, narrowed)
    records = table.records.values()
    return reversed(records) if company.switches.query_order == "newest_first" else iter(records)


def _creation_order(company: Company, records: Iterable[Record]) -> Iterator[Record]:
    newest_first = company.switches.query_order == "newest_first"
    return iter(sorted(records, key=lambda record: _in_order(record.id), reverse=newest_first))


def _window(query: Query) -> tuple[datetime | None, datetime | None]:
    """The bounds that the conditions set on the last update; the conditions themselves are still tested."""
    first: datetime | None = None
    last: datetime | None = None
    for one in query.conditions:
        if one.field.lower() != LAST_UPDATE or one.operator in {"IN", "LIKE"}:
            continue
        at = parse_time(one.values[0])
        if one.operator in {">", ">=", "="}:
            first = at if first is None else max(first, at)
        if one.operator in {"<", "<=", "="}:
            last = at if last is None else min(last, at)
    return first, last


def _test(company: Company, entity: str, condition: Condition) -> Test:
    field = field_of(entity, condition.field)
    if condition.operator not in field.operators:
        raise Refused(
            "4001",
            "Invalid query",
            f"QueryValidationError: Operator {condition.operator} is not supported for property '{condition.field}'",
        )
    limit = company.switches.in_list_limit
    if limit and len(condition.values) > limit:
        raise Refused("4001", "Invalid query", f"QueryValidationError: more than {limit} values in a list")
    if company.switches.typographic_quotes == "missed" and any(_QUOTES & set(value) for value in condition.values):
        return lambda _: False
    if condition.operator == "LIKE":
        return _like(field, condition.values[0])
    values = [_parsed(field, condition.field, value) for value in condition.values]
    if condition.operator == "IN":
        return lambda record: field.read(record) in values
    compare = COMPARE[condition.operator]
    return lambda record: compare(field.read(record), values[0])


def _parsed(field: Field, name: str, value: str) -> Any:
    try:
        return field.parse(value)
    except ValueError as error:
        detail = f"QueryValidationError: value {value} of property '{name}' cannot be read"
        raise Refused("4001", "Invalid query", detail) from error


def _like(field: Field, pattern: str) -> Test:
    expression = ".*".join(re.escape(part) for part in pattern.split("%"))
    matches = re.compile(expression, re.IGNORECASE | re.DOTALL).fullmatch
    return lambda record: matches(str(field.read(record))) is not None


def _sortable(company: Company, entity: str, name: str) -> Field:
    field = field_of(entity, name)
    if not field.sortable or (name.lower() == "id" and not company.switches.id_sortable):
        raise Refused("4001", "Invalid query", f"QueryValidationError: property '{name}' is not sortable")
    return field


def _sort_key(field: Field) -> Callable[[Record], Any]:
    def key(record: Record) -> Any:
        value = field.read(record)
        return _in_order(value) if field is FIELDS["Payment"]["id"] else value

    return key


def _in_order(record_id: str) -> tuple[int, str]:
    """Ids are numbers, but for the two tax codes of the US."""
    return len(record_id), record_id
