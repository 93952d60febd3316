"""What match saw of an untouched invoice serves push in the same second, and nothing else does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.push.glance import glance_in, glance_of
from domain.records import TargetInvoice

NOW = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)
UNTOUCHED = TargetInvoice(
    external_id="200",
    number="INV-1",
    total=Decimal("100.10"),
    balance=Decimal("100.10"),
    currency="USD",
    customer_names=("Northwind", "Northwind Ltd."),
    paid=Decimal(0),
)


def test_it_reads_as_it_was_written() -> None:
    stored = glance_of(UNTOUCHED, NOW)
    glance = glance_in(stored)
    assert glance is not None
    assert (glance.invoice, glance.at) == (UNTOUCHED, NOW)


@pytest.mark.parametrize(
    "touched",
    [
        pytest.param({"balance": Decimal("40.10"), "paid": Decimal(60)}, id="a payment"),
        pytest.param({"balance": Decimal("40.10")}, id="a credit"),
        pytest.param({"paid": None}, id="a target that does not tell what is paid"),
        pytest.param({"payable": False}, id="not an invoice"),
    ],
)
def test_an_invoice_to_which_something_was_applied_is_looked_at_by_push(touched: dict[str, object]) -> None:
    assert glance_of(replace(UNTOUCHED, **touched), NOW) is None  # type: ignore[arg-type]


def test_nothing_stored_is_no_look() -> None:
    assert glance_in(None) is None


@pytest.mark.parametrize(
    ("later", "age"),
    [
        (timedelta(0), timedelta(0)),
        (timedelta(seconds=1.5), timedelta(seconds=1.5)),
        (timedelta(seconds=-0.001), None),
    ],
)
def test_a_look_that_seems_to_lie_ahead_has_no_age(later: timedelta, age: timedelta | None) -> None:
    glance = glance_in(glance_of(UNTOUCHED, NOW))
    assert glance is not None
    assert glance.age(NOW + later) == age
