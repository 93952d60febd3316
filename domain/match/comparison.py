"""Is this the same invoice? One verdict per field, both values kept."""

from functools import lru_cache

from domain.match.decisions import Verdict
from domain.reasons import Reason
from domain.records import SourceInvoice, TargetInvoice

_REASON_OF_FIELD = {
    "number": Reason.NUMBER_DIFFERS,
    "total": Reason.TOTAL_DIFFERS,
    "currency": Reason.CURRENCY_DIFFERS,
    "customer": Reason.CUSTOMER_DIFFERS,
}


def compare_invoices(source: SourceInvoice, target: TargetInvoice, payment_currency: str) -> tuple[Verdict, ...]:
    """The verdicts on number, total, currency and customer.

    The source invoice's currency may be missing where the company keeps one currency only; the payment's stands in.
    """
    currency = source.currency or payment_currency
    target_currency = target.currency or ""
    number = source.number or ""
    customer = target.customer_names[0] if target.customer_names else ""
    return (
        Verdict("number", number, target.number, number == target.number and number != ""),
        Verdict("total", str(source.total), str(target.total), source.total == target.total),
        Verdict("currency", currency, target_currency, currency == target_currency == payment_currency),
        Verdict(
            "customer",
            source.customer_name,
            customer,
            same_customer(source.customer_name, target.customer_names),
        ),
    )


def first_difference(verdicts: tuple[Verdict, ...]) -> Reason | None:
    """The reason for the first field that is not identical, in the order of the verdicts."""
    for verdict in verdicts:
        if not verdict.identical:
            return _REASON_OF_FIELD[verdict.field]
    return None


def same_customer(source_name: str, target_names: tuple[str, ...]) -> bool:
    """Whether one of the target's names for the customer is the source's.

    QuickBooks writes a sub-customer as "Parent:Child" and appends "(deleted)" to inactive names (Intuit's Payment
    reference); ConnectWise bills the company, which may be either part. Case and spacing are typing, not identity.
    """
    name = _plain(source_name.removesuffix("(deleted)"))
    if not name:
        return False
    accepted = {name, *(_plain(part) for part in source_name.removesuffix("(deleted)").split(":"))} - {""}
    return any(_plain(target) in accepted for target in target_names)


# A customer has many invoices, and a preview compares each of them twice.
@lru_cache(maxsize=4_096)
def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
