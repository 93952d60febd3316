"""The words of the pages about invoices in both systems."""

from decimal import Decimal

from domain.comparing.comparison import Line
from domain.comparing.outcomes import InvoiceOrder, Outcome, Owed
from domain.comparing.parts import AppliedCredit
from domain.comparing.rows import RowKind
from domain.comparing.words import CREDIT_NAMES, LINE_NAMES
from web.writing import Writing

COMPARED_LABELS = {
    Outcome.AGREES: "Agrees",
    Outcome.DIFFERS: "Differs",
    Outcome.UNKNOWN: "Cannot be told",
    Outcome.NOT_COMPARED: "Not compared yet",
}
COMPARED_BADGES = {
    Outcome.AGREES: "good",
    Outcome.DIFFERS: "bad",
    Outcome.UNKNOWN: "waiting",
    Outcome.NOT_COMPARED: "",
}
# What is told where nothing has this outcome.
NONE_COMPARED_LABELS = {
    Outcome.AGREES: "No invoice has been read in both systems and found to agree. Open one and read both systems.",
    Outcome.DIFFERS: "No invoice differs, as far as both systems have been read. Nothing to do.",
    Outcome.UNKNOWN: "There is no invoice that could not be compared. Nothing to do.",
    Outcome.NOT_COMPARED: "Every invoice has been read in both systems at least once.",
}
OWED_LABELS = {
    Owed.OPEN: "Open",
    Owed.PAID: "Paid",
    Owed.UNKNOWN: "Not reported yet",
    Owed.DELETED: "Deleted in QuickBooks",
}
INVOICE_ORDER_LABELS = {
    InvoiceOrder.NUMBER: "Number",
    InvoiceOrder.CUSTOMER: "Customer",
    InvoiceOrder.TOTAL: "Total, largest first",
    InvoiceOrder.NEWEST: "Latest added first",
}
ROW_LABELS = {
    RowKind.SAME: "Same in both",
    RowKind.DATE_DIFFERS: "Another date",
    RowKind.AMOUNT_DIFFERS: "Another amount",
    RowKind.PERHAPS_SAME: "Perhaps the same",
    RowKind.ON_ITS_WAY: "On its way",
    RowKind.HELD: "Held",
    RowKind.SKIPPED: "Not synced",
    RowKind.NOT_HEARD_OF: "Not reported yet",
    RowKind.MISSING_AT_TARGET: "Missing in ConnectWise",
    RowKind.TYPED_AT_TARGET: "Only in ConnectWise",
    RowKind.PERHAPS_TWICE: "Perhaps entered twice",
    RowKind.LEFT_AT_TARGET: "Only in ConnectWise",
    RowKind.OF_TARGETS_OWN_PRODUCT: "Only in ConnectWise",
    RowKind.CREDIT_AT_SOURCE: "Credit in QuickBooks only",
    RowKind.CREDIT_AT_TARGET: "Credit in ConnectWise only",
    RowKind.UNREADABLE: "Not readable",
    RowKind.NOT_COMPARED: "Not compared",
}
ROW_BADGES = {
    RowKind.SAME: "good",
    RowKind.DATE_DIFFERS: "waiting",
    RowKind.AMOUNT_DIFFERS: "bad",
    RowKind.PERHAPS_SAME: "waiting",
    RowKind.ON_ITS_WAY: "on_its_way",
    RowKind.HELD: "waiting",
    RowKind.SKIPPED: "",
    RowKind.NOT_HEARD_OF: "on_its_way",
    RowKind.MISSING_AT_TARGET: "bad",
    RowKind.TYPED_AT_TARGET: "bad",
    RowKind.PERHAPS_TWICE: "bad",
    RowKind.LEFT_AT_TARGET: "bad",
    RowKind.OF_TARGETS_OWN_PRODUCT: "waiting",
    RowKind.CREDIT_AT_SOURCE: "waiting",
    RowKind.CREDIT_AT_TARGET: "waiting",
    RowKind.UNREADABLE: "bad",
    RowKind.NOT_COMPARED: "",
}


def line_name(line: Line) -> str:
    return LINE_NAMES[line.kind]


def side_text(amount: Decimal | None, currency: str | None, writing: Writing) -> str:
    return "not read" if amount is None else writing.money(amount, currency)


def difference_cell(line: Line, currency: str | None, writing: Writing) -> str:
    """How far the two sides are apart, whichever has more."""
    if line.difference is None:
        return "not compared"
    return "same" if line.difference == 0 else f"differs by {writing.money(abs(line.difference), currency)}"


def credit_text(credit: AppliedCredit, currency: str | None, writing: Writing) -> str:
    return f"{CREDIT_NAMES[credit.kind]} {credit.document_id}: {writing.money(credit.amount, currency)}"
