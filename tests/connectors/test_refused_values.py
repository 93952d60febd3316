"""One number or id that ConnectWise refuses, or fails on, is told apart from the others, in a bounded number of calls."""

import pytest

from connectors.base import Failure, FailureKind, Got, InvoicesFound
from sandbox.faults import Fault
from tests.connectors.vendors import ConnectWise

ROUTE = "GET /finance/invoices"


def hundred(connectwise: ConnectWise) -> dict[str, str]:
    return {f"INV-{one}": str(connectwise.sandbox.add_invoice(f"INV-{one}", "1.00")) for one in range(100)}


def found_by(connectwise: ConnectWise, field: str, values: list[str]) -> InvoicesFound:
    by_id = field == "id"
    result = connectwise.target.find_invoices(values if by_id else [], [] if by_id else values)
    assert isinstance(result, Got)
    return result.value


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize("field", ["id", "number"])
@pytest.mark.parametrize("bad", [["INV-0"], ["INV-99"], ["INV-7", "INV-77"], ["INV-1", "INV-50", "INV-98"]])
def test_the_refused_are_told_apart_and_all_others_are_found(
    connectwise: ConnectWise, field: str, bad: list[str], status: int
) -> None:
    connectwise.sandbox.set_switches(refused_values=status)
    ids = hundred(connectwise)
    values = list(ids.values()) if field == "id" else list(ids)
    refused = {ids[one] if field == "id" else one for one in bad}
    connectwise.sandbox.refuse_queries_for(refused)
    before = connectwise.sandbox.calls.count(ROUTE)
    found, rounds = found_by(connectwise, field, values), 1
    there = {one.external_id for one in found.invoices}
    told = dict(found.refused_ids if field == "id" else found.refused_numbers)
    while unread := (found.unread_ids if field == "id" else found.unread_numbers):
        assert found.failure is None
        assert not unread & told.keys()
        found, rounds = found_by(connectwise, field, sorted(unread)), rounds + 1
        there |= {one.external_id for one in found.invoices}
        told |= found.refused_ids if field == "id" else found.refused_numbers
    assert told.keys() == refused
    assert all(f"The value {value} is not allowed." in words for value, words in told.items())
    assert there == set(ids.values()) - {ids[one] for one in bad}
    # Each is found with a refusal on every level, its neighbour with an answer; and one neutral question, which is asked
    # again after every failure: the server may have begun to fail altogether.
    calls_each = 15 if status == 400 else 23
    assert connectwise.sandbox.calls.count(ROUTE) - before <= 2 + calls_each * len(bad) + 2 * rounds


@pytest.mark.parametrize(
    ("status", "kind"), [(400, FailureKind.REFUSED), (500, FailureKind.UNAVAILABLE)], ids=["refused", "failing"]
)
@pytest.mark.parametrize("field", ["id", "number"])
def test_where_the_question_itself_is_refused_no_value_is_blamed(
    connectwise: ConnectWise, field: str, status: int, kind: FailureKind
) -> None:
    ids = hundred(connectwise)
    connectwise.sandbox.faults.add(Fault("error", path="/finance/invoices$", status=status, times=None))
    values = list(ids.values()) if field == "id" else list(ids)
    result = connectwise.target.find_invoices(values if field == "id" else [], [] if field == "id" else values)
    assert isinstance(result, Failure)
    assert result.kind is kind
    assert connectwise.sandbox.calls.count(ROUTE) == 2


def test_a_search_of_nothing_but_refused_values_ends_after_a_bounded_number_of_calls(connectwise: ConnectWise) -> None:
    ids = hundred(connectwise)
    connectwise.sandbox.refuse_queries_for(ids)
    found = found_by(connectwise, "number", list(ids))
    assert found.refused_numbers
    assert found.unread_numbers == ids.keys() - found.refused_numbers.keys()
    assert connectwise.sandbox.calls.count(ROUTE) <= 26


def test_what_was_settled_before_a_failure_is_told_with_it(connectwise: ConnectWise) -> None:
    ids = hundred(connectwise)
    connectwise.sandbox.refuse_queries_for(["INV-99"])
    connectwise.sandbox.faults.add(Fault("error", path="/finance/invoices$", status=503, times=None, skip=3))
    found = found_by(connectwise, "number", list(ids))
    assert found.failure is not None
    assert found.failure.kind is FailureKind.UNAVAILABLE
    assert len(found.invoices) == 100 - len(found.unread_numbers) > 0


def test_a_refused_number_says_nothing_about_the_ids(connectwise: ConnectWise) -> None:
    ids = hundred(connectwise)
    connectwise.sandbox.refuse_queries_for(["INV-5"])
    result = connectwise.target.find_invoices([ids["INV-1"]], ["INV-5"])
    assert isinstance(result, Got)
    assert [one.number for one in result.value.invoices] == ["INV-1"]
    assert list(result.value.refused_numbers) == ["INV-5"]
