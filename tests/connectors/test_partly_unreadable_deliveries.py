"""A delivery of good events and rubbish, in any mixture: every good event is read, in both formats."""

import time
from collections.abc import Callable

import pytest
import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.quickbooks.webhooks import QuickBooksWebhooks
from tests.few import few_of

READER = QuickBooksWebhooks(["verifier-token-123"])
REALM = "310687"


def cloud_event(number: int) -> str:
    return simplejson.dumps(
        {
            "specversion": "1.0",
            "id": f"event-{number}",
            "type": "qbo.payment.created.v1",
            "time": "2025-09-10T21:31:25.179851517Z",
            "intuitentityid": str(number),
            "intuitaccountid": REALM,
            "data": {},
        }
    )


def entity(number: int) -> str:
    return simplejson.dumps(
        {"name": "Payment", "id": str(number), "operation": "Create", "lastUpdated": "2025-09-08T20:52:31.657Z"}
    )


def in_a_list(elements: list[str]) -> str:
    return f"[{','.join(elements)}]"


def in_a_notification(elements: list[str]) -> str:
    return f'{{"eventNotifications":[{{"realmId":"{REALM}","dataChangeEvent":{{"entities":{in_a_list(elements)}}}}}]}}'


FORMATS = [(cloud_event, in_a_list), (entity, in_a_notification)]

RUBBISH = {
    "a number beyond all numbers": '{"id": 1e99999999}',
    "more digits than anybody sends": "9" * 5000,
    "not a number": "NaN",
    "infinity": "-Infinity",
    "nested too deeply": "[" * 5000 + "]" * 5000,
    "objects nested too deeply": '{"x":' * 3000 + "1" + "}" * 3000,
    "brackets that never end": "[" * 5000,
    "objects that never end": '{"x":' * 3000,
    "brackets that never began": "}}}",
    "a list that never began": "]",
    "the wrong bracket": '{"a":]}',
    "an object that never ends": '{"a":[',
    "a quote that is missing": '{"id": "abc}',
    "a quote alone": '"',
    "a quote too many": '{"a":"b" "c"}',
    "no value": '{"a":}',
    "no colon": '{"a" 1}',
    "no name": "{1}",
    "other quotes": "{'a':1}",
    "half a word": "tru",
    "a comma at the end": '{"a":1,}',
    "commas alone": ",:,",
    "an escape that is none": '"\\x"',
    "half an escape": '"\\u12"',
    "a backslash": "\\",
    "a comment": "/* nothing */",
    "a control character": '"\x01"',
    "bytes that are no text": "\udcff\udcfe",
    "half of a surrogate pair": '"\\ud800"',
}


def told(body: str) -> set[str]:
    return {hint.entity_id for hint in READER.read(body.encode("utf-8", "surrogateescape")).hints}


@pytest.mark.parametrize("good_first", [True, False])
@pytest.mark.parametrize(("good", "delivery"), FORMATS)
@pytest.mark.parametrize("rubbish", RUBBISH.values(), ids=RUBBISH)
def test_good_events_on_both_sides_of_rubbish_are_read(
    rubbish: str, good: Callable[[int], str], delivery: Callable[[list[str]], str], good_first: bool
) -> None:
    elements = [good(1), rubbish, good(2)] if good_first else [rubbish, good(1), rubbish, good(2), rubbish]
    assert told(delivery(elements)) == {"1", "2"}


pieces = st.lists(
    st.none() | st.sampled_from(list(RUBBISH.values())) | st.text('{}[]:,"\\ae1 \n', max_size=12),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize(("good", "delivery"), FORMATS)
@given(found=pieces)
@settings(max_examples=150, deadline=None)
def test_in_any_mixture_every_good_event_is_read(
    good: Callable[[int], str], delivery: Callable[[list[str]], str], found: list[str | None]
) -> None:
    elements = [good(number) if one is None else one for number, one in enumerate(found)]
    wanted = {str(number) for number, one in enumerate(found) if one is None}
    body = delivery(elements)
    try:
        read = told(body)
    except ValueError:
        read = set()
    assert wanted <= read


def test_what_an_event_carries_beside_its_own_fields_does_not_matter() -> None:
    deep = cloud_event(1).replace('"data": {}', '"data": ' + "[" * 4000 + "]" * 4000)
    figure = cloud_event(2).replace('"data": {}', '"data": 1e999999999')
    assert told(in_a_list([deep, figure])) == {"1", "2"}


@pytest.mark.parametrize(
    "body",
    [
        in_a_list([cloud_event(1).replace('"1"', "1")]),
        in_a_list([cloud_event(1).replace('"1"', "1e9999999")]),
        in_a_list([cloud_event(1).replace('"qbo.payment.created.v1"', "tru")]),
        in_a_list([cloud_event(1).replace('"event-1"', "\x01"), "NaN"]),
        in_a_list([cloud_event(1).replace(f'"{REALM}"', REALM)]),
        in_a_notification([entity(1).replace('"1"', "NaN")]),
        in_a_notification(["NaN"]),
        in_a_notification(["null"]),
        f'{{"eventNotifications":[{{"realmId":"{REALM}","dataChangeEvent":null}}]}}',
        # The next change of this payment could not be told from this one.
        in_a_notification([entity(1).replace('"2025-09-08T20:52:31.657Z"', "null")]),
    ],
)
def test_whose_event_could_not_be_read_is_told(body: str) -> None:
    assert READER.read(body.encode()).accounts_in_doubt == {REALM}


@pytest.mark.parametrize("change", [("qbo.payment", "qbo.customer"), ("qbo.", "other.")])
def test_what_is_not_for_us_is_no_doubt(change: tuple[str, str]) -> None:
    assert not READER.read(in_a_list([cloud_event(1).replace(*change)]).encode()).accounts_in_doubt


def test_an_event_that_came_loose_is_of_the_only_company_that_is_named() -> None:
    body = in_a_notification([entity(1), "}}}}", entity(2)])
    assert {(hint.account_id, hint.entity_id) for hint in READER.read(body.encode()).hints} == {
        (REALM, "1"),
        (REALM, "2"),
    }


@pytest.mark.parametrize(
    "unit", few_of(["[", '{"a":', '"', '\\"', '"a" ', "[1,", "[{", "]}", " ", "9", '["a","b":'], 4)
)
def test_the_longest_rubbish_is_no_endless_work(unit: str) -> None:
    begun = time.monotonic()
    with pytest.raises(ValueError):
        READER.read((unit * (1_000_000 // len(unit))).encode())
    # It takes less than a second where the work grows with the length, and hours where it grows faster.
    assert time.monotonic() - begun < 300
