"""Gap statements on pages, as tables and over the API: what is said, the payments behind each number, counting again."""

import csv
import io

import pytest
from fastapi import FastAPI

from domain.users import UserRole
from tests.quickbooks.reconnecting import reconnect
from tests.quickbooks.story import READERS, gaps
from tests.quickbooks.test_gaps import busy_absence
from tests.web.browser import Browser, logged_in
from tests.web.tokens import make_token
from tests.world import World
from usecases.gap_statements import count_again
from usecases.organizations import PreferenceChanges, change_preferences

pytestmark = pytest.mark.both_in_the_build


@pytest.fixture
def told(world: World) -> World:
    """Two days without a connection, closed and counted."""
    busy_absence(world, 2, *READERS)
    reconnect(world)
    world.settle(*READERS)
    world.later(*READERS, minutes=6)
    return world


def rows_of(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))


def test_without_a_gap_the_page_says_so(world: World, partner: Browser) -> None:
    assert world.source_id
    assert "There was no such stretch yet" in partner.get("/gaps").text


def test_the_overview_and_the_connections_lead_to_the_statement(told: World, partner: Browser) -> None:
    [gap] = gaps(told)
    for address in ("/overview", "/integrations"):
        page = partner.get(address).text
        assert f'href="/gaps/{gap.id}"' in page
        assert "Nothing is missing between " in page
    page = partner.get("/gaps").text
    assert f'href="/gaps/{gap.id}"' in page
    assert "Nothing is missing" in page


def test_the_statement_shows_numbers_counts_and_payments(told: World, partner: Browser) -> None:
    [gap] = gaps(told)
    page = partner.get(f"/gaps/{gap.id}").text
    assert "We heard of 3 payments late (150.00 USD), by 1 d 0 h at most." in page
    assert "QuickBooks counted 2 payments at " in page
    assert page.count('href="/payments/') == 3
    assert "Catch-up" in page


def test_the_tables_have_every_stretch_and_every_payment(told: World, partner: Browser) -> None:
    [gap] = gaps(told)
    [row] = rows_of(partner.get("/gaps.csv").content)
    assert (row["New"], row["Changed"], row["Deleted"]) == ("1", "1", "1")
    assert row["Conclusion"] == "Nothing is missing"
    found = rows_of(partner.get(f"/gaps/{gap.id}/payments.csv").content)
    assert sorted((one["What happened"], one["Amount"]) for one in found) == [
        ("Changed", "70.00"),
        ("Deleted", "50.00"),
        ("New", "30.00"),
    ]
    assert {one["Found by"] for one in found} == {"Catch-up"}


def test_while_the_sync_is_off_no_number_is_told(world: World, partner: Browser) -> None:
    change_preferences(world.context, world.organization_id, PreferenceChanges(sync_enabled=False))
    assert partner.get("/gaps").text.count("not yet") == 3
    [row] = rows_of(partner.get("/gaps.csv").content)
    assert (row["New"], row["What"], row["Conclusion"]) == ("", "Sync switched off", "Cannot be told yet")
    [one] = partner.client.get("/api/gaps", headers=make_token(world)).json()["gaps"]
    assert (one["new"], one["until_at"]) == (None, None)


def test_many_payments_come_in_pages(told: World, partner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.gaps.PAYMENTS_PER_PAGE", 2)
    [gap] = gaps(told)
    first = partner.get(f"/gaps/{gap.id}").text
    assert first.count('href="/payments/') == 2
    more = first.split(f'href="/gaps/{gap.id}?after=')[1].split('"')[0]
    assert partner.get(f"/gaps/{gap.id}?after={more}").text.count('href="/payments/') == 1


def test_a_person_has_it_counted_again_once_at_a_time(told: World, partner: Browser) -> None:
    [gap] = gaps(told)
    partner.get(f"/gaps/{gap.id}")
    answer = partner.send(f"/gaps/{gap.id}/count")
    answer = partner.get(answer.headers["Location"]) if answer.is_redirect else answer
    assert "are being counted" in answer.text
    assert f'action="/gaps/{gap.id}/count"' not in answer.text
    refused = count_again(told.context, told.organization_id, gap.id)
    assert refused is not None
    assert "It is being counted already" in refused.message
    told.settle(*READERS)
    told.later(*READERS, minutes=6)
    assert "Nothing is missing between " in partner.get(f"/gaps/{gap.id}").text
    assert "Had a gap counted again" in partner.get("/activity").text


def test_who_only_looks_cannot_have_it_counted(told: World, app: FastAPI) -> None:
    [gap] = gaps(told)
    viewer = logged_in(app, "viewer@northwind.example", "northwind", UserRole.VIEWER)
    assert f'action="/gaps/{gap.id}/count"' not in viewer.get(f"/gaps/{gap.id}").text


def test_programs_read_the_same(told: World, partner: Browser) -> None:
    [gap] = gaps(told)
    headers = make_token(told)
    listed = partner.client.get("/api/gaps", headers=headers).json()["gaps"]
    assert [(one["id"], one["verdict"]) for one in listed] == [(gap.id, "nothing_missing")]
    whole = partner.client.get(f"/api/gaps/{gap.id}", headers=headers).json()
    assert whole["heard_late"] == {
        "payments": 3,
        "sums": [{"currency": "USD", "amount": "150.00"}],
        "latest_by_seconds": whole["heard_late"]["latest_by_seconds"],
    }
    assert [one["outcome"] for one in whole["counts"]] == ["agrees"]
    first = partner.client.get(f"/api/gaps/{gap.id}/payments?limit=2", headers=headers).json()
    query = f"limit=2&cursor={first['next_cursor']}"
    second = partner.client.get(f"/api/gaps/{gap.id}/payments?{query}", headers=headers).json()
    assert len({one["id"] for one in [*first["payments"], *second["payments"]]}) == 3
    assert second["next_cursor"] is None
    assert partner.client.get("/api/gaps/99", headers=headers).status_code == 404
