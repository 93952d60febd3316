"""New customers: once each, only with a name that is free, and only as long as a person wants them."""

from dataclasses import replace

import pytest

from domain.copying.states import CopyAction
from tasks.points import Point
from tests.copying import PERSON, Tool
from tests.flow.doing import once_at
from usecases.copy_choices import create_customer_as, link_customer, unlink_customer


def wish_for(tool: Tool, name: str) -> str:
    """An invoice of a company for which a person wants a new customer; the company."""
    tool.bill("INV-1", company_identifier="Fresh", company_name="Fresh Bakery")
    tool.refresh()
    company = tool.row("INV-1").bill_to_id
    create_customer_as(tool.world.context, tool.world.organization_id, company, name, PERSON)
    return company


def customers(tool: Tool) -> list[str]:
    return [one.name for one in tool.world.quickbooks.customers()]


@pytest.mark.both_in_the_build
def test_a_name_that_an_inactive_customer_has_is_held_and_not_asked_for_again_and_again(tool: Tool) -> None:
    inactive = tool.world.quickbooks.add_customer("Old Bakery")
    tool.world.quickbooks.set_active("Customer", inactive, active=False)
    wish_for(tool, "Old Bakery")
    run_id = tool.do(CopyAction.COPY, "INV-1")
    assert tool.outcomes(run_id)["INV-1"][1] == "customer_name_taken"
    tool.world.quickbooks.set_active("Customer", inactive, active=True)
    tool.world.clock.move(hours=2)
    tool.do(CopyAction.COPY, "INV-1")
    assert (tool.state("INV-1"), customers(tool).count("Old Bakery")) == ("copied", 1)


@pytest.mark.both_in_the_build
def test_a_customer_that_becomes_inactive_after_the_preview_ends_the_run_with_a_reason(tool: Tool) -> None:
    wish_for(tool, "Fresh Bakery")
    run_id = tool.preview("INV-1")
    inactive = tool.world.quickbooks.add_customer("Fresh Bakery")
    tool.world.quickbooks.set_active("Customer", inactive, active=False)
    tool.confirm(run_id)
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "customer_name_taken")


@pytest.mark.both_in_the_build
def test_a_customer_that_nobody_wants_any_more_is_not_created(tool: Tool) -> None:
    company, world = wish_for(tool, "Fresh Bakery"), tool.world
    run_id = tool.preview("INV-1")

    def takes_back() -> None:
        unlink_customer(world.context, world.organization_id, company, PERSON)

    world.context = replace(world.context, reached=once_at(Point.COPY_GATHERED, takes_back))
    tool.confirm(run_id)
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "customer_not_linked")
    assert "Fresh Bakery" not in customers(tool)


def test_a_choice_that_is_made_while_the_customer_is_created_stays(tool: Tool) -> None:
    company, world = wish_for(tool, "Fresh Bakery"), tool.world
    run_id = tool.preview("INV-1")

    def chooses() -> None:
        link_customer(world.context, world.organization_id, company, world.customer_id, "Cascade Dental", PERSON)

    world.context = replace(world.context, reached=once_at(Point.COPY_CUSTOMER_ANSWERED, chooses))
    tool.confirm(run_id)
    assert tool.state("INV-1") == "copied"
    assert [one.customer_id for one in tool.in_books("INV-1")] == [world.customer_id]


def test_a_new_customer_that_the_books_show_late_is_used_at_once(tool: Tool) -> None:
    tool.world.clock.move(minutes=2)
    tool.world.quickbooks.set_switches(readable_after_seconds=5)
    tool.bill("INV-1", company_identifier="Fresh", company_name="Fresh Bakery")
    tool.copy("INV-1")
    assert (tool.state("INV-1"), customers(tool).count("Fresh Bakery")) == ("copied", 1)
