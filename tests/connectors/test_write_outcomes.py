"""What a write ends in on every kind of bad day. Unknown is never sent again, and nothing is sent twice."""

import socket
import threading
from datetime import date
from decimal import Decimal

import pytest

from connectors.base import (
    Changed,
    Created,
    FailureKind,
    NotSent,
    Paced,
    Refused,
    Removed,
    Throttled,
    Unknown,
    WriteOutcome,
)
from connectors.http import TimeLimits
from connectors.limits import Limiter, Rate
from sandbox.faults import Fault
from sandbox.server import serve
from tests.connectors.bad_days import UNKNOWN_AT_EVERY_VENDOR
from tests.connectors.vendors import ConnectWise, wire_to
from workers.redis_server import free_port

PAID_ON = date(2026, 11, 19)
IMPATIENT = TimeLimits(connect_seconds=0.5, read_seconds=0.3)


@pytest.fixture
def invoice(connectwise: ConnectWise) -> str:
    invoice_id = str(connectwise.sandbox.add_invoice("INV-1", "500.00"))
    # The address is discovered before the bad day begins.
    connectwise.target.list_payments(invoice_id)
    return invoice_id


def carried_out(connectwise: ConnectWise) -> int:
    return len(connectwise.sandbox.invoice(200).payments)


# Kind of fault, what the write ends in, how many payments there are afterwards.
FAULTS = [
    (Fault("latency", seconds=0.01), Created, 1),
    (Fault("throttle", retry_after=3), Throttled, 0),
    (Fault("throttle", body="Too Many Requests"), Throttled, 0),
    (Fault("error", status=500), Unknown, 0),
    (Fault("error", status=503, body="html"), Unknown, 0),
    (Fault("error", status=200, body="[]"), Unknown, 0),
    (Fault("error", status=200, body='{"id":1,"amount":1}'), Unknown, 0),
    (Fault("error", status=201, body="{}"), Unknown, 0),
    (Fault("error", status=201, body="[]"), Unknown, 0),
    (Fault("error", status=201, body='{"id":true,"amount":1}'), Unknown, 0),
    (Fault("error", status=201, body='{"id":1,"amount":null}'), Unknown, 0),
    (Fault("error", status=201, body='{"id":1,"amount":NaN}'), Unknown, 0),
    (Fault("error", status=202, body='{"id":1,"amount":1}'), Unknown, 0),
    (Fault("error", status=204, body=""), Unknown, 0),
    *UNKNOWN_AT_EVERY_VENDOR,
    (Fault("duplicate_delivery"), Created, 2),
]


@pytest.mark.parametrize(
    ("fault", "outcome", "payments"),
    FAULTS,
    ids=[f"{fault.kind}-{fault.status}-{fault.body}" for fault, _, _ in FAULTS],
)
def test_a_creation_on_a_bad_day(
    connectwise: ConnectWise, invoice: str, fault: Fault, outcome: type, payments: int
) -> None:
    connectwise.sandbox.faults.add(fault)
    result = connectwise.target.create_payment(invoice, Decimal("100.00"), PAID_ON)
    assert type(result) is outcome
    assert carried_out(connectwise) == payments
    assert connectwise.posts() == 1, "it is sent once, whatever happens"


def test_a_late_commit_is_unknown_and_lands_afterwards(connectwise: ConnectWise, invoice: str) -> None:
    connectwise.sandbox.faults.add(Fault("late_commit", seconds=0.05))
    assert isinstance(connectwise.target.create_payment(invoice, Decimal(100), PAID_ON), Unknown)
    landed = threading.Event()
    for _ in range(500):
        if carried_out(connectwise) == 1:
            landed.set()
            break
        landed.wait(0.01)
    assert landed.is_set()


def test_no_answer_in_time_is_unknown(connectwise: ConnectWise, invoice: str) -> None:
    connectwise.target._client._wire = wire_to("connectwise", IMPATIENT)
    connectwise.sandbox.faults.add(Fault("hang_after_commit", seconds=30))
    result = connectwise.target.create_payment(invoice, Decimal(100), PAID_ON)
    assert isinstance(result, Unknown)
    assert "time limit" in result.detail
    assert carried_out(connectwise) == 1


