"""Reads the JSON of an export and of a new batch."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sandbox.connectwise.errors import ApiError, invalid_object

IDENTIFIER_LENGTH = 50
_SUMMARIES = ("Default", "Condensed", "Detailed")
# The answer repeats these.
_SETTINGS = (
    "batchIdentifier",
    "glInterfaceIdentifier",
    "exportInvoicesFlag",
    "exportExpensesFlag",
    "exportProductsFlag",
    "summarizeInvoices",
    "thruDate",
    "locationId",
)
_NOTHING: frozenset[int] = frozenset()


@dataclass(frozen=True)
class ExportRequest:
    settings: dict[str, Any]
    included_ids: frozenset[int] | None  # None: all
    excluded_ids: frozenset[int]
    thru_date: date
    location_id: int | None
    condensed: bool


@dataclass(frozen=True)
class BatchRequest:
    settings: dict[str, Any]
    identifier: str
    record_ids: frozenset[int]


def read_export(body: Any, now: datetime) -> ExportRequest:
    fields = _checked(body)
    summary = fields.get("summarizeInvoices") or "Default"
    if summary not in _SUMMARIES:
        raise _refused("InvalidField", f"summarizeInvoices is one of {', '.join(_SUMMARIES)}.", "summarizeInvoices")
    included = _ids(fields, "includedInvoiceIds") or None
    return ExportRequest(
        settings=_settings(fields),
        included_ids=included if fields.get("exportInvoicesFlag") else _NOTHING,
        excluded_ids=_ids(fields, "excludedInvoiceIds"),
        thru_date=_day(fields.get("thruDate"), now),
        location_id=fields.get("locationId"),
        condensed=summary == "Condensed",
    )


def read_batch(body: Any) -> BatchRequest:
    fields = _checked(body)
    identifier = fields.get("batchIdentifier")
    if not isinstance(identifier, str) or not identifier.strip():
        raise _refused("MissingField", "The batchIdentifier field is required.", "batchIdentifier")
    records = _ids(fields, "processedRecordIds")
    if not records:
        raise _refused("MissingField", "The processedRecordIds field is required.", "processedRecordIds")
    return BatchRequest(_settings(fields), identifier, records)


def _checked(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ApiError(400, {"code": "InvalidObject", "message": "The body is a JSON object.", "errors": None})
    if len(str(body.get("batchIdentifier") or "")) > IDENTIFIER_LENGTH:
        message = f"The field batchIdentifier has at most {IDENTIFIER_LENGTH} characters."
        raise _refused("OutOfRange", message, "batchIdentifier")
    return body


def _settings(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in _SETTINGS if fields.get(name) is not None}


def _ids(fields: dict[str, Any], name: str) -> frozenset[int]:
    values = fields.get(name) or []
    if not isinstance(values, list) or not all(type(value) is int for value in values):
        raise _refused("InvalidField", f"{name} is a list of whole numbers.", name)
    return frozenset(values)


def _day(value: Any, now: datetime) -> date:
    try:
        moment = now if value is None else datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise _refused("InvalidField", "The thruDate is a date and time in UTC.", "thruDate") from error
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date()


def _refused(code: str, message: str, field: str) -> ApiError:
    return invalid_object("accountingBatch", code, message, field)
