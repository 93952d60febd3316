"""ConnectWise refuses the client id, in whatever words: it is the platform's setting, and no connection's fault."""

from datetime import date
from decimal import Decimal

import pytest
import simplejson

from connectors.base import Failure, FailureKind, Refused
from sandbox.faults import Fault
from tests.connectors.vendors import ConnectWise

WORDS = [
    "The clientId is not registered.",
    "ClientId header is required",
    "Invalid client id.",
    "The 'clientId' header is missing.",
    "Unknown client-id 0000",
    "client_id could not be found",
]
OTHER_WORDS = [
    "The value 'CLIENT-ID 5' is not valid",
    'Invalid literal "clientId 7"',
    "invoiceNumber CLIENTID-5 is not valid",
    "company object is invalid",
    "clients/identifier is not a recognized name.",
]


def body_of(words: str, shape: str) -> str:
    match shape:
        case "json":
            return simplejson.dumps({"code": "InvalidRequest", "message": words})
        case "json with fields":
            return simplejson.dumps({"code": "InvalidObject", "errors": [{"code": "Invalid", "message": words}]})
        case "xml":
            escaped = words.replace('"', "&quot;")
            return f"<Error><Code>Security</Code><Message>{escaped}</Message></Error>"
        case _:
            return f"<html><head><title>Refused</title></head><body><p>{words}</p></body></html>"


SHAPES = pytest.mark.parametrize("shape", ["json", "json with fields", "xml", "html"])


@SHAPES
@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("words", WORDS)
def test_a_refused_client_id_is_the_platforms_setting(
    connectwise: ConnectWise, words: str, status: int, shape: str
) -> None:
    connectwise.sandbox.add_invoice("INV-1", "100.00")
    connectwise.sandbox.faults.add(Fault("error", path="/apis/", status=status, body=body_of(words, shape), times=None))
    for result in (connectwise.target.check(), connectwise.target.find_invoices(["200"], [])):
        assert isinstance(result, Failure)
        assert result.kind is FailureKind.MISCONFIGURED
        assert words.rsplit(maxsplit=1)[-1].strip(".'") in result.detail
    written = connectwise.target.create_payment("200", Decimal(1), date(2026, 11, 20))
    assert isinstance(written, Refused)
    assert written.kind is FailureKind.MISCONFIGURED


@SHAPES
@pytest.mark.parametrize("words", OTHER_WORDS)
def test_what_only_looks_like_it_is_what_it_is(connectwise: ConnectWise, words: str, shape: str) -> None:
    connectwise.sandbox.faults.add(Fault("error", path="/apis/", status=400, body=body_of(words, shape), times=None))
    result = connectwise.target.check()
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.REFUSED
