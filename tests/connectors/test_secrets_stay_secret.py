"""No key and no token is ever logged, or told in the words of a failure."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import structlog
from structlog.testing import capture_logs

from connectors.base import Failure
from connectors.connectwise.client import Keys
from connectors.quickbooks.tokens import Application
from sandbox.faults import Fault
from tests.connectors.vendors import APPLICATION_SECRET, KEYS, ConnectWise, QuickBooks, wire_to
from workers.redis_server import free_port


def everything_said(logs: list[structlog.typing.EventDict], *values: object) -> str:
    return "\n".join([*map(repr, logs), *map(repr, values)])


def test_a_401_that_carries_the_token_in_its_detail_is_not_passed_on(quickbooks: QuickBooks) -> None:
    quickbooks.sandbox.faults.add(Fault("expired_token", path="/v3/", times=None))
    with capture_logs() as logs:
        result = quickbooks.source.check()
    assert isinstance(result, Failure)
    said = everything_said(logs, result)
    assert "wire.call" in said
    for name in ("access_token", "refresh_token"):
        assert quickbooks.keeper.secrets[name] not in said
    assert "Token expired" not in said


@pytest.mark.parametrize(
    "fault",
    [
        Fault("error", path="/tokens/", status=500, times=None),
        Fault("error", path="/tokens/", status=400, body='{"error":"invalid_grant","error_description":"RT1-leak"}'),
        Fault("drop_before_commit", path="/tokens/"),
        Fault("garbage", path="/tokens/"),
        Fault("throttle", path="/tokens/"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
def test_a_refresh_that_fails_tells_no_token(quickbooks: QuickBooks, fault: Fault) -> None:
    before = dict(quickbooks.keeper.secrets)
    quickbooks.clock.move(hours=2)
    quickbooks.sandbox.faults.add(fault)
    with capture_logs() as logs:
        result = quickbooks.source.check()
    assert isinstance(result, Failure)
    said = everything_said(logs, result)
    for secret in (before["access_token"], before["refresh_token"], APPLICATION_SECRET, "RT1-leak", "Basic "):
        assert secret not in said


def test_connectwise_calls_tell_no_key(connectwise: ConnectWise) -> None:
    connectwise.sandbox.add_invoice("INV-1", "100.00")
    with capture_logs() as logs:
        results = [
            connectwise.target.check(),
            connectwise.target.create_payment("200", Decimal(1), date(2026, 11, 20)),
            connectwise.connect(Keys("acme", "wrong-public", "wrong-private", KEYS.client_id)).check(),
            connectwise.connect(url=f"http://127.0.0.1:{free_port()}").check(),
            connectwise.connect(url="http://user:hunter2@no-such-host.invalid").check(),
        ]
    said = everything_said(logs, *results)
    for secret in (KEYS.private_key, KEYS.public_key, "wrong-private", "Basic ", "hunter2"):
        assert secret not in said


def test_a_log_line_names_no_customer_and_no_invoice(connectwise: ConnectWise) -> None:
    with capture_logs() as logs:
        connectwise.target.find_invoices(["4711"], ["SECRET-NUMBER"])
        connectwise.target.list_payments("4711")
        connectwise.target.remove_payment("4711", "4712")
    said = everything_said(logs)
    for text in ("SECRET-NUMBER", "4711", "4712"):
        assert text not in said


def test_a_wire_that_breaks_tells_no_address(connectwise: ConnectWise) -> None:
    wire = wire_to("connectwise")
    with capture_logs() as logs:
        result = wire.exchange(
            "GET", "http://127.0.0.1:9/?token=hunter2", route="x", headers={"Authorization": "Bearer hunter2"}
        )
    wire._session.close()
    assert "hunter2" not in everything_said(logs, result)


@pytest.mark.parametrize(
    "holder",
    [Keys("acme", "public", "hunter2", "id"), Application("id", "hunter2", "http://x")],
    ids=["keys", "application"],
)
def test_what_holds_a_secret_does_not_print_it(holder: object) -> None:
    assert "hunter2" not in repr(holder)


def test_waiting_for_a_throttled_company_is_told_in_seconds_only(quickbooks: QuickBooks) -> None:
    quickbooks.sandbox.faults.add(Fault("throttle", retry_after=7))
    result = quickbooks.source.check()
    assert isinstance(result, Failure)
    assert result.retry_after == timedelta(seconds=7)
