"""Lists of the API come in pages: each row once, in order, with a link to the next page that keeps the filters."""

from typing import Any

import pytest

from domain.comparing.outcomes import InvoiceOrder
from domain.cursors import Listed, cursor_after
from domain.payment_order import PaymentOrder
from tests.copying import set_up
from tests.web.browser import Browser
from tests.world import World
from usecases.own_payments import register


def pages(browser: Browser, address: str, rows: str, token: dict[str, str]) -> list[list[Any]]:
    """The rows of every page, by following the header as it is."""
    found = []
    while address:
        answer = browser.get(address, headers=token)
        assert answer.status_code == 200, answer.text
        document = answer.json()
        found.append(document[rows])
        link = answer.headers.get("link", "")
        assert (link == "") == (document["next_cursor"] is None)
        address = link.removesuffix('>; rel="next"').removeprefix("<")
        assert document["next_cursor"] is None or document["next_cursor"] in address
        assert len(found) < 20
    return found


@pytest.mark.both_in_the_build
@pytest.mark.parametrize("order", PaymentOrder)
def test_payments_follow_each_other_in_every_order(
    world: World, anybody: Browser, token: dict[str, str], order: PaymentOrder
) -> None:
    for number, total in enumerate(["30.00", "10.00", "20.00", "10.00", "5.00"]):
        world.pay(total, (world.invoice(f"INV-{number}", total), total), on=f"2026-11-{10 + number % 3}")
    world.notice()
    (whole,) = pages(anybody, f"/api/payments?order={order}&limit=200", "payments", token)
    parts = pages(anybody, f"/api/payments?order={order}&limit=2", "payments", token)
    assert [len(part) for part in parts] == [2, 2, 1]
    assert [row["id"] for part in parts for row in part] == [row["id"] for row in whole]


@pytest.mark.both_in_the_build
@pytest.mark.parametrize("order", InvoiceOrder)
def test_invoices_follow_each_other_in_every_order(
    world: World, anybody: Browser, token: dict[str, str], order: InvoiceOrder
) -> None:
    # The same number and the same total twice: the order needs more than that.
    for number, total in [("B-2", "10.00"), ("A-1", "20.00"), ("B-2", "10.00"), ("c-1", "5.00"), ("A-3", "20.00")]:
        world.invoice(number, total, in_connectwise=False)
    (whole,) = pages(anybody, f"/api/invoices?sort={order}&limit=200", "invoices", token)
    parts = pages(anybody, f"/api/invoices?sort={order}&limit=2", "invoices", token)
    assert [len(part) for part in parts] == [2, 2, 1]
    assert [row["id"] for part in parts for row in part] == [row["id"] for row in whole]


def test_the_link_to_the_next_page_keeps_every_filter(world: World, anybody: Browser, token: dict[str, str]) -> None:
    for number in range(3):
        world.invoice(f"R&D {number}", in_connectwise=False)
        world.invoice(f"Other {number}", in_connectwise=False)
    found = pages(anybody, "/api/invoices?search=R%26D&balance=unknown&limit=2", "invoices", token)
    assert [[row["number"] for row in page] for page in found] == [["R&D 0", "R&D 1"], ["R&D 2"]]


def test_own_payments_and_activity_come_in_pages(world: World, anybody: Browser, token: dict[str, str]) -> None:
    register(world.context, world.organization_id, ["11", "12", "13"])
    assert pages(anybody, "/api/own-payments?limit=2", "ids", token) == [["13", "12"], ["11"]]
    for enabled in (False, True, False):
        anybody.client.put("/api/preferences", headers=token, json=_with_sync(anybody, token, enabled=enabled))
    kinds = pages(anybody, "/api/activity?kind=preferences_changed&limit=2", "entries", token)
    assert [len(page) for page in kinds] == [2, 1]


def _with_sync(browser: Browser, token: dict[str, str], *, enabled: bool) -> dict[str, Any]:
    chosen: dict[str, Any] = browser.get("/api/preferences", headers=token).json()["preferences"]
    return chosen | {"sync_enabled": enabled}


def test_the_parts_behind_a_preview_come_in_pages(world: World, anybody: Browser, token: dict[str, str]) -> None:
    for number in range(3):
        world.pay("10.00", (world.invoice(f"INV-{number}", in_connectwise=False), "10.00"))
    world.notice()
    asked = anybody.client.post("/api/previews", headers=token, json=_with_sync(anybody, token, enabled=False)).json()
    assert {one["outcome"]: one["parts"] for one in asked["outcomes"] if one["parts"]} == {"skipped": 3}
    found = pages(anybody, f"/api/previews/{asked['id']}/parts?outcome=skipped&limit=2", "parts", token)
    assert [len(page) for page in found] == [2, 1]
    assert len({row["payment_id"] for page in found for row in page}) == 3


def test_the_sync_tools_lists_come_in_pages(world: World, anybody: Browser, token: dict[str, str]) -> None:
    tool = set_up(world)
    for number in range(3):
        tool.bill(f"CW-{number}", company_identifier=f"company{number}", company_name=f"Company {number}")
    tool.refresh()
    first = tool.preview("CW-0", "CW-1", "CW-2")
    tool.preview("CW-0")
    tool.preview("CW-1")
    for address, rows in {
        "/api/sync-tool/invoices?state=available&state=held": "invoices",
        "/api/sync-tool/runs?x=1": "runs",
        f"/api/sync-tool/runs/{first}/items?state=problem&state=ready": "items",
        "/api/sync-tool/customers?chosen=false": "customers",
    }.items():
        found = pages(anybody, f"{address}&limit=2", rows, token)
        assert [len(page) for page in found] == [2, 1], address


@pytest.mark.parametrize(
    "cursor", ["1", "rubbish", "%00", "é", cursor_after(Listed.PAYMENTS, 1), "cGF5bWVudHM6MA", "x" * 101]
)
def test_a_cursor_that_is_none_of_this_list_is_told_by_its_name(
    anybody: Browser, token: dict[str, str], cursor: str
) -> None:
    answer = anybody.get(f"/api/invoices?cursor={cursor}", headers=token)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/not-valid")
    assert [one["parameter"] for one in answer.json()["errors"]] == ["cursor"]


def test_nothing_comes_after_a_row_of_another_organization(
    world: World, anybody: Browser, token: dict[str, str]
) -> None:
    world.invoice("INV-1", in_connectwise=False)
    cursor = cursor_after(Listed.INVOICES, 999)
    answer = anybody.get(f"/api/invoices?cursor={cursor}", headers=token).json()
    assert answer == {"invoices": [], "next_cursor": None}
