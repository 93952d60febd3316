"""How long each payment waited, from the moment it was recorded in QuickBooks until it stood in ConnectWise."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox.stack import Stack
from tests.chaos.books import Bill, Books


@dataclass(frozen=True)
class Waits:
    """Of one run, in seconds."""

    payments: int
    median: float
    p95: float
    longest: float

    def __str__(self) -> str:
        return f"{self.payments} payments: p50 {self.median:.2f} s, p95 {self.p95:.2f} s, longest {self.longest:.2f} s"


def waits_of(seconds: Sequence[float]) -> Waits:
    """The figures of these waits, of which there has to be one."""
    sorted_ = sorted(seconds)
    of = lambda part: sorted_[math.ceil(part * len(sorted_)) - 1]  # noqa: E731
    return Waits(len(sorted_), of(0.5), of(0.95), sorted_[-1])


def measured(stack: Stack, books: Books, recorded: Mapping[Bill, datetime]) -> Waits:
    """Of the payments that nobody has had second thoughts about."""
    seconds: list[float] = []
    for tenant in dict.fromkeys(bill.tenant for bill in recorded):
        with stack.connectwise(tenant.company_id) as connectwise:
            there = {invoice.id: invoice.payments for invoice in connectwise.invoices()}
        for bill, at in recorded.items():
            if bill.tenant == tenant:
                ours = [
                    payment.updated_at
                    for payment in there[bill.connectwise_id]
                    if (tenant.company_id, bill.connectwise_id, payment.id) not in books.typed
                ]
                seconds += [(moment - at).total_seconds() for moment in ours]
    return waits_of(seconds)
