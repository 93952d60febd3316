"""The command line and the API tell of a payment in the same document, to the last digit of an amount."""

from decimal import Decimal
from typing import Any

import pytest
import simplejson
from sqlalchemy import update

from models.effects import Effect
from models.ledger import LedgerEntry
from models.payments import Allocation, Payment
from settings import Settings
from tests.cli.conftest import Run
from tests.web.applications import application
from tests.web.browser import Browser
from tests.web.tokens import make_token
from tests.world import World


@pytest.mark.parametrize(
    ("currency", "amount", "told"),
    [("USD", "1234.5", "1234.50"), ("JPY", "1500", "1500"), ("KWD", "1.25", "1.250"), ("USD", "0.125", "0.125")],
)
def test_the_command_line_prints_what_the_api_answers(
    run: Run, world: World, currency: str, amount: str, told: str
) -> None:
    payment = world.pay("100", (world.invoice("INV-1"), "100"))
    world.notice()
    convert(world, currency, Decimal(amount))
    api = Browser(application(world.context, Settings(_env_file=None, redis_url="")))
    key = make_token(world)

    story = run("payments", "show", "northwind", payment, "--json").out
    assert simplejson.loads(story) == api.get(f"/api/payments/{payment}", headers=key).json()
    # The history of the ledger goes on saying what was entered.
    entered = told_as(Decimal(100), currency)
    assert amounts_in(simplejson.loads(story)) == {told, told_as(Decimal(0), currency), entered}
    assert run("payments", "list", "northwind", "--json").json == api.get("/api/payments", headers=key).json()
    overviews = [run("org", "overview", "northwind", "--json").json, api.get("/api/overview", headers=key).json()]
    for overview in overviews:
        # Each process tells of the quota that it was started with.
        assert [one.pop("facts") is not None for one in overview["connections"]] == [True, True]
    assert overviews[0] == overviews[1]


def convert(world: World, currency: str, amount: Decimal) -> None:
    """The same story with another amount in another currency."""
    with world.context.database.writing() as session:
        session.execute(update(Payment).values(currency=currency, total=amount, unapplied=Decimal(0)))
        session.execute(update(Allocation).values(amount=amount))
        session.execute(update(Effect).values(currency=currency, amount=amount))
        session.execute(update(LedgerEntry).values(amount=amount))


def told_as(amount: Decimal, currency: str) -> str:
    return f"{amount:.{ {'JPY': 0, 'KWD': 3}.get(currency, 2) }f}"


def amounts_in(document: Any) -> set[str]:
    if isinstance(document, list):
        return set().union(*map(amounts_in, document))
    if not isinstance(document, dict):
        return set()
    own = {value for name, value in document.items() if name in {"amount", "total", "unapplied"}}
    return own | amounts_in(list(document.values()))
