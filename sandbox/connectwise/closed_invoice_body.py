"""Reads the patch of a closed invoice."""

from typing import Any

from sandbox.connectwise.errors import ApiError, invalid_object
from sandbox.connectwise.records import STATUSES, BillingStatus
from sandbox.connectwise.world import Invoice


def patch_closed_invoice(operations: Any, invoice: Invoice) -> tuple[BillingStatus, str]:
    """The status and the internal notes as the operations leave them; nothing else can be patched."""
    if not isinstance(operations, list):
        raise ApiError(400, {"code": "InvalidObject", "message": "A patch is a list of operations."})
    status, notes = invoice.status, invoice.internal_notes
    for operation in operations:
        if not isinstance(operation, dict) or operation.get("op") not in {"add", "replace", "remove"}:
            raise ApiError(400, {"code": "InvalidObject", "message": "An operation is add, replace or remove."})
        name = str(operation.get("path", "")).removeprefix("/")
        value = None if operation["op"] == "remove" else operation.get("value")
        match name:
            case "internalNotes":
                notes = str(value or "")
            case "status":
                status = _status(value.get("id") if isinstance(value, dict) else None)
            case "status/id":
                status = _status(value)
            case _:
                raise _refused(f"The path {name} cannot be patched.", name)
    return status, notes


def _status(status_id: Any) -> BillingStatus:
    found = next((one for one in STATUSES if one.id == status_id), None)
    if found is None:
        raise _refused("The billing status does not exist.", "status")
    return found


def _refused(message: str, field: str) -> ApiError:
    return invalid_object("closedInvoice", "InvalidField", message, field)
