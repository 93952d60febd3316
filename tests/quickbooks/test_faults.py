"""Every bad day of QuickBooks, all the way: nothing is lost, nothing called in vain, and the state says why."""

import pytest

from sandbox.faults import Fault
from tests.few import in_turn
from tests.quickbooks.story import differences, hint, source
from tests.world import World

PASSING = {
    "500": Fault("error", path="/v3/", status=500),
    "503 with a page": Fault("error", path="/v3/", status=503, body="html"),
    "200 with a page": Fault("error", path="/v3/", status=200, body="html"),
    "throttled": Fault("throttle", path="/v3/", times=1),
    "a fault in a 200": Fault("fault_in_200", path="/v3/"),
    "an expired token": Fault("expired_token", path="/v3/"),
    "cut off": Fault("truncate", path="/v3/"),
    "dropped": Fault("drop_before_commit", path="/v3/"),
    "hangs": Fault("hang", path="/v3/", seconds=0.02),
}


@pytest.mark.parametrize(("fault", "spelling"), in_turn(PASSING, ["upper", "lower"]))
def test_a_bad_moment_while_a_hinted_payment_is_read_loses_nothing(world: World, fault: str, spelling: str) -> None:
    world.quickbooks.set_switches(fault_spelling=spelling)
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    world.quickbooks.faults.add(PASSING[fault])
    hint(world, payment)
    world.settle()
    for _ in range(4):
        world.later(seconds=61)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["10.00"]


def test_a_company_that_shuts_us_out_needs_a_person_and_is_nearly_left_in_peace(world: World) -> None:
    world.quickbooks.faults.add(Fault("forbidden", path="/v3/", times=None))
    world.notice()
    for _ in range(12):
        world.later(minutes=1)
    assert source(world).status == "needs_reconnect"
    calls = world.quickbooks.calls.total
    for _ in range(10):
        world.later(hours=1)
    assert 0 < world.quickbooks.calls.total - calls <= 8, (
        "keys may be good again; rarely asked, and less and less often"
    )


def test_a_payment_that_is_not_readable_right_after_it_was_made_is_read_again(world: World) -> None:
    world.quickbooks.set_switches(readable_after_seconds=20)
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    hint(world, payment)
    world.settle()
    assert world.on(invoice) == []
    world.later(seconds=6)
    world.later(seconds=31)
    assert world.reason(payment) == "synced"


def test_a_payment_that_stays_unreadable_is_treated_as_gone(world: World) -> None:
    payment = world.pay("10.00")
    hint(world, payment)
    world.quickbooks.delete_payment(payment)
    world.settle()
    for seconds in (6, 31, 301):
        world.later(seconds=seconds)
    assert differences(world) == []
    assert world.allocation(payment).match_due_at is None


@pytest.mark.parametrize("verb", ["void", "voided", "created", "updated", "emailed", "something new"])
def test_every_verb_means_read_it_again(world: World, verb: str) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    world.notice()
    world.clock.move(seconds=5)
    world.quickbooks.void_payment(payment)
    hint(world, payment, verb=verb)
    world.settle()
    assert world.allocation(payment).removed
    assert world.on(invoice) == []


def test_no_token_is_in_the_log_of_a_bad_day(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for fault in PASSING.values():
        world.quickbooks.faults.add(fault)
        world.notice()
        world.later(seconds=61)
    told = "".join(capsys.readouterr())
    assert "intuit_tid=" in told
    kept = world.context.keyring.open(source(world).sealed_secrets)
    assert [name for name, value in kept.items() if name.endswith("token") and value in told] == []
    assert "RT1-" not in told
    assert "AB0" not in told