@pytest.mark.parametrize("kind", ["redirect", "error", "commit_then_drop", "garbage_after_commit", "truncate"])
def test_a_change_and_a_removal_may_be_unknown_too(connectwise: ConnectWise, invoice: str, kind: str) -> None:
    connectwise.sandbox.type_payment(int(invoice), "1.00")
    connectwise.sandbox.faults.add(Fault(kind, method="PATCH"), Fault(kind, method="DELETE"))
    changed = connectwise.target.change_payment(invoice, "7000", Decimal(2), PAID_ON)
    assert isinstance(changed, Unknown)
    removed = connectwise.target.remove_payment(invoice, "7000")
    # Half of nothing is the whole of it: a 204 that is cut is still a 204.
    assert isinstance(removed, Removed if kind == "truncate" else Unknown)


def test_a_redirect_is_not_followed(connectwise: ConnectWise, invoice: str) -> None:
    connectwise.sandbox.faults.add(Fault("redirect", times=None))
    calls = connectwise.sandbox.calls.total
    connectwise.target.create_payment(invoice, Decimal(100), PAID_ON)
    connectwise.target.list_payments(invoice)
    assert connectwise.sandbox.calls.total - calls <= 3, "one send, one read, one discovery"


def test_a_refused_connection_was_never_sent(connectwise: ConnectWise, invoice: str) -> None:
    connectwise.target._client._base_url = f"http://127.0.0.1:{free_port()}/v4_6_release/apis/3.0"
    assert isinstance(connectwise.target.create_payment(invoice, Decimal(100), PAID_ON), NotSent)


def test_a_name_that_nobody_knows_was_never_sent(connectwise: ConnectWise, invoice: str) -> None:
    connectwise.target._client._base_url = "http://no-such-host.invalid/v4_6_release/apis/3.0"
    assert isinstance(connectwise.target.create_payment(invoice, Decimal(100), PAID_ON), NotSent)


def test_a_connection_that_nobody_accepts_was_never_sent(connectwise: ConnectWise, invoice: str) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(full.getsockname())
            connectwise.target._client._wire = wire_to("connectwise", IMPATIENT)
            connectwise.target._client._base_url = f"http://127.0.0.1:{full.getsockname()[1]}/apis/3.0"
            assert isinstance(connectwise.target.create_payment(invoice, Decimal(100), PAID_ON), NotSent)
        finally:
            for one in waiting:
                one.close()


def test_an_address_that_cannot_be_discovered_was_never_sent(connectwise: ConnectWise) -> None:
    for fault in (Fault("error", status=503, body="html"), Fault("drop_before_commit"), Fault("garbage")):
        connectwise.sandbox.faults.add(fault)
        assert isinstance(connectwise.connect().create_payment("200", Decimal(1), PAID_ON), NotSent)
    connectwise.sandbox.faults.add(Fault("throttle", retry_after=9))
    assert isinstance(connectwise.connect().create_payment("200", Decimal(1), PAID_ON), Throttled)
    assert connectwise.posts() == 0


def test_our_own_limit_sends_nothing(connectwise: ConnectWise, invoice: str) -> None:
    wire = connectwise.target._client._wire
    wire._limiter, wire._rates = Limiter(None), (Rate(4, 60),)
    assert isinstance(connectwise.target.create_payment(invoice, Decimal(1), PAID_ON), Created)
    result = connectwise.target.create_payment(invoice, Decimal(1), PAID_ON)
    assert isinstance(result, Paced)
    assert 0 < result.retry_after.total_seconds() <= 60
    assert connectwise.posts() == 1


def test_a_kept_connection_that_the_other_side_closed_does_not_lose_or_double_a_payment(
    connectwise: ConnectWise, invoice: str
) -> None:
    port = int(connectwise.url.rpartition(":")[2])
    # A second server under the old address, after the first one has closed every connection.
    with serve(connectwise.sandbox) as second:
        target = connectwise.connect(url=second.url)
        target.list_payments(invoice)
        port = second.port
    with serve(connectwise.sandbox, port=port):
        result = target.create_payment(invoice, Decimal(100), PAID_ON)
    assert connectwise.posts() <= 1
    assert isinstance(result, Created | NotSent | Unknown)
    assert carried_out(connectwise) == connectwise.posts()
    if isinstance(result, Created):
        assert carried_out(connectwise) == 1


