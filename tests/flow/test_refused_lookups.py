"""One invoice that ConnectWise refuses to be asked about: it waits, with ConnectWise's words, and nothing else does."""

import pytest

from domain.breaker import CallKind
from models.breakers import breaker_of
from sandbox.faults import Fault
from tests.few import few_of
from tests.world import LOOKERS, SENDERS, BothInvoices, World

INVOICES = "GET /finance/invoices"


def is_well(world: World) -> bool:
    with world.context.database.reading() as session:
        return all(breaker_of(session, world.target_id, kind) is None for kind in (CallKind.FIND, CallKind.LOOK))


def paid(world: World, count: int) -> dict[str, tuple[BothInvoices, str]]:
    made = {}
    for number in range(count):
        invoice = world.invoice(f"INV-{number}")
        made[invoice.number] = (invoice, world.pay("100.00", (invoice, "100.00")))
    return made


@pytest.mark.parametrize(
    ("count", "refused"), few_of({"one": (12, ["INV-7"]), "several": (100, ["INV-0", "INV-3", "INV-4", "INV-99"])}, 1)
)
def test_the_others_are_synced_at_once_and_the_refused_waits_with_its_words(
    world: World, count: int, refused: list[str]
) -> None:
    made = paid(world, count)
    world.connectwise.refuse_queries_for(refused)
    world.notice()
    told = {number: world.decision(payment) for number, (_, payment) in made.items()}
    assert {number for number, decision in told.items() if decision.reason != "synced"} == set(refused)
    for number in refused:
        assert told[number].reason == "target_lookup_refused"
        assert f"The value {number} is not allowed." in told[number].detail
        assert world.on(made[number][0]) == []
    assert is_well(world)
    calls = world.calls(INVOICES)
    assert calls <= 10 + 20 * len(refused)
    for _ in range(12):
        world.later(minutes=10)
    assert world.calls(INVOICES) - calls <= 20 * len(refused), "asked again, ever more rarely"
    world.connectwise.refuse_queries_for([])
    world.later(hours=7)
    for invoice, payment in made.values():
        assert world.reason(payment) == "synced"
        assert world.amounts_on(invoice) == ["100.00"]


def test_where_everything_is_refused_it_is_the_connection_that_is_sick(world: World) -> None:
    made = paid(world, 3)
    world.connectwise.faults.add(Fault("error", path="/finance/invoices$", status=400, times=None))
    world.notice()
    told = [world.decision(payment) for _, payment in made.values()]
    assert {decision.reason for decision in told} == {"target_refuses"}
    assert all("HTTP 400" in decision.detail for decision in told), "with the vendor's words"
    assert not is_well(world)
    world.connectwise.faults.clear()
    world.later(hours=7)
    assert {world.reason(payment) for _, payment in made.values()} == {"synced"}


@pytest.mark.parametrize("way", ["invoice", "payments"])
def test_an_invoice_that_push_may_not_ask_for_is_held_alone(world: World, way: str) -> None:
    made = paid(world, 12)
    odd, stuck = made["INV-5"]
    if way == "invoice":
        world.connectwise.refuse_queries_for([str(odd.connectwise_id)])
    else:
        # Where sums lag, the list of every invoice is read.
        world.connectwise.set_switches(sums="late")
        path = rf"/invoices/{odd.connectwise_id}/payments$"
        world.connectwise.faults.add(Fault("error", method="GET", path=path, status=400, times=None))
    world.notice()
    assert world.reason(stuck) == "target_lookup_refused"
    assert "HTTP 400" in world.decision(stuck).detail
    assert {world.reason(payment) for _, payment in made.values() if payment != stuck} == {"synced"}
    assert is_well(world)
    world.connectwise.refuse_queries_for([])
    world.connectwise.faults.clear()
    world.later(hours=7)
    assert world.reason(stuck) == "synced"
    assert world.amounts_on(odd) == ["100.00"]


def test_a_doubt_stays_one_while_its_invoice_is_refused(world: World) -> None:
    odd = world.invoice("ODD")
    payment = world.pay("100.00", (odd, "100.00"))
    world.connectwise.faults.add(Fault("commit_then_drop", method="POST", path="/payments$", times=1))
    world.notice()
    world.connectwise.refuse_queries_for([str(odd.connectwise_id)])
    for _ in range(20):
        world.later(*SENDERS, minutes=5)
    assert world.reason(payment) == "in_doubt"
    assert is_well(world)
    world.connectwise.refuse_queries_for([])
    world.later(*SENDERS, hours=7)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(odd) == ["100.00"]


def test_a_later_look_at_the_others_goes_on(world: World) -> None:
    made = paid(world, 3)
    world.notice()
    odd, _ = made["INV-0"]
    other, payment = made["INV-1"]
    world.connectwise.refuse_queries_for([str(odd.connectwise_id)])
    assert other.connectwise_id is not None
    world.connectwise.delete_payment(other.connectwise_id, world.on(other)[0].id)
    for _ in range(8):
        world.later(*LOOKERS, hours=6)
    assert world.reason(payment) == "target_payment_gone"
    assert {world.reason(made[one][1]) for one in ("INV-0", "INV-2")} == {"synced"}
    assert is_well(world)
