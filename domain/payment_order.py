"""In which order payments are listed."""

from enum import StrEnum


class PaymentOrder(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"
    LARGEST = "largest"


ORDER_LABELS = {
    PaymentOrder.NEWEST: "Newest first",
    PaymentOrder.OLDEST: "Oldest first",
    PaymentOrder.LARGEST: "Largest amount first",
}
