"""POST /batch: up to 30 independent items, each with its own answer or its own Fault, all in one HTTP 200."""

from typing import Any

from sandbox.quickbooks import cdc, customer_writes, invoice_writes, payment_writes
from sandbox.quickbooks.envelopes import fault_body
from sandbox.quickbooks.query.run import answer as answer_query
from sandbox.quickbooks.wire import Json
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.faults import Refused, malformed, unsupported

MOST_ITEMS = 30


def items_of(body: Any) -> list[Json]:
    items = body.get("BatchItemRequest") if isinstance(body, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise malformed("BatchItemRequest is missing")
    if len(items) > MOST_ITEMS:
        raise Refused(
            "1040",
            "Batch size limit exceeded",
            f"The number of items in a batch cannot be more than {MOST_ITEMS}",
        )
    return items


def reads_in(items: list[Json]) -> int:
    return sum(1 for item in items if "Query" in item or "CDCQuery" in item)


def answer(company: Company, items: list[Json]) -> Json:
    """Items do not see each other's work: a customer made here can be used in the next batch only."""
    answers = {position: _one(company, items[position]) for position in _last_the_customers(items)}
    return {
        "BatchItemResponse": [{"bId": item.get("bId", "")} | answers[position] for position, item in enumerate(items)]
    }


def _last_the_customers(items: list[Json]) -> list[int]:
    return sorted(range(len(items)), key=lambda position: "Customer" in items[position])


def _one(company: Company, item: Json) -> Json:
    try:
        if "Query" in item:
            return {"QueryResponse": answer_query(company, str(item["Query"]))}
        if "CDCQuery" in item:
            asked = item["CDCQuery"]
            return {"CDCResponse": [cdc.answer(company, asked.get("Entities"), asked.get("ChangedSince"))]}
        if "Payment" in item:
            operation = str(item.get("operation", ""))
            return {"Payment": payment_writes.write(company, item["Payment"], operation, item.get("optionsData", ""))}
        if "Invoice" in item:
            operation = str(item.get("operation", ""))
            include = str(item.get("optionsData", ""))
            return {"Invoice": invoice_writes.write(company, item["Invoice"], operation, include.lower())}
        if "Customer" in item:
            return {"Customer": customer_writes.write(company, item["Customer"], str(item.get("operation", "")))}
        raise unsupported("of this batch item")
    except Refused as refused:
        return {"Fault": fault_body(refused)}
