"""The connection test of ConnectWise: it says "all right" only of what it has seen."""

from dataclasses import replace

import pytest

from connectors.base import Failure, FailureKind, Got
from connectors.connectwise.versions import remark
from sandbox.faults import Fault
from tests.connectors.vendors import KEYS, ConnectWise


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("throttle", retry_after=5, times=None), FailureKind.THROTTLED),
        (Fault("error", status=500, times=None), FailureKind.UNAVAILABLE),
        (Fault("error", status=503, body="html", times=None), FailureKind.UNAVAILABLE),
        (Fault("drop_before_commit", times=None), FailureKind.UNAVAILABLE),
        (Fault("error", status=401, times=None), FailureKind.CREDENTIALS),
        (Fault("error", status=403, times=None), FailureKind.FORBIDDEN),
        (Fault("error", status=405, times=None), FailureKind.REFUSED),
        (Fault("redirect", times=None), FailureKind.REFUSED),
    ],
    ids=lambda value: f"{value.kind}-{value.status}" if isinstance(value, Fault) else str(value),
)
def test_a_right_that_could_not_be_tried_is_not_said_to_be_there(
    connectwise: ConnectWise, method: str, fault: Fault, kind: FailureKind
) -> None:
    connectwise.sandbox.faults.add(replace(fault, method=method))
    result = connectwise.target.check()
    assert isinstance(result, Failure)
    assert result.kind is kind


def test_a_member_with_all_rights_is_told_so_with_the_version(connectwise: ConnectWise) -> None:
    result = connectwise.target.check()
    assert isinstance(result, Got)
    assert result.value.startswith("ConnectWise v2026.4")
    assert "2025.16" in result.value


@pytest.mark.parametrize(
    ("running", "said"),
    [
        ("v2025.16.123456", ""),
        ("2025.16", ""),
        ("v2026.4.100000", "still supports"),
        ("v2026.16.1", "still supports"),
        ("v2026.17.1", "no longer"),
        ("v2028.1", "no longer"),
        ("v2025.15.9", "older than"),
        ("v2022.2", "older than"),
        ("", "does not say"),
        ("rubbish", "does not say"),
    ],
)
def test_another_version_than_the_one_we_ask_for_is_said(running: str, said: str) -> None:
    told = remark(running, "2025.16")
    assert said in told
    assert bool(told) is bool(said)


def test_keys_that_a_cloud_hides_the_tenant_from_are_told_apart_from_a_missing_invoice(
    connectwise: ConnectWise,
) -> None:
    invoice = str(connectwise.sandbox.add_invoice("INV-1", "1.00"))
    missing = connectwise.target.list_payments("999999")
    assert isinstance(missing, Failure)
    assert missing.kind is FailureKind.NOT_FOUND
    connectwise.sandbox.set_switches(bad_credentials=404)
    connectwise.sandbox.set_keys(private_key="another")
    for result in (
        connectwise.target.list_payments(invoice),
        connectwise.target.find_invoices([invoice], []),
        connectwise.target.check(),
        connectwise.connect(KEYS).check(),
    ):
        assert isinstance(result, Failure)
        assert result.kind is FailureKind.CREDENTIALS
