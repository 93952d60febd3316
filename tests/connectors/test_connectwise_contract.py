"""ConnectWise is a target, whichever way a tenant is set up."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from connectors.base import Target
from domain.push.strategy import PaymentStrategy
from tests.connectors.contract import TargetContract
from tests.connectors.strategy_contract import StrategyContract
from tests.connectors.vendors import ConnectWise, open_connectwise


@dataclass
class Tenant:
    connectwise: ConnectWise
    target: Target

    def add_invoice(self, number: str, total: str) -> str:
        return str(self.connectwise.sandbox.add_invoice(number, total))

    def type_payment(self, invoice_id: str, amount: str, on: date) -> str:
        return str(self.connectwise.sandbox.type_payment(int(invoice_id), amount, payment_date=on))

    def truth(self, invoice_id: str) -> list[tuple[str, Decimal, date]]:
        payments = self.connectwise.sandbox.invoice(int(invoice_id)).payments
        return [(str(one.id), one.amount, one.payment_date.date()) for one in payments]


class ConnectWiseContract(TargetContract):
    switches: ClassVar[dict[str, Any]] = {}
    hour_utc = 0

    @contextmanager
    def open_world(self) -> Iterator[Tenant]:
        with open_connectwise() as connectwise:
            connectwise.sandbox.set_switches(**self.switches)
            yield Tenant(connectwise, connectwise.connect(hour=self.hour_utc))


class TestATenantThatTakesOnePaymentPerReceipt(StrategyContract, ConnectWiseContract):
    strategy = PaymentStrategy.APPEND


class TestATenantThatRefusesASecondPayment(StrategyContract, ConnectWiseContract):
    strategy = PaymentStrategy.SINGLE
    switches: ClassVar[dict[str, Any]] = {"second_payment": "reject", "overpayment": "reject"}


class TestATenantThatReplacesAPaymentByTheNext(StrategyContract, ConnectWiseContract):
    strategy = PaymentStrategy.SINGLE
    switches: ClassVar[dict[str, Any]] = {"second_payment": "overwrite"}


class TestATenantThatWouldTakeMoreThanTheConnectionSays(StrategyContract, ConnectWiseContract):
    strategy = PaymentStrategy.SINGLE


class TestATenantThatTakesNothingUnexpected(ConnectWiseContract):
    switches: ClassVar[dict[str, Any]] = {"amount_as_string": "reject", "extra_fields": "reject"}


class TestATenantThatKeepsDatesOnlyWherePaymentsAreDatedAtNoon(ConnectWiseContract):
    switches: ClassVar[dict[str, Any]] = {"payment_date": "truncated"}
    hour_utc = 12


class TestATenantThatComparesTextExactly(ConnectWiseContract):
    switches: ClassVar[dict[str, Any]] = {"text_comparison": "exact"}


class TestATenantThatWritesOutTheTypeOfAPayment(ConnectWiseContract):
    """What a list shows as the type of a payment is not published."""

    switches: ClassVar[dict[str, Any]] = {"payment_type": "word"}
