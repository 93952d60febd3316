"""How lists call the outcome of a comparison and the balance of an invoice, and the orders that they can have."""

from enum import StrEnum

from domain.comparing.comparison import ComparedAs


class Outcome(StrEnum):
    """How the comparison of an invoice stands."""

    AGREES = ComparedAs.AGREES.value
    DIFFERS = ComparedAs.DIFFERS.value
    UNKNOWN = ComparedAs.UNKNOWN.value
    # Both systems have never been read for it.
    NOT_COMPARED = "not_compared"

    @property
    def stored(self) -> str:
        return "" if self is Outcome.NOT_COMPARED else self.value


class Owed(StrEnum):
    """Whether the invoice is paid, by the balance that the source told us last."""

    OPEN = "open"
    PAID = "paid"
    # The source has not told us about this invoice.
    UNKNOWN = "unknown"
    DELETED = "deleted"


class InvoiceOrder(StrEnum):
    NUMBER = "number"
    CUSTOMER = "customer"
    # The largest first.
    TOTAL = "total"
    # The latest addition first.
    NEWEST = "newest"
