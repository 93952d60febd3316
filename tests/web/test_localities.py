"""What people read is written where they are: every page of the dashboard, whatever it shows, and the files they save."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI

from domain.activity import ActivityKind
from models.activity import ActivityFilter, list_activity
from models.organizations import organization_by_id
from tests.web.browser import Browser, back_again
from tests.web.routes import CHANGES, PAGES, Asks
from tests.web.things import ADMIN, Things, everything
from tests.web.walker import Walker
from tests.world import World
from usecases.backfill import request_backfill
from usecases.locality import LocalityChanges, change_locality
from usecases.results import Rejected

PREFERENCES, SAVE = "/integrations/preferences", "/integrations/preferences/locality"
KATHMANDU = ZoneInfo("Asia/Kathmandu")
UTC_CLOCK = re.compile(r"\d\d:\d\d(:\d\d)?(\.\d+)?( ?UTC(?![+-])|Z\b|\+00:00)")
# An amount or a number as the United States write it: 1,234 or 100.00 USD.
AMERICAN = re.compile(r"\b\d{1,3}(,\d{3})+\b|(?<![\d.])\d+\.\d\d [A-Z]{3}\b")
TIME = re.compile(r'<time datetime="([^"]*)" title="([^"]*)">([^<]*)</time>')


def be_in(world: World, time_zone: str | None = None, writing: str | None = None) -> None:
    changes = LocalityChanges(time_zone, writing)
    assert not isinstance(change_locality(world.context, world.organization_id, changes), Rejected)


def words_of_page(page: str) -> str:
    """What the page says: no tags, and of their attributes only what people hear or see. What programs say stays out."""
    page = re.sub(r"<(pre|code)\b.*?</\1>", " ", page, flags=re.DOTALL)
    seen = re.sub(r'<[^>]*?\b(?:title|aria-label|placeholder|data-label)="([^"]*)"[^>]*>', r" \1 ", page)
    return unescape(re.sub(r"<[^>]*>", " ", re.sub(r"<title>.*?</title>", " ", seen)))


@dataclass(frozen=True, slots=True)
class Page:
    name: str
    text: str


@pytest.fixture
def things(world: World, app: FastAPI) -> Things:
    """Besides one of each thing: large amounts, times still to come, a stretch that is looked through, a reading."""
    things = everything(world, app)
    large = world.invoice("INV-2", "1234567.50")
    world.pay("1234.50", (large, "1234.50"))
    differs = world.invoice("INV-3", "2500.00")
    world.connectwise.type_payment(differs.connectwise_id or 0, "1100.00")
    world.pay("1100.00", (differs, "1100.00"))
    world.notice()
    assert request_backfill(world.context, world.source_id, datetime(2026, 11, 1, tzinfo=UTC).date())
    return things


def pages_of(things: Things) -> list[Page]:
    """Every page of the dashboard, and what each of its forms answers with a page."""
    found = []
    # First what only looks, then what changes something; the form that moves the organization would move it back.
    looked_at = sorted(PAGES.items(), key=lambda one: one[0][0] in CHANGES)
    walker = Walker(things, ADMIN)
    for (method, path), row in looked_at:
        if path == SAVE:
            continue
        answer = walker.call((method, path), row)
        if answer.headers.get("content-type", "").startswith("text/html") and answer.text:
            found.append(Page(f"{method} {path}", answer.text))
    reader = back_again(things.app, ADMIN)
    every = {f"/payments/{one}" for one in re.findall(r'href="/payments/(\d+)"', reader.get("/payments").text)}
    assert len(every) > 2
    found += [Page(address, reader.get(address).text) for address in sorted(every)]
    return found


@pytest.mark.proof
def test_no_page_shows_the_clocks_of_another_zone(things: Things) -> None:
    be_in(things.world, "Asia/Kathmandu")
    pages = pages_of(things)
    asked = {f"{method} {path}" for (method, path), row in PAGES.items() if row.asks is Asks.ORGANIZATION}
    html = {name for name in asked if not name.endswith((".csv", "/callback", "/{name}"))}
    assert html <= {page.name for page in pages}
    found, times = [], 0
    for page in pages:
        if page.name in {"GET /login", "GET /", "POST /login", "GET /api-reference"}:
            continue
        found += [f"{page.name}: …{hit[0]}" for hit in UTC_CLOCK.finditer(words_of_page(page.text))]
        for exact, title, shown in TIME.findall(page.text):
            local = datetime.fromisoformat(exact).astimezone(KATHMANDU)
            assert f"{local:%H:%M:%S} (UTC+05:45)" in title, page.name
            assert f"{local:%H:%M}" in shown or shown.endswith(" ago") or shown.startswith("in "), (page.name, shown)
            times += 1
    assert found == [], "\n".join(found)
    assert times > 40
    overview = next(page.text for page in pages if page.name == "GET /overview")
    assert "All times are those of Asia/Kathmandu (UTC+05:45)." in overview


@pytest.mark.proof
def test_no_page_writes_amounts_as_another_country_does(things: Things) -> None:
    be_in(things.world, writing="de-DE")
    found = []
    pages = pages_of(things)
    for page in pages:
        # What programs send and get is the same everywhere.
        if page.name == "GET /api-reference":
            continue
        # The one page that shows how each country writes.
        text = re.sub(r"<select id=\"writing\".*?</select>", "", page.text, flags=re.DOTALL)
        found += [f"{page.name}: {hit[0]}" for hit in AMERICAN.finditer(words_of_page(text))]
    assert found == [], "\n".join(found)
    everywhere = " ".join(page.text for page in pages)
    assert "1.234,50 USD" in everywhere
    assert "100,00 USD" in everywhere


def test_a_day_somebody_typed_is_the_same_everywhere(world: World, partner: Browser) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1"), "100.00"), on="2026-11-20")
    world.notice()
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        be_in(world, zone)
        assert "Nov 20, 2026" in partner.get(f"/payments/{payment}").text


# --- choosing ---


def locality(world: World) -> tuple[str, str]:
    with world.context.database.reading() as session:
        found = organization_by_id(session, world.organization_id)
        return found.time_zone, found.writing


def test_somebody_chooses_where_the_organization_is(world: World, partner: Browser) -> None:
    assert 'value="UTC"' in partner.get(PREFERENCES).text
    answer = partner.send(SAVE, {"time_zone": " america/new york ", "writing": "en-CA"})
    assert "Your changes are saved." in answer.text
    assert locality(world) == ("America/New_York", "en-CA")
    with world.context.database.reading() as session:
        latest = list_activity(session, world.organization_id, ActivityFilter(), 1)[0]
    assert latest.kind == ActivityKind.PREFERENCES_CHANGED
    told = [(one.what, one.before, one.after) for one in latest.what_changed]
    assert told == [
        ("Time zone", "UTC", "America/New_York"),
        ("Amounts and dates", "United States", "Canada (English)"),
    ]


def test_a_place_that_is_no_zone_is_refused_and_nothing_typed_is_lost(world: World, partner: Browser) -> None:
    partner.get(PREFERENCES)
    answer = partner.send(SAVE, {"time_zone": "Springfield", "writing": "en-GB"})
    assert answer.status_code == 422
    assert "&#39;Springfield&#39; is not a time zone." in answer.text
    assert 'value="Springfield"' in answer.text
    assert '<option value="en-GB" selected>' in answer.text
    assert locality(world) == ("UTC", "en-US")


def test_where_the_organization_is_decides_about_no_payment(world: World, partner: Browser) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.notice()
    before = partner.get(f"/api/payments/{payment}").json()
    partner.get(PREFERENCES)
    partner.send(SAVE, {"time_zone": "Asia/Kathmandu", "writing": "de-DE"})
    world.settle()
    assert partner.get(f"/api/payments/{payment}").json() == before
    assert before["amount"] == "100.00" if "amount" in before else "100.00" in str(before)


def test_the_api_is_told_where_the_organization_is_and_answers_in_utc(
    world: World, anybody: Browser, token: dict[str, str]
) -> None:
    chosen = anybody.get("/api/preferences", headers=token).json()["preferences"]
    wrong = chosen | {"time_zone": "Springfield", "sync_enabled": False}
    answer = anybody.client.put("/api/preferences", headers=token, json=wrong)
    assert (answer.status_code, "is not a time zone" in answer.text) == (422, True)
    assert anybody.get("/api/preferences", headers=token).json()["preferences"] == chosen
    right = chosen | {"time_zone": "Asia/Kathmandu"}
    assert anybody.client.put("/api/preferences", headers=token, json=right).json()["preferences"] == right
    without = {name: value for name, value in right.items() if name not in {"time_zone", "writing"}}
    assert anybody.client.put("/api/preferences", headers=token, json=without).json()["preferences"] == right
    assert locality(world) == ("Asia/Kathmandu", "en-US")


# --- filters and files ---


@pytest.mark.parametrize(
    ("writing", "typed"),
    [("de-DE", "1.234,50"), ("de-DE", "1234,5"), ("fr-FR", "1 234,50"), ("de-CH", "1'234.50"), ("en-US", "1,234.50")],
)
def test_an_amount_is_typed_as_it_is_read(world: World, partner: Browser, writing: str, typed: str) -> None:
    world.pay("1234.50", (world.invoice("INV-1", "1234.50"), "1234.50"), reference="the-one")
    other = world.pay("99.00", (world.invoice("INV-2", "99.00"), "99.00"))
    world.notice()
    be_in(world, writing=writing)
    for field in ("amount", "search"):
        page = partner.get("/payments", params={field: typed}).text
        assert "INV-1" in page, (field, typed)
        assert f"/payments/{other}" not in page


def test_a_text_that_is_no_amount_here_is_refused_with_an_example(world: World, partner: Browser) -> None:
    be_in(world, writing="de-DE")
    page = partner.get("/payments", params={"amount": "1,234.50"}).text
    assert "Not an amount, so it filters nothing. Write it like 1.234,50." in page
    assert 'value="1,234.50"' in page


def test_tables_name_the_zone_and_keep_plain_amounts(world: World, partner: Browser) -> None:
    payment = world.pay("1234.50", (world.invoice("INV-1", "1234.50"), "1234.50"))
    world.notice()
    be_in(world, "Asia/Kathmandu", "de-DE")
    head, row = partner.get("/payments.csv").text.strip().splitlines()
    assert head.endswith("Last change (Asia/Kathmandu)")
    assert payment in row
    assert ",1234.50,USD," in row.replace('"', "")
    local = world.clock.now().astimezone(KATHMANDU)
    assert f"{local:%Y-%m-%d %H:}" in row
    assert "When (Asia/Kathmandu),Who" in partner.get("/activity.csv").text.splitlines()[0]


def test_activity_of_a_day_is_that_of_the_organizations_day(world: World, partner: Browser) -> None:
    be_in(world, "Asia/Kathmandu")
    today = world.clock.now().astimezone(KATHMANDU).date().isoformat()
    page = partner.get("/activity", params={"since": today, "until": today}).text
    assert "Time zone" in page
