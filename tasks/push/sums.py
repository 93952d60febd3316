"""What a batch knows of its invoices' sums: how old they are, and whether this connection's follow payments at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import structlog
from sqlalchemy.orm import Session

from connectors.base import Created
from domain.push.glance import Glance
from domain.push.sums import Sums, after_a_payment, lags
from domain.records import TargetInvoice
from models.connections import note_sums
from tasks.context import Context
from tasks.push.answers import Came
from tasks.push.facts import Payments
from tasks.push.results import Answered, Looked
from tasks.step import Lease

log = structlog.get_logger()

# For so long after they were read, sums are good enough to begin a few more sends, and to make one. What a person types
# in between is not seen before the send, as with a list that waits for its send.
_FRESH, _USABLE = timedelta(seconds=2), timedelta(seconds=4)


@dataclass(slots=True)
class SumsOfBatch:
    """The sums of one batch's invoices.

    Attributes:
        state: whether sums can be relied on at this connection.
        read_at: when the invoices were read, or match asked for them, by the monotonic clock.
        created: amounts of payments created before we knew whether the sums follow, by invoice.
    """

    context: Context
    lease: Lease
    state: Sums
    read_at: float = 0.0
    created: dict[str, Decimal] = field(default_factory=dict)

    def ages_of(self, glances: Mapping[str, Glance]) -> Mapping[str, timedelta]:
        """How old these looks of match are, by invoice; without those that must not be gone by any more."""
        if self.state is not Sums.FOLLOW:
            return {}
        now = self.context.moment()
        ages = {invoice_id: glance.asked.age(now) for invoice_id, glance in glances.items()}
        return {invoice_id: age for invoice_id, age in ages.items() if age is not None and age <= _FRESH}

    def were_read(self, before: timedelta = timedelta(0)) -> None:
        """The invoices were read so long before now."""
        self.read_at = self.context.clock.monotonic() - before.total_seconds()

    @property
    def are_fresh(self) -> bool:
        """Whether a few more sends may begin by them."""
        return self.state is Sums.FOLLOW and self._age_seconds() <= _FRESH.total_seconds()

    @property
    def are_too_old(self) -> bool:
        """Whether a send that was intended by them must not be made any more."""
        return self._age_seconds() > _USABLE.total_seconds()

    def watch(self, came: Sequence[Came], invoices: Mapping[str, TargetInvoice]) -> None:
        """Learns from what has come: lists that have more than the sums knew of, and payments of ours."""
        for one in came:
            match one:
                case Looked(claimed, payments) if payments:
                    self.note_list(invoices[claimed.invoice_id], payments)
                case Answered(intended, Created(payment)):
                    self.note_created(intended.claimed.invoice_id, payment.amount)
                case _:
                    pass

    def note_list(self, invoice: TargetInvoice, payments: Payments) -> None:
        """Compares a list with the sums read before it."""
        if self.state is not Sums.LAG and payments and lags(invoice, payments):
            self._note(Sums.LAG)

    def note_created(self, invoice_id: str, amount: Decimal) -> None:
        """Remembers a creation until the invoice's sums are read again."""
        if self.state is Sums.UNPROVEN:
            self.created[invoice_id] = amount

    def learn(self, before: Mapping[str, TargetInvoice], after: Mapping[str, TargetInvoice]) -> None:
        """Learns from the invoices as they are right after payments of ours were created on them."""
        shown = {
            after_a_payment(before[invoice_id], after.get(invoice_id), amount)
            for invoice_id, amount in self.created.items()
        }
        self.created.clear()
        if Sums.LAG in shown:
            self._note(Sums.LAG)
        elif Sums.FOLLOW in shown:
            self._note(Sums.FOLLOW)

    def _age_seconds(self) -> float:
        return self.context.clock.monotonic() - self.read_at

    def _note(self, sums: Sums) -> None:
        self.state = sums

        def write(session: Session) -> None:
            self.lease.guard(session)
            note_sums(session, self.lease.owner_id, sums)

        self.context.database.write(write)
        log.info("connection.sums", connection_id=self.lease.owner_id, sums=sums.value)
