"""QuickBooks' refusals, with their codes (quickbooks error codes, observed or documented)."""


class Refused(Exception):  # the books refuse; nothing is broken
    """A business fault: HTTP 400 with this code, message and detail."""

    def __init__(self, code: str, message: str, detail: str, kind: str = "ValidationFault") -> None:
        super().__init__(f"{code} {message}: {detail}")
        self.code = code
        self.message = message
        self.detail = detail
        self.kind = kind


def not_found() -> Refused:
    return Refused(
        "610",
        "Object Not Found",
        "Object Not Found : Something you're trying to use has been made inactive."
        " Check the fields with accounts, customers, items, vendors or employees.",
    )


def stale(record_id: str) -> Refused:
    return Refused(
        "5010",
        "Stale Object Error",
        f"Stale Object Error : You and someone else were working on this at the same time. Object Id: {record_id}",
    )


def deposited() -> Refused:
    return Refused(
        "6540",
        "Deposited Transaction cannot be changed",
        "Deposited Transaction cannot be changed : You must first remove the transaction from the deposit.",
    )


def required(name: str) -> Refused:
    return Refused(
        "2020",
        "Required param missing, need to supply the required value for the API",
        f"Required parameter {name} is missing in the request",
    )


def invalid_reference(name: str) -> Refused:
    return Refused("2500", "Invalid Reference Id", f"Invalid Reference Id : {name} element id does not exist")


def too_long(name: str, limit: int) -> Refused:
    return Refused(
        "2050",
        "String length specified is too long",
        f"String length is either shorter or longer than supported by specification. Element {name}, Max:{limit}",
    )


def not_a_number(name: str) -> Refused:
    return Refused("2090", "Invalid Number", f"Invalid Number : {name} is not a valid amount")


def business(detail: str) -> Refused:
    return Refused(
        "6000",
        "A business validation error has occurred while processing your request",
        f"Business Validation Error: {detail}",
    )


def malformed(detail: str) -> Refused:
    return Refused("2010", "Request has invalid or unsupported property", detail)


def unsupported(detail: str) -> Refused:
    return Refused("500", "Unsupported Operation", f"Operation {detail} is not supported.")


def duplicate_name(owner: str) -> Refused:
    """A name belongs to one customer, vendor or employee, also while that one is inactive."""
    return Refused(
        "6240",
        "Duplicate Name Exists Error",
        f"The name supplied already exists. : Another {owner} is already using this name. Please use a different name.",
    )


def duplicate_number(number: str, invoice_id: str) -> Refused:
    return Refused(
        "6140",
        "Duplicate Document Number Error",
        "Duplicate Document Number Error : You must specify a different number. This number has already been used."
        f" DocNumber={number} is assigned to TxnType=Invoice with TxnId={invoice_id}",
    )


def period_closed() -> Refused:
    return Refused(
        "6210",
        "Account Period Closed, Cannot Update Through Services API",
        "The account period has closed and the account books cannot be updated through through the QBO Services API."
        " Please use the QBO website to make these changes.",
    )


def wrong_product() -> Refused:
    return Refused(
        "6070",
        "Amount calculation incorrect in the request",
        "Amount calculation incorrect in the request : Amount is not equal to UnitPrice * Qty. Supplied value:",
    )


def inactive(name: str) -> Refused:
    return Refused("610", "Object Not Found", f"Object Not Found : {name} has been made inactive.")


def invalid_text(name: str) -> Refused:
    return Refused("2040", "Invalid String", f"Invalid String : {name} contains a colon, a tab or a new line")
