"""Accounting batches and general ledger entries: ConnectWise's JSON into our values, and a new batch into JSON."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import simplejson

from connectors.connectwise import wire
from connectors.copying import AlreadyBatched, BatchExists
from domain.copying.billed import Batch, LedgerEntry
from domain.money import is_storable

BATCH_FIELDS = "id,batchIdentifier,closedFlag,_info"
IDENTIFIER_CHARACTERS_MAX = 50
# No published source has the words; these are the ones with which ConnectWise refuses other records.
_EXISTS = re.compile(r"\b(exists?|duplicate|unique|taken|in use)\b", re.IGNORECASE)
_IN_A_BATCH = re.compile(r"\b(batch(ed)?|posted|exported|processed)\b", re.IGNORECASE)
_ALREADY = re.compile(r"\b(already|another|other)\b", re.IGNORECASE)
_MISSING = re.compile(r"\bnot\s+(exist|found)|\bnotfound\b|\bdoesn't exist", re.IGNORECASE)


def why_unusable(identifier: str, entry_ids: Collection[str]) -> str | None:
    """Why we do not even send such a batch; None if we do."""
    if not identifier.strip() or len(identifier) > IDENTIFIER_CHARACTERS_MAX or '"' in identifier:
        # A batch that we cannot look for afterwards must not be made.
        return f"a batch is named with 1 to {IDENTIFIER_CHARACTERS_MAX} characters, and without quotation marks"
    if not entry_ids:
        # ConnectWise might take none to mean all.
        return "there are no general ledger entries to put into a batch"
    if any(wire.record_id(one) is None for one in entry_ids):
        return "some of the general ledger entries have no record number"
    return None


def batch_body(identifier: str, entry_ids: Collection[str]) -> bytes:
    """The body of a new batch.

    It never has `closedFlag`: a closed batch vanishes, and only ConnectWise's consultants bring it back.
    """
    return simplejson.dumps(
        {
            "batchIdentifier": identifier,
            "exportInvoicesFlag": True,
            "exportExpensesFlag": False,
            "exportProductsFlag": False,
            "processedRecordIds": sorted(int(one) for one in entry_ids),
        }
    ).encode()


def refusal_in(parsed: Any, detail: str) -> BatchExists | AlreadyBatched | None:
    """What a refused batch collided with; None if the refusal is about something else.

    Either answer only makes the caller look, so a wrong guess here does no harm.
    """
    for code, message, of_field in _errors_in(parsed):
        words = f"{code} {message}"
        is_missing = _MISSING.search(words) is not None
        if of_field in ("", "batchIdentifier") and (
            code == "ObjectExists" or (_EXISTS.search(message) is not None and not is_missing)
        ):
            return BatchExists(detail)
        about_entries = of_field == "processedRecordIds" or not of_field
        if about_entries and not is_missing and _IN_A_BATCH.search(words) and _ALREADY.search(words):
            return AlreadyBatched(detail)
    return None


def batch_from(record: Mapping[str, Any]) -> Batch | None:
    """One batch, or None if it does not say its id and its identifier."""
    batch_id, identifier = wire.record_id(record.get("id")), record.get("batchIdentifier")
    if batch_id is None or not isinstance(identifier, str):
        return None
    made_by = wire.text_in(wire.part_of(record.get("_info"), "updatedBy"))
    return Batch(batch_id, identifier, closed=record.get("closedFlag") is True, made_by=made_by)


def entry_from(record: Mapping[str, Any]) -> LedgerEntry | None:
    """One general ledger entry, or None if it does not say its id, its amount, and whether a batch holds it."""
    entry_id, amount = wire.record_id(record.get("id")), wire.amount_in(record.get("amount"), None)
    batched = record.get("isBatched")
    if entry_id is None or amount is None or not is_storable(amount) or not isinstance(batched, bool):
        return None
    return LedgerEntry(entry_id, amount, batched)


def invoice_of(record: Mapping[str, Any]) -> str | None:
    """The invoice of an entry in a batch; "" for an entry of something else, None if the invoice has no readable id."""
    invoice = record.get("invoice")
    return "" if invoice is None else wire.record_id(wire.part_of(invoice, "id"))


def _errors_in(parsed: Any) -> Iterator[tuple[str, str, str]]:
    """Code, message and field of each error, those of the fields first."""
    listed = wire.part_of(parsed, "errors")
    for one in (*(listed if isinstance(listed, list) else ()), parsed):
        if isinstance(one, dict):
            yield tuple(wire.text_in(one.get(name)) for name in ("code", "message", "field"))  # type: ignore[misc]
