"""Settings > Notifications in the browser, and the same by the API."""

import html
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from domain.users import UserRole
from models.activity import ActivityFilter, list_activity
from tests.flow.notices.told import Told
from tests.receiver import Receiver, receiving
from tests.web.browser import Browser, forms_in, logged_in
from tests.web.sync_tool import words_on
from tests.world import World
from usecases.api_tokens import create_api_token

PAGE = "/settings/notifications"
KEY = "0123456789abcdef0123456789ABCDEF"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def filled(**values: Any) -> dict[str, Any]:
    given = {"channel": "pagerduty", "name": "Pager", "address": KEY, "kinds": "alarm.attention", "digest_hours": "4"}
    return given | values


def add(browser: Browser, **values: Any) -> str:
    browser.get(PAGE)
    return browser.send(PAGE, filled(**values)).text


def test_a_channel_is_added_changed_tested_and_removed(partner: Browser, receiver: Receiver, world: World) -> None:
    page = words_on(
        add(partner, channel="slack", name="Chat", address=receiver.url, quiet_from="22:00", quiet_until="7:00")
    )
    assert "It is added." in page
    assert "22:00 to 07:00 (UTC)" in page
    changed = partner.send(
        f"{PAGE}/1/change",
        filled(channel="slack", name="Ops chat", address="", kinds="alarm.sync_stopped")
        | {"quiet_from": "", "quiet_until": ""},
    )
    page = words_on(changed.text)
    assert "Ops chat" in page
    assert "22:00" not in page
    page = words_on(partner.send(f"{PAGE}/1/test").text)
    assert "The test was sent once." in page
    assert "this is a test" in page
    # The address stayed, although the form was sent without it.
    assert len(receiver.received) == 1
    partner.get(f"{PAGE}/1")
    page = words_on(partner.send(f"{PAGE}/1/off").text)
    assert "nothing is sent any more" in page
    assert "Nobody is told yet." in words_on(partner.send(f"{PAGE}/1/remove").text)
    with world.context.database.reading() as session:
        done = [one.kind for one in list_activity(session, world.organization_id, ActivityFilter(), 4)]
    assert done == ["endpoint_removed", "endpoint_off", "endpoint_changed", "endpoint_added"]


def test_a_secret_address_is_never_shown_again(partner: Browser) -> None:
    page = add(partner)
    assert KEY not in page
    for address in (PAGE, f"{PAGE}/1", "/activity"):
        assert KEY not in partner.get(address).text
    assert "https://events.pagerduty.com" in partner.get(f"{PAGE}/1").text


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"address": "no-key"}, "Write the integration key"),
        ({"channel": "mail", "address": "books@northwind.example"}, "This installation sends no e-mail yet"),
        ({"channel": "slack", "address": "https://10.0.0.1/services/x"}, "leads to a private network"),
        ({"channel": "pigeon"}, "Choose how it is sent."),
        ({"channel": "webhook", "address": "https://example.com/"}, "Choose how it is sent."),
        ({"kinds": "payment.synced"}, "Choose at least one kind of news."),
        ({"quiet_from": "22:00"}, "Quiet hours need a beginning and an end."),
        ({"quiet_from": "late", "quiet_until": "7:00"}, "'late' is not a time of day."),
        ({"quiet_from": "22:00", "quiet_until": "25:00"}, "'25:00' is not a time of day."),
        ({"digest_hours": "0"}, "Choose between 1 and 48 hours"),
        ({"digest_hours": "soon"}, "Write a number of hours"),
        ({"name": ""}, "Give it a name"),
    ],
)
def test_a_refused_form_says_why_and_loses_nothing(partner: Browser, typed: dict[str, str], problem: str) -> None:
    page = add(partner, **({"name": "My <pager>"} | typed))
    assert problem in words_on(page)
    for value in ({"name": "My <pager>"} | typed).values():
        if not value.startswith(("pigeon", "webhook", "mail", "slack", "payment")):
            assert f'value="{html.escape(value)}"' in page


def test_a_channel_is_no_webhook_and_a_webhook_no_channel(partner: Browser, world: World, receiver: Receiver) -> None:
    add(partner)
    told = Told(world, receiver)
    webhook = told.add(receiver.url)
    assert partner.get(f"/settings/webhooks/{1}").status_code == 404
    assert partner.get(f"{PAGE}/{webhook}").status_code == 404
    partner.get(f"{PAGE}/1")
    token = next(form.fields for form in forms_in(partner.page) if form.action == f"{PAGE}/1/test")
    for what in ("test", "resend", "off", "remove"):
        assert partner.client.post(f"{PAGE}/{webhook}/{what}", data=token).status_code == 404
        assert partner.client.post(f"/settings/webhooks/1/{what}", data=token).status_code == 404
    assert told.endpoint.is_on
    assert "Pager" in words_on(partner.get(f"{PAGE}/1").text)


def test_the_api_takes_a_channel_for_no_webhook(partner: Browser, world: World) -> None:
    add(partner)
    headers = {"Authorization": f"Bearer {create_api_token(world.context, 'northwind', 'reports')}"}
    one = "/api/webhooks/1"
    assert partner.client.put(f"{one}/switch", json={"is_on": False}, headers=headers).status_code == 404
    for what in ("test", "resend", "new-secret"):
        assert partner.client.post(f"{one}/{what}", headers=headers).status_code == 404
    assert partner.client.get(f"{one}/notices", headers=headers).status_code == 404
    assert partner.client.delete(one, headers=headers).status_code == 404
    [left] = partner.client.get("/api/notifications", headers=headers).json()["notifications"]
    assert (left["name"], left["is_on"]) == ("Pager", True)


def test_who_only_looks_sees_who_is_told_and_changes_nothing(partner: Browser, app: FastAPI) -> None:
    add(partner)
    viewer = logged_in(app, "viewer@northwind.example", "northwind", UserRole.VIEWER)
    page = words_on(viewer.get(PAGE).text)
    assert "Pager" in page
    assert "Add a channel" not in page
    assert not [form for form in forms_in(viewer.get(f"{PAGE}/1").text) if form.action.startswith(PAGE + "/1/")]
