from datetime import timedelta

import pytest

from tests.cli.conftest import Run
from tests.world import BothInvoices, World

pytestmark = pytest.mark.both_in_the_build


@pytest.fixture
def invoice(world: World) -> BothInvoices:
    """An invoice on which we have entered 100.00, and a person 7.00."""
    made = world.invoice("INV-1", "200.00")
    world.connectwise.type_payment(made.connectwise_id or 0, "7.00")
    world.pay("100.00", (made, "100.00"))
    world.notice()
    return made


def since(world: World) -> str:
    return f"{world.clock.now() - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}"


def test_a_preview_says_what_would_go_and_changes_nothing(run: Run, world: World, invoice: BothInvoices) -> None:
    found = run("payments", "undo", "northwind", "--since", since(world), "--preview")
    assert "To be removed: 100.00 USD. Stays: nothing." in found.out
    assert "Nothing was changed." in found.out
    world.settle()
    assert world.amounts_on(invoice) == ["100.00", "7.00"]


def test_it_is_done_after_the_short_name_was_given(run: Run, world: World, invoice: BothInvoices) -> None:
    span = ("payments", "undo", "northwind", "--since", since(world))
    assert "add --preview or --confirm northwind" in run(*span).err
    assert "Type northwind to confirm" in run(*span, "--confirm", "contoso").err
    done = run(*span, "--why", "wrong company", "--confirm", "northwind", "--json").json
    assert (done["state"], done["why"], done["confirmed_by"]) == ("taking", "wrong company", "command line")
    world.later(minutes=1)
    assert world.amounts_on(invoice) == ["7.00"]
    [last, *_] = run("payments", "undos", "northwind", "--json").json
    assert (last["state"], last["taken_back"][0]["amount"]) == ("done", "100.00")
    assert "100.00 USD" in run("payments", "undos", "northwind").out
    assert "nothing in this span" in run(*span, "--confirm", "northwind").err


def test_it_can_be_stopped_and_goes_on(run: Run, world: World, invoice: BothInvoices) -> None:
    started = run("payments", "undo", "northwind", "--since", since(world), "--confirm", "northwind", "--json").json
    undo_id = str(started["id"])
    assert "Stopped." in run("payments", "undo-stop", "northwind", undo_id).out
    assert "not under way" in run("payments", "undo-stop", "northwind", undo_id).err
    world.later(minutes=1)
    assert world.amounts_on(invoice) == ["100.00", "7.00"]
    assert run("payments", "undo-continue", "northwind", undo_id, "--json").json["state"] == "taking"
    world.later(minutes=1)
    assert world.amounts_on(invoice) == ["7.00"]


def test_a_span_that_ends_before_it_begins_is_refused_in_one_line(run: Run, world: World) -> None:
    refused = run("payments", "undo", "northwind", "--since", "2026-11-20", "--until", "2026-11-19", "--preview")
    assert refused.code == 2
    assert "The span ends before it begins" in refused.err
