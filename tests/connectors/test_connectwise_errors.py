"""Every row of ConnectWise's error table, as a read and as a write."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Conflict, Failure, FailureKind, NotSent, Refused, Throttled, Unknown
from connectors.connectwise.client import Keys
from sandbox.faults import Fault
from tests.connectors.vendors import KEYS, ConnectWise

PAID_ON = date(2026, 11, 19)
INVALID = (
    '{"code":"InvalidObject","message":"company object is invalid","errors":[{"code":"OutOfRange",'
    '"message":"The field yearEstablished must be between 1900 and 9999.","resource":"company","field":"yearEstablished"}]}'
)
EXISTS = '{"code":"InvalidObject","errors":[{"code":"ObjectExists","message":"Company ID already in use.","field":"identifier"}]}'
CONDITION = '{"code":"ApiFindCondition","message":"resources/identifier is not a recognized name."}'
NOT_AUTHENTICATED = '{"code":"ConnectWiseApi","message":"UserNotAuthenticated"}'
NO_ENDPOINT = '{"code":"ConnectWiseApi","message":"The endpoint does not exist."}'
TOO_MANY = '{"error":"ConnectWiseAPI","message":"Too many requests. Please try again in 30 seconds."}'
# Status, body, what a read ends in, what a write ends in, a word of ConnectWise's own that the detail must keep.
TABLE: list[tuple[int, str, FailureKind, type, str]] = [
    (400, INVALID, FailureKind.REFUSED, Refused, "yearEstablished must be between"),
    (400, EXISTS, FailureKind.REFUSED, Refused, "Company ID already in use."),
    (400, CONDITION, FailureKind.REFUSED, Refused, "not a recognized name"),
    (401, NOT_AUTHENTICATED, FailureKind.CREDENTIALS, Refused, "UserNotAuthenticated"),
    (401, '{"code":"Unauthorized","message":null}', FailureKind.CREDENTIALS, Refused, "Unauthorized"),
    (403, '{"code":"Security","message":"denied"}', FailureKind.FORBIDDEN, Refused, "denied"),
    (404, NO_ENDPOINT, FailureKind.NOT_FOUND, Refused, "does not exist"),
    (405, "", FailureKind.REFUSED, Refused, "HTTP 405"),
    (408, "", FailureKind.UNAVAILABLE, Unknown, "HTTP 408"),
    (409, '{"code":"Conflict","message":"in use"}', FailureKind.REFUSED, Conflict, "in use"),
    (415, "", FailureKind.REFUSED, Refused, "HTTP 415"),
    (422, '{"message":{"deep":["odd"]},"errors":[1,null,{"message":7}]}', FailureKind.REFUSED, Refused, "odd"),
    (429, TOO_MANY, FailureKind.THROTTLED, Throttled, "Too many requests"),
    (
        500,
        '{"code":"InternalError","message":"Execution Timeout Expired."}',
        FailureKind.UNAVAILABLE,
        Unknown,
        "Expired",
    ),
    (500, "not json", FailureKind.UNAVAILABLE, Unknown, "HTTP 500"),
    (502, "html", FailureKind.UNAVAILABLE, Unknown, "HTTP 502"),
    (503, "html", FailureKind.UNAVAILABLE, Unknown, "HTTP 503"),
    (504, "", FailureKind.UNAVAILABLE, Unknown, "HTTP 504"),
    (302, "", FailureKind.REFUSED, Unknown, "HTTP 302"),
]
rows = pytest.mark.parametrize(
    ("status", "body", "kind", "outcome", "words"),
    TABLE,
    ids=[f"{row[0]}-{number}" for number, row in enumerate(TABLE)],
)


@rows
def test_what_a_read_ends_in(
    connectwise: ConnectWise, status: int, body: str, kind: FailureKind, outcome: type, words: str
) -> None:
    connectwise.sandbox.add_invoice("INV-1", "100.00")
    for read in (
        lambda: connectwise.target.find_invoices(["200"], []),
        lambda: connectwise.target.list_payments("200"),
        connectwise.target.check,
    ):
        connectwise.sandbox.faults.clear()
        connectwise.sandbox.faults.add(Fault("error", path="/apis/", status=status, body=body, times=None))
        result = read()
        assert isinstance(result, Failure)
        # Not found is everything, also what every key may see: a cloud says so to keys that it does not accept.
        assert result.kind is (FailureKind.CREDENTIALS if kind is FailureKind.NOT_FOUND else kind)
        assert words in result.detail


@rows
def test_what_a_write_ends_in(
    connectwise: ConnectWise, status: int, body: str, kind: FailureKind, outcome: type, words: str
) -> None:
    connectwise.sandbox.add_invoice("INV-1", "100.00")
    connectwise.sandbox.type_payment(200, "1.00")
    writes: list[Callable[[], Any]] = [
        lambda: connectwise.target.create_payment("200", Decimal(1), PAID_ON),
    ]
    if status != 404:
        # Whether a payment is gone is told by a look at its invoice.
        writes.append(lambda: connectwise.target.change_payment("200", "7000", Decimal(2), PAID_ON))
        writes.append(lambda: connectwise.target.remove_payment("200", "7000"))
    for write in writes:
        connectwise.sandbox.faults.clear()
        connectwise.sandbox.faults.add(Fault("error", path="/payments", status=status, body=body, times=None))
        calls = connectwise.sandbox.calls.total
        result = write()
        assert type(result) is outcome
        assert words in result.detail
        if isinstance(result, Refused):
            assert result.kind is kind
        # After a 404 a look tells what is missing: the list, the address again, and what every key may see.
        looks = 3 if status == 404 else 0
        assert connectwise.sandbox.calls.total - calls - looks <= 2, "discovery at most, and one send"
    assert [str(one.amount) for one in connectwise.sandbox.invoice(200).payments] == ["1.00"]


@pytest.mark.parametrize(("said", "seconds"), [(7, 7), (0, 0), (None, 30)])
def test_throttling_says_when_to_come_back(connectwise: ConnectWise, said: int | None, seconds: int) -> None:
    connectwise.sandbox.add_invoice("INV-1", "100.00")
    connectwise.sandbox.faults.add(Fault("throttle", path="/payments", retry_after=said, times=2))
    read = connectwise.target.list_payments("200")
    written = connectwise.target.create_payment("200", Decimal(1), PAID_ON)
    assert isinstance(read, Failure)
    assert isinstance(written, Throttled)
    assert read.retry_after == written.retry_after == timedelta(seconds=seconds) or (
        said == 0 and read.retry_after == timedelta(seconds=30)
    )


@pytest.mark.parametrize("status", [401, 404])
def test_wrong_keys_are_told_apart_from_a_bad_day(connectwise: ConnectWise, status: int) -> None:
    connectwise.sandbox.set_switches(bad_credentials=status)
    result = connectwise.connect(Keys("acme", "wrong", "wrong", KEYS.client_id)).check()
    assert isinstance(result, Failure)
    assert result.kind in (FailureKind.CREDENTIALS, FailureKind.NOT_FOUND)


def test_a_missing_client_id_is_told_as_one(connectwise: ConnectWise) -> None:
    result = connectwise.connect(Keys("acme", KEYS.public_key, KEYS.private_key, "another")).check()
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.MISCONFIGURED


def test_a_company_that_connectwise_does_not_know_is_told_as_such(connectwise: ConnectWise) -> None:
    result = connectwise.connect(Keys("nobody", KEYS.public_key, KEYS.private_key, KEYS.client_id)).check()
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.CREDENTIALS
    assert "nobody" in result.detail


NOT_A_CONNECTWISE = [
    Fault("error", path="companyinfo", status=404),
    Fault("error", path="companyinfo", status=401),
    Fault("error", path="companyinfo", status=403),
    Fault("error", path="companyinfo", status=302),
    Fault("error", path="companyinfo", status=200, body="{}"),
    Fault("error", path="companyinfo", status=200, body='{"Codebase":null}'),
    Fault("error", path="companyinfo", status=200, body="[]"),
]


@pytest.mark.parametrize("fault", NOT_A_CONNECTWISE, ids=lambda fault: f"{fault.status}-{fault.body}")
def test_a_site_that_does_not_tell_where_its_api_is_says_nothing_about_the_keys(
    connectwise: ConnectWise, fault: Fault
) -> None:
    connectwise.sandbox.faults.add(replace(fault, times=2))
    connected = connectwise.connect()
    read = connected.check()
    assert isinstance(read, Failure)
    assert read.kind is FailureKind.UNAVAILABLE
    assert "is this the address of a ConnectWise site?" in read.detail
    assert isinstance(connected.create_payment("200", Decimal(1), PAID_ON), NotSent)
    assert not isinstance(connected.check(), Failure)


@pytest.mark.parametrize("fault", NOT_A_CONNECTWISE, ids=lambda fault: f"{fault.status}-{fault.body}")
def test_a_record_is_not_said_to_be_missing_while_nobody_knows_where_the_api_is(
    connectwise: ConnectWise, fault: Fault
) -> None:
    invoice = str(connectwise.sandbox.add_invoice("INV-1", "100.00"))
    client = connectwise.target._client
    client._base_url = connectwise.url + "/v2017_3/apis/3.0"
    connectwise.sandbox.faults.add(fault)
    read = connectwise.target.list_payments(invoice)
    assert isinstance(read, Failure)
    assert read.kind is FailureKind.UNAVAILABLE
    assert not isinstance(connectwise.target.list_payments(invoice), Failure)


def test_a_client_id_with_odd_letters_is_a_failure_and_no_traceback(connectwise: ConnectWise) -> None:
    odd = Keys("acme", KEYS.public_key, KEYS.private_key, KEYS.client_id.replace("-", "\u2013"))
    assert isinstance(connectwise.connect(odd).check(), Failure)


def test_a_404_for_bad_keys_does_not_pass_for_a_removal(connectwise: ConnectWise) -> None:
    from connectors.base import Removed

    connectwise.sandbox.add_invoice("INV-1", "100.00")
    connectwise.sandbox.type_payment(200, "1.00")
    connectwise.sandbox.set_switches(bad_credentials=404)
    connectwise.sandbox.set_keys(private_key="rotated")
    assert not isinstance(connectwise.target.remove_payment("200", "7000"), Removed)


def test_a_codebase_that_moved_with_a_release_is_discovered_again(connectwise: ConnectWise) -> None:
    connectwise.sandbox.add_invoice("INV-1", "100.00")
    client = connectwise.target._client
    client._base_url = connectwise.url + "/v2017_3/apis/3.0"
    result = connectwise.target.find_invoices([], ["INV-1"])
    assert not isinstance(result, Failure)
    assert len(result.value.invoices) == 1


def test_fifty_long_numbers_still_fit_into_an_address(connectwise: ConnectWise) -> None:
    numbers = [f"2026/11/{number:02d} #4711 (A)" for number in range(50)]
    assert not isinstance(connectwise.target.find_invoices([], numbers), Failure)
