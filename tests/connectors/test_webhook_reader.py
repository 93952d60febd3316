"""Whatever stands in a signed body is read as hints or refused with a ValueError: never anything else."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import pytest
import simplejson
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connectors.base import ChangedEntity
from connectors.hints import Delivery
from connectors.quickbooks.webhooks import QuickBooksWebhooks

TOKEN = "verifier-token-123"
READER = QuickBooksWebhooks([TOKEN])
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "88cd52aa-33b6-4351-9aa4-47572edbd068",
    "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
    "type": "qbo.payment.created.v1",
    "datacontenttype": "application/json",
    "time": "2025-09-10T21:31:25.179851517Z",
    "intuitentityid": "1234",
    "intuitaccountid": "310687",
    "data": {},
}
ENTITY = {"name": "Payment", "id": "1234", "operation": "Create", "lastUpdated": "2025-09-08T20:52:31.657Z"}


def body_of(value: Any) -> bytes:
    return simplejson.dumps(value, separators=(",", ":")).encode()


def legacy(*entities: Any, realm: Any = "310687") -> Any:
    return {"eventNotifications": [{"realmId": realm, "dataChangeEvent": {"entities": list(entities)}}]}


def read(value: Any) -> Delivery:
    return READER.read(body_of(value))


def signature(body: bytes, token: str = TOKEN) -> str:
    return base64.b64encode(hmac.digest(token.encode(), body, hashlib.sha256)).decode()


# --- the signature ---


def test_the_published_test_vector_is_authentic() -> None:
    body = body_of([EVENT])
    assert len(body) == 300
    assert READER.is_authentic(body, "clzTH3s6nMzWjWM2JTcZk73/zQvf76IPQbwHqTunZew=")
    assert not READER.is_authentic(body + b" ", "clzTH3s6nMzWjWM2JTcZk73/zQvf76IPQbwHqTunZew=")


@given(st.binary(max_size=200), st.text(max_size=80))
def test_no_signature_of_a_stranger_is_authentic(body: bytes, text: str) -> None:
    assume(text != signature(body))
    assert not READER.is_authentic(body, text)


@pytest.mark.parametrize(
    "wrong", ["", "=", "a", "clzTH3s6", "\x00", "ünïcode", "clzTH3s6nMzWjWM2JTcZk73/zQvf76IPQbwHqTunZew", "*"]
)
def test_a_malformed_signature_is_not_authentic(wrong: str) -> None:
    assert not READER.is_authentic(body_of([EVENT]), wrong)


def test_while_a_token_is_replaced_both_are_accepted() -> None:
    reader = QuickBooksWebhooks(["new-token", TOKEN])
    body = body_of([EVENT])
    assert reader.is_authentic(body, signature(body))
    assert reader.is_authentic(body, signature(body, "new-token"))
    assert not reader.is_authentic(body, signature(body, "older-token"))


@pytest.mark.parametrize("tokens", [[], [""]])
def test_without_a_token_nothing_is_authentic(tokens: list[str]) -> None:
    body = body_of([EVENT])
    assert not QuickBooksWebhooks(tokens).is_authentic(body, signature(body, ""))


# --- the two formats ---


def test_a_cloud_event_is_a_hint_with_its_own_id_and_company() -> None:
    [hint] = read([EVENT]).hints
    assert (hint.account_id, hint.event_id, hint.entity_id, hint.verb) == ("310687", EVENT["id"], "1234", "created")
    assert hint.entity is ChangedEntity.PAYMENT
    assert hint.occurred_at == datetime(2025, 9, 10, 21, 31, 25, 179851, tzinfo=UTC)


def test_one_delivery_may_carry_several_companies_and_both_entities() -> None:
    other = EVENT | {"type": "qbo.invoice.updated.v1", "intuitaccountid": "999", "intuitentityid": "70"}
    delivery = read([EVENT, other])
    assert [(hint.account_id, hint.entity.value) for hint in delivery.hints] == [
        ("310687", "payment"),
        ("999", "invoice"),
    ]


@pytest.mark.parametrize(
    "verb", ["created", "updated", "deleted", "void", "voided", "merged", "emailed", "what_may_come"]
)
def test_every_verb_means_read_it_again(verb: str) -> None:
    [hint] = read([EVENT | {"type": f"qbo.payment.{verb}.v1"}]).hints
    assert hint.verb == verb


def test_the_legacy_format_is_read_too() -> None:
    [hint] = read(legacy(ENTITY)).hints
    assert (hint.account_id, hint.entity_id, hint.verb) == ("310687", "1234", "create")
    assert hint.occurred_at == datetime(2025, 9, 8, 20, 52, 31, 657000, tzinfo=UTC)


def test_a_legacy_event_that_is_sent_again_has_the_same_id_and_another_change_another() -> None:
    first, again = read(legacy(ENTITY)), read(legacy(ENTITY))
    later = read(legacy(ENTITY | {"lastUpdated": "2025-09-08T20:52:32.000-0700"}))
    assert first == again
    assert later.hints[0].event_id != first.hints[0].event_id
    assert later.hints[0].occurred_at == datetime(2025, 9, 9, 3, 52, 32, tzinfo=UTC)


def test_fields_that_nobody_knows_change_nothing() -> None:
    assert read([EVENT | {"new": {"deep": [1]}, "data": {"TotalAmt": 1}}]) == read([EVENT])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"type": "qbo.customer.created.v1"}, "unknown_entity"),
        ({"type": "qbo.payment.created"}, "unknown_type"),
        ({"type": "qb.payment.created.v1"}, "unknown_type"),
        ({"type": None}, "unknown_type"),
        ({"type": ["qbo"]}, "unknown_type"),
        ({"id": None}, "incomplete"),
        ({"id": ""}, "incomplete"),
        ({"id": 7}, "incomplete"),
        ({"intuitentityid": "1" * 51}, "incomplete"),
        ({"intuitentityid": "1\x00"}, "incomplete"),
        ({"intuitentityid": "\ud800"}, "incomplete"),
        ({"intuitaccountid": "\n"}, "incomplete"),
        ({"intuitaccountid": {}}, "incomplete"),
    ],
)
def test_what_is_not_for_us_is_counted_and_the_rest_is_read(change: dict[str, Any], why: str) -> None:
    delivery = read([EVENT | change, EVENT])
    assert len(delivery.hints) == 1
    assert delivery.ignored == {why: 1}


def test_an_event_id_of_any_length_is_kept_apart() -> None:
    long = [read([EVENT | {"id": "x" * 5000 + str(number)}]).hints[0].event_id for number in range(2)]
    assert long[0] != long[1]
    assert all(len(one) <= 200 for one in long)


def test_two_megabytes_of_events_are_read() -> None:
    events = [EVENT | {"id": f"event-{number}", "intuitentityid": str(number)} for number in range(7500)]
    assert len(body_of(events)) > 2_000_000
    assert len(read(events).hints) == 7500


# --- rubbish ---


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"{",
        b"null",
        b"1",
        b'"x"',
        b"{}",
        b'{"eventNotifications":null}',
        b"\xff",
        b"\x00",
        b"[" * 50_000,
        b"[NaN]",
    ],
)
def test_what_is_no_delivery_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError):
        READER.read(body)


@pytest.mark.parametrize(
    "value",
    [
        [None, 1, "x", [], {}],
        {"eventNotifications": [None, 1, [], {}, {"dataChangeEvent": None}, {"dataChangeEvent": {"entities": None}}]},
        legacy(None, 1, [], {}),
        legacy(ENTITY, realm=None),
        legacy(ENTITY | {"id": 1234}),
        legacy({"name": {"deep": 1}}),
    ],
)
def test_a_delivery_of_nothing_has_no_hints(value: Any) -> None:
    assert read(value).hints == ()


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
# No halves of surrogate pairs and no calendar's end: those have their own tests below.
events = st.fixed_dictionaries(
    {}, optional={name: json_values | st.just(value) for name, value in EVENT.items() if name not in ("type", "time")}
).map(lambda event: event | {"type": "qbo.payment.created.v1"})
entities = st.fixed_dictionaries({}, optional={name: json_values | st.just(value) for name, value in ENTITY.items()})
deliveries = st.one_of(
    json_values,
    st.lists(json_values | events, max_size=4),
    st.lists(entities | json_values, max_size=3).map(lambda found: legacy(*found)),
)


@given(deliveries)
@settings(max_examples=200, deadline=None)
def test_any_json_is_read_or_refused(value: Any) -> None:
    try:
        delivery = READER.read(simplejson.dumps(value, use_decimal=True).encode())
    except ValueError:
        return
    for hint in delivery.hints:
        assert is_storable(hint.account_id, hint.event_id, hint.entity_id, hint.verb)
        assert len(hint.event_id) <= 200
        assert len(hint.entity_id) <= 50
        assert len(hint.verb) <= 20


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        READER.read(body)
    except ValueError:
        return


def is_storable(*texts: str) -> bool:
    """Whether every database takes these texts: no NUL, no half of a surrogate pair."""
    for text in texts:
        text.encode()
        if "\x00" in text:
            return False
    return True


@pytest.mark.parametrize("verb", ["\x00", "cre\x00ated", "\ud800"])
def test_a_verb_that_no_database_takes_is_not_passed_on(verb: str) -> None:
    delivery = read([EVENT | {"type": f"qbo.payment.{verb}.v1"}])
    assert all(is_storable(hint.verb) for hint in delivery.hints)


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_moment_at_the_end_of_the_calendar_is_no_traceback(time: str) -> None:
    assert len(read([EVENT | {"time": time}]).hints) == 1


def test_a_number_beyond_all_numbers_is_a_value_error() -> None:
    with pytest.raises(ValueError):
        READER.read(b"[1e9999999999999999999]")