def test_a_change_says_what_it_changed(connectwise: ConnectWise, invoice: str) -> None:
    connectwise.sandbox.type_payment(int(invoice), "1.00")
    result = connectwise.target.change_payment(invoice, "7000", Decimal("2.50"), PAID_ON)
    assert isinstance(result, Changed)
    assert (result.payment.amount, result.payment.paid_on) == (Decimal("2.50"), PAID_ON)


def writes_to(connectwise: ConnectWise, invoice: str, payment_id: str) -> tuple[WriteOutcome, WriteOutcome]:
    target = connectwise.target
    return target.change_payment(invoice, payment_id, Decimal(2), PAID_ON), target.remove_payment(invoice, payment_id)


def test_slow_down_said_to_the_look_after_a_404_is_told_and_not_taken_for_a_doubt(
    connectwise: ConnectWise, invoice: str
) -> None:
    connectwise.sandbox.faults.add(Fault("throttle", method="GET", path="/payments$", retry_after=77, times=2))
    for outcome in writes_to(connectwise, invoice, "999"):
        assert isinstance(outcome, Throttled)
        assert outcome.retry_after.total_seconds() == 77


def test_a_right_that_is_missing_for_the_look_after_a_404_is_told(connectwise: ConnectWise, invoice: str) -> None:
    connectwise.sandbox.set_permissions(inquire=False)
    for outcome in writes_to(connectwise, invoice, "999"):
        assert isinstance(outcome, Refused)
        assert outcome.kind is FailureKind.FORBIDDEN


def create(connectwise: ConnectWise, invoice: str) -> WriteOutcome:
    return connectwise.target.create_payment(invoice, Decimal(1), PAID_ON)


def test_a_creation_on_an_invoice_that_is_not_there_is_told_as_such(connectwise: ConnectWise, invoice: str) -> None:
    outcome = create(connectwise, "999")
    assert isinstance(outcome, Refused)
    assert outcome.kind is FailureKind.NOT_FOUND


def test_a_creation_with_keys_that_were_revoked_since_the_look_is_about_the_keys(
    connectwise: ConnectWise, invoice: str
) -> None:
    connectwise.sandbox.set_switches(bad_credentials=404)
    connectwise.sandbox.set_keys(private_key="another")
    outcome = create(connectwise, invoice)
    assert isinstance(outcome, Refused)
    assert outcome.kind is FailureKind.CREDENTIALS


def test_a_creation_after_the_codebase_has_moved_is_sent_once_and_goes_to_the_new_one_next_time(
    connectwise: ConnectWise, invoice: str
) -> None:
    connectwise.target._client._base_url = connectwise.url + "/v2017_3/apis/3.0"
    outcome = create(connectwise, invoice)
    assert isinstance(outcome, Unknown)
    assert "HTTP 404" in outcome.detail
    assert carried_out(connectwise) == 0
    assert isinstance(create(connectwise, invoice), Created)
    assert carried_out(connectwise) == 1


def test_a_payment_is_gone_when_its_invoice_shows_it_no_more(connectwise: ConnectWise, invoice: str) -> None:
    changed, removed = writes_to(connectwise, invoice, "999")
    assert isinstance(changed, Refused)
    assert changed.kind is FailureKind.NOT_FOUND
    assert isinstance(removed, Removed)


@pytest.mark.parametrize("status_of_the_look", [None, 404, 500])
def test_a_404_of_a_payment_that_may_be_there_is_looked_at_again(
    connectwise: ConnectWise, invoice: str, status_of_the_look: int | None
) -> None:
    payment_id = str(connectwise.sandbox.type_payment(int(invoice), "1.00"))
    connectwise.sandbox.faults.add(Fault("error", path="/payments/", status=404, times=2))
    if status_of_the_look is not None:
        connectwise.sandbox.faults.add(Fault("error", path="/payments$", status=status_of_the_look, times=2))
    for outcome in writes_to(connectwise, invoice, payment_id):
        assert isinstance(outcome, Unknown)
        assert "HTTP 404" in outcome.detail
    assert [str(one.amount) for one in connectwise.sandbox.invoice(int(invoice)).payments] == ["1.00"]
