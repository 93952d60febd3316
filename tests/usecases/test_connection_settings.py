"""Settings of a connection: what is refused, with a sentence, before it does harm at the wire."""

from typing import Any

import pytest

from connectors.connectwise.vendor import ConnectWiseOptions
from tests.world import World
from usecases.connections import change_settings


@pytest.mark.parametrize(
    ("name", "value"),
    [("requests_per_minute", value) for value in (0, -1, 1001, "60", True, 1.5)]
    + [("parallel", value) for value in (0, 33, "4", False)]
    + [("payment_type", value) for value in ("", "P;", "a" * 31, 7)]
    + [("payment_hour_utc", value) for value in (-1, 24, True, "12")]
    + [("home_currency", value) for value in ("", "usd", "US$", 5)]
    + [("strategy", value) for value in ("", "both", 1)],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(name: str, value: Any) -> None:
    problem = ConnectWiseOptions.problem_with({name: value}, allows_plain_http=False)
    assert problem is not None
    assert str(value) in problem


@pytest.mark.parametrize(
    ("name", "value"),
    [("requests_per_minute", 1000), ("parallel", 1), ("payment_type", "Check"), ("strategy", "single")],
)
def test_what_makes_sense_is_taken(name: str, value: Any) -> None:
    assert ConnectWiseOptions.problem_with({name: value}, allows_plain_http=False) is None


def test_a_payment_is_sent_with_the_type_that_the_tenant_uses(world: World) -> None:
    change_settings(world.context, world.target_id, {"payment_type": "C"})
    invoice = world.invoice("INV-1")
    world.pay("100.00", (invoice, "100.00"))
    world.notice()
    [payment] = world.on(invoice)
    assert payment.type == "C"


def test_a_connection_keeps_to_its_own_number_of_calls_a_minute(world: World) -> None:
    change_settings(world.context, world.target_id, {"requests_per_minute": 12})
    for number in range(8):
        invoice = world.invoice(f"INV-{number}")
        world.pay("100.00", (invoice, "100.00"))
    world.notice()
    # One process's part while there is no Redis to count for all.
    assert world.connectwise.calls.total == 12
