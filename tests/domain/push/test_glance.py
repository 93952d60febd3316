"""What match saw of an untouched invoice serves push in the same second, and nothing else does."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.clocks import Moment
from domain.push.glance import glance_in, glance_of
from tests.domain.situations import TARGET_INVOICE

NOW = Moment(datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC), 1000.5, "this one")
UNTOUCHED = replace(TARGET_INVOICE, total=Decimal("100.10"), balance=Decimal("100.10"), paid=Decimal(0))


def test_it_reads_as_it_was_written_without_what_push_does_not_need() -> None:
    glance = glance_in(glance_of(UNTOUCHED, NOW))
    assert glance is not None
    assert glance.invoice == replace(UNTOUCHED, number="", customer_names=())
    assert glance.asked == NOW


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


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"total": None}, id="without a total"),
        pytest.param({"total": "a lot"}, id="no number"),
        pytest.param({"at": "yesterday"}, id="no time"),
        pytest.param({"ticks": None}, id="without ticks"),
    ],
)
def test_what_another_release_wrote_in_another_form_is_no_look(changed: dict[str, object]) -> None:
    stored = glance_of(UNTOUCHED, NOW) or {}
    assert glance_in(stored | changed) is None
    assert glance_in({name: value for name, value in stored.items() if name not in changed}) is None


def test_nothing_stored_is_no_look() -> None:
    assert glance_in(None) is None
