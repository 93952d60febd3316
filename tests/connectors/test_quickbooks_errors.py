"""Every row of QuickBooks' error table, in both spellings, also inside HTTP 200."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
import simplejson

from connectors.base import Failure, FailureKind, Got
from connectors.http import Answer
from connectors.quickbooks.faults import failure_of
from sandbox.faults import Fault
from tests.connectors.vendors import QuickBooks

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
# Status, code, what it means; from the table of codes in the reference.
TABLE = [
    (400, "610", FailureKind.NOT_FOUND),
    (400, "2020", FailureKind.REFUSED),
    (400, "2050", FailureKind.REFUSED),
    (400, "2500", FailureKind.REFUSED),
    (400, "4000", FailureKind.REFUSED),
    (400, "4001", FailureKind.REFUSED),
    (400, "5010", FailureKind.REFUSED),
    (400, "6000", FailureKind.REFUSED),
    (400, "6140", FailureKind.REFUSED),
    (403, "6190", FailureKind.SUSPENDED),
    (400, "6190", FailureKind.SUSPENDED),
    (403, "5555", FailureKind.UNAVAILABLE),
    (400, "6210", FailureKind.REFUSED),
    (400, "6240", FailureKind.REFUSED),
    (400, "6540", FailureKind.REFUSED),
    (401, "3200", FailureKind.CREDENTIALS),
    (401, "003200", FailureKind.CREDENTIALS),
    (403, "3100", FailureKind.FORBIDDEN),
    (429, "3001", FailureKind.THROTTLED),
    (403, "3001", FailureKind.THROTTLED),  # older reports
    (500, "10000", FailureKind.UNAVAILABLE),
    (500, "", FailureKind.UNAVAILABLE),
    (503, "777", FailureKind.UNAVAILABLE),
]


NAMESPACE = "http://schema.intuit.com/finance/v3"
SPELLINGS = ["upper", "lower", "xml", "xml with children", "xml of a gateway", "xml with a prefix"]


def fault_in_xml(code: str, spelling: str, message: str, detail: str | None) -> bytes:
    told = f"<Message>{message}</Message><Detail>{detail}</Detail>"
    bodies = {
        "xml": f'<Fault type="X"><Error code="{code}" element="">{told}</Error></Fault>',
        "xml with children": f"<Fault><Error><Code> {code}\n</Code>{told}</Error></Fault>",
        "xml of a gateway": f"<errorCode>{code}</errorCode><errorMessage>{message}</errorMessage>",
    }
    if spelling == "xml with a prefix":
        told = told.replace("<", "<q:").replace("<q:/", "</q:")
        inside = f'<q:Fault><q:Error code="{code}">{told}</q:Error></q:Fault>'
        return (
            f'\ufeff<?xml version="1.0"?><q:IntuitResponse xmlns:q="{NAMESPACE}">{inside}</q:IntuitResponse>'.encode()
        )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Answer xmlns="{NAMESPACE}">{bodies[spelling]}</Answer>'.encode()


def fault(code: str, spelling: str, message: str = "What happened", detail: str | None = "Why") -> bytes:
    if spelling.startswith("xml"):
        return fault_in_xml(code, spelling, message, detail)
    if spelling == "upper":
        body = {"Fault": {"Error": [{"Message": message, "Detail": detail, "code": code}], "type": "X"}, "time": "2026"}
    else:
        error = {"message": message, "detail": detail, "code": code, "element": None}
        body = {"warnings": None, "fault": {"error": [error], "type": "X"}, "time": 1730024394085}
    return simplejson.dumps(body).encode()


@pytest.mark.parametrize(("row", "spelling"), list(product(TABLE, SPELLINGS)))
def test_a_fault_means_the_same_in_every_spelling(row: tuple[int, str, FailureKind], spelling: str) -> None:
    status, code, kind = row
    failure = failure_of(Answer(status, {}, fault(code, spelling)), NOW)
    assert failure is not None
    assert failure.kind is kind
    assert f"HTTP {status}" in failure.detail
    assert "What happened" in failure.detail
    assert "Why" not in failure.detail, "a detail may carry a token"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("610", FailureKind.NOT_FOUND),
        ("3200", FailureKind.CREDENTIALS),
        ("3001", FailureKind.THROTTLED),
        ("10000", FailureKind.UNAVAILABLE),
        ("4000", FailureKind.REFUSED),
    ],
)
def test_a_fault_inside_http_200_is_a_failure(code: str, kind: FailureKind) -> None:
    failure = failure_of(Answer(200, {}, fault(code, "upper")), NOW)
    assert failure is not None
    assert failure.kind is kind


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 500, 503])
def test_a_throttle_is_one_with_every_status_and_in_every_spelling(status: int, spelling: str) -> None:
    for code in ("3001", "003001"):
        failure = failure_of(Answer(status, {}, fault(code, spelling)), NOW)
        assert failure is not None
        assert (failure.kind, failure.retry_after) == (FailureKind.THROTTLED, timedelta(seconds=60))


@pytest.mark.parametrize("spelling", [one for one in SPELLINGS if one != "xml of a gateway"])
def test_a_code_that_stands_only_in_the_message_counts(spelling: str) -> None:
    words = "message=ThrottleExceeded; errorCode=003001; statusCode=429"
    failure = failure_of(Answer(403, {}, fault("", spelling, message=words)), NOW)
    assert failure is not None
    assert failure.kind is FailureKind.THROTTLED


def test_of_several_errors_the_one_whose_code_is_known_says_what_to_do() -> None:
    errors = [{"code": "7777", "Message": "odd"}, {"code": 3001, "Message": "slow down"}]
    failure = failure_of(Answer(400, {}, simplejson.dumps({"Fault": {"Error": errors}}).encode()), NOW)
    assert failure is not None
    assert failure.kind is FailureKind.THROTTLED
    alone = simplejson.dumps({"Fault": {"Error": {"code": "610", "Message": "alone"}}}).encode()
    failure = failure_of(Answer(400, {}, alone), NOW)
    assert failure is not None
    assert failure.kind is FailureKind.NOT_FOUND


BOMB = b'<!DOCTYPE a [<!ENTITY b "3001"><!ENTITY c "&b;&b;&b;">]><Fault><Error code="&c;"/></Fault>'
FILE = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><Fault><Error code="3001"><Message>&b;</Message></Error></Fault>'
DEEP = b"<a>" * 100_000
BROKEN = b'<Fault><Error code="3001">'


@pytest.mark.parametrize("body", [BOMB, FILE, DEEP, BROKEN, b"<", b"\xff\xfe<", b"<a/>" * 3, b"<a \x00/>"])
def test_xml_that_is_broken_or_could_grow_is_judged_by_its_status(body: bytes) -> None:
    failure = failure_of(Answer(503, {}, body), NOW)
    assert failure == Failure(FailureKind.UNAVAILABLE, "HTTP 503")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, FailureKind.REFUSED),
        (400, FailureKind.REFUSED),
        (401, FailureKind.CREDENTIALS),
        (403, FailureKind.UNAVAILABLE),
        (404, FailureKind.REFUSED),
        (408, FailureKind.UNAVAILABLE),
        (429, FailureKind.THROTTLED),
        (500, FailureKind.UNAVAILABLE),
        (502, FailureKind.UNAVAILABLE),
        (200, FailureKind.UNAVAILABLE),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>gateway</html>", b"[]", b"null", b'"x"', b"\xff"])
def test_an_answer_without_a_fault_is_judged_by_its_status(status: int, kind: FailureKind, body: bytes) -> None:
    failure = failure_of(Answer(status, {}, body), NOW)
    assert failure is not None
    assert failure.kind is kind


@pytest.mark.parametrize(
    "inside", [None, [], {"Error": None}, {"Error": {}}, {"Error": [None]}, {"Error": [[]]}, {"Error": 7}]
)
def test_a_fault_of_another_shape_is_no_traceback(inside: object) -> None:
    failure_of(Answer(400, {}, simplejson.dumps({"Fault": inside}).encode()), NOW)


@pytest.mark.parametrize(("header", "seconds"), [({}, 60), ({"Retry-After": "7"}, 7)])
def test_a_throttled_caller_waits_a_minute_unless_told_otherwise(header: dict[str, str], seconds: int) -> None:
    failure = failure_of(Answer(429, header, fault("3001", "lower")), NOW)
    assert failure is not None
    assert failure.retry_after == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("bad_day", "kind"),
    [
        (Fault("throttle", times=None), FailureKind.THROTTLED),
        (Fault("monthly_cap", times=None), FailureKind.THROTTLED),
        (Fault("forbidden", times=None), FailureKind.FORBIDDEN),
        (Fault("fault_in_200", times=None), FailureKind.UNAVAILABLE),
        (Fault("error", status=500, times=None), FailureKind.UNAVAILABLE),
        (Fault("error", status=503, body="html", times=None), FailureKind.UNAVAILABLE),
        (Fault("hang", seconds=0.02, times=None), FailureKind.UNAVAILABLE),
        (Fault("drop_before_commit", times=None), FailureKind.UNAVAILABLE),
        (Fault("truncate", times=None), FailureKind.UNAVAILABLE),
        (Fault("garbage", times=None), FailureKind.UNAVAILABLE),
        (Fault("redirect", times=None), FailureKind.REFUSED),
    ],
    ids=lambda value: getattr(value, "kind", str(value)),
)
def test_a_bad_day_ends_every_read_in_a_failure(quickbooks: QuickBooks, bad_day: Fault, kind: FailureKind) -> None:
    payment_id = quickbooks.pay("1.00")
    quickbooks.sandbox.faults.add(bad_day)
    calls = quickbooks.sandbox.calls.total
    source = quickbooks.source
    for read in (
        source.check,
        lambda: source.read_payments([payment_id]),
        lambda: source.read_invoices(["1"]),
        lambda: source.changes_since(quickbooks.clock.now() - timedelta(minutes=1)),
    ):
        result = read()
        assert isinstance(result, Failure)
        assert result.kind is kind
    # A server that fails on a query may fail on an id: one more call each tells whether it answers about others.
    more = 2 if bad_day.status == 500 and bad_day.kind == "error" else 0
    assert quickbooks.sandbox.calls.total - calls == 4 + more, "one metered call each, no hidden retry"


@pytest.mark.parametrize("spelling", ["documented", "upper", "lower"])
def test_an_expired_token_is_refreshed_once_and_the_read_goes_on(quickbooks: QuickBooks, spelling: str) -> None:
    quickbooks.sandbox.set_switches(fault_spelling=spelling)
    payment_id = quickbooks.pay("1.00")
    quickbooks.sandbox.expire_access_tokens()
    assert isinstance(quickbooks.source.read_payments([payment_id]), Got)
    assert quickbooks.keeper.saved == 1
    assert quickbooks.sandbox.calls.count("POST /oauth2/v1/tokens/bearer") == 1


@pytest.mark.parametrize(
    "refusal",
    [
        Fault("expired_token", path="/v3/", times=None),
        Fault("error", path="/v3/", status=401, body="html", times=None),
        Fault("error", path="/v3/", status=401, body="", times=None),
    ],
    ids=["with a fault", "html", "bare"],
)
def test_a_refused_token_is_refreshed_once_per_read_and_no_consent_has_ended(
    quickbooks: QuickBooks, refusal: Fault
) -> None:
    quickbooks.sandbox.faults.add(refusal)
    result = quickbooks.source.check()
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.UNAVAILABLE, "Intuit has just taken the refresh token"
    assert "just refreshed" in result.detail
    assert "HTTP 401" in result.detail
    assert quickbooks.keeper.reconnects == 0
    assert quickbooks.sandbox.calls.count("POST /oauth2/v1/tokens/bearer") == 1
    assert quickbooks.sandbox.calls.count("GET /companyinfo/{record_id}") == 2


def test_a_suspended_company_is_nobodys_refusal_of_us(quickbooks: QuickBooks) -> None:
    quickbooks.sandbox.set_switches(suspended=True)
    result = quickbooks.source.check()
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.SUSPENDED


def test_a_payment_that_is_not_readable_yet_is_missing_for_now(quickbooks: QuickBooks) -> None:
    quickbooks.sandbox.set_switches(readable_after_seconds=5)
    payment_id = quickbooks.pay("1.00")
    before = quickbooks.source.read_payments([payment_id])
    quickbooks.clock.move(seconds=6)
    after = quickbooks.source.read_payments([payment_id])
    assert isinstance(before, Got)
    assert isinstance(after, Got)
    assert before.value.missing_ids == {payment_id}
    assert [one.external_id for one in after.value.payments] == [payment_id]
