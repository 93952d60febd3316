"""The accounting API of one company: /v3/company/{realm}/..., past the gate."""

from typing import Any

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from sandbox.quickbooks import batch, cdc, customer_writes, invoice_writes, payment_writes
from sandbox.quickbooks.query.run import answer as answer_query
from sandbox.quickbooks.query.run import readable
from sandbox.quickbooks.switches import Switches
from sandbox.quickbooks.wire import Json, company_info_json, invoice_json, payment_json
from sandbox.quickbooks.wire_lists import customer_json, item_json, preferences_json
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.faults import Refused, malformed, not_found, required, unsupported
from sandbox.replies import read_json

READS = frozenset({"payment", "invoice", "customer", "item", "query", "cdc", "companyinfo", "preferences", "report"})


def reads_in(endpoint: str, request: Request, switches: Switches) -> int:
    """The number of metered calls in the request. Intuit does not publish how it counts a batch."""
    if endpoint != "batch":
        return 1 if endpoint in READS else 0
    try:
        reads = batch.reads_in(batch.items_of(_body(request)))
    except Refused:
        return 0
    return min(reads, 1) if switches.batch_metering == "one" else reads


def answer(company: Company, endpoint: str, request: Request, record_id: str) -> Json:
    """The content of the envelope, or Refused."""
    must_be_open(company)
    match endpoint:
        case "query":
            return {"QueryResponse": answer_query(company, _statement(request))}
        case "cdc":
            found = cdc.answer(company, request.args.get("entities"), request.args.get("changedSince"))
            return {"CDCResponse": [found]}
        case "batch":
            return batch.answer(company, batch.items_of(_body(request)))
        case "write_payment" | "write_invoice" | "write_customer":
            return _write(company, endpoint, request)
        case "companyinfo" if record_id == company.realm_id:
            return {"CompanyInfo": company_info_json(company, company.now())}
        case "preferences":
            return {"Preferences": preferences_json(company)}
        case "unsupported_write":
            raise unsupported(f"POST {record_id}")
        case _:
            return _one(company, endpoint, record_id)


def must_be_open(company: Company) -> None:
    if company.switches.suspended:
        raise Refused("6190", "Invalid Company Status", "Subscription period has ended or canceled", "SystemFault")


def _write(company: Company, endpoint: str, request: Request) -> Json:
    body = _body(request)
    operation, include = (request.args.get(name, "").lower() for name in ("operation", "include"))
    if endpoint == "write_payment":
        return {"Payment": payment_writes.write(company, body, operation, include)}
    if endpoint == "write_invoice":
        return {"Invoice": invoice_writes.write(company, body, operation, include)}
    return {"Customer": customer_writes.write(company, body, operation)}


def _one(company: Company, endpoint: str, record_id: str) -> Json:
    """One record by its id; fault 610 (never 404) if it does not exist, or not yet."""
    if endpoint == "payment":
        payment = company.payment(record_id)
        if readable(company, payment):
            return {"Payment": payment_json(company, payment)}
    if endpoint == "invoice":
        invoice = company.invoice(record_id)
        if readable(company, invoice):
            return {"Invoice": invoice_json(company, invoice)}
    customer = company.customers.get(record_id)
    if endpoint == "customer" and customer is not None:
        return {"Customer": customer_json(company, customer)}
    item = company.items.get(record_id)
    if endpoint == "item" and item is not None:
        return {"Item": item_json(company, item)}
    raise not_found()


def _statement(request: Request) -> str:
    statement = request.get_data(as_text=True) if request.method == "POST" else request.args.get("query", "")
    if not statement.strip():
        raise required("query")
    return statement


def _body(request: Request) -> Any:
    try:
        return read_json(request)
    except BadRequest as error:
        raise malformed(error.description or "The body is not JSON") from error
