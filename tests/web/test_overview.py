"""The first page: numbers, what needs a person, and the invoices behind it."""

import re
from datetime import date, timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from domain.gaps import GapKind
from domain.preferences import InvoiceOrigin
from domain.users import UserRole
from models.connections import Connection
from models.gaps import open_gap
from models.ledger import LedgerEntry
from tests.web.browser import Browser, logged_in
from tests.web.tokens import make_token
from tests.world import World
from usecases.organizations import create_organization

pytestmark = pytest.mark.both_in_the_build


def counts_on(page: str) -> dict[str, str]:
    return dict(re.findall(r'class="count (\w+)"[^>]*><b>([\d,]+)</b>', page))


def test_the_numbers_say_how_many_payments_have_each_status(world: World, partner: Browser) -> None:
    world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.pay("100.00", (world.invoice("INV-2"), "100.00"))
    world.pay("50.00", (world.invoice("INV-3", in_connectwise=False), "50.00"))
    world.pay("10.00")
    world.notice()
    expected = {"needs_attention": "0", "waiting": "1", "on_its_way": "0", "synced": "2", "skipped": "1"}
    assert counts_on(partner.get("/overview").text) == expected
    assert counts_on(partner.get("/live/overview").text) == expected


def test_what_needs_a_person_comes_first_with_reason_and_advice(world: World, partner: Browser) -> None:
    invoice = world.invoice("INV-1001", "200.00")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 21))
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.notice()

    page = partner.get("/overview").text

    attention = page.split("Needs your attention")[1].split("Latest payments")[0]
    assert f"/payments/{payment}" in attention
    assert "that we did not create." in attention
    assert "retry with &#39;create anyway&#39;" in attention


def test_an_empty_dashboard_says_so(partner: Browser) -> None:
    page = partner.get("/overview").text
    assert "no payment is waiting for you" in page
    assert "No payment has been recorded in QuickBooks since" in page


# --- numbers, sums and days ---


def pay_and_notice(world: World, number: str, amount: str = "100.00", **more: str) -> str:
    payment = world.pay(amount, (world.invoice(number, amount), amount), **more)
    world.notice()
    return payment


def figure(page: str, label: str) -> str:
    """What stands under this label, in words."""
    cell = page.split(f"<dt>{label}</dt>")[1].split("</dd>", maxsplit=1)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", cell).split())


def table_rows(page: str, table: str) -> dict[str, list[str]]:
    """The cells of a chart's table by day, without days on which nothing was."""
    body = page.split(f'id="{table}"')[1].split("<tbody>")[1].split("</tbody>", maxsplit=1)[0]
    rows = {}
    for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL):
        day, *cells = [
            " ".join(re.sub(r"<span.*?</span>|<[^>]+>", "", cell).split())
            for cell in re.findall(r"<td.*?>(.*?)</td>", row, re.DOTALL)
        ]
        if any(cell not in ("0", "none") for cell in cells):
            rows[day] = cells
    return rows


def test_what_was_synced_today_and_in_a_week_is_counted_with_its_sum_in_each_currency(
    world: World, partner: Browser
) -> None:
    for number, amount in enumerate(["100.00", "50.50", "7.00", "9.00"]):
        pay_and_notice(world, f"INV-{number}", amount)
    with world.context.database.writing() as session:
        _, second, third, fourth = session.scalars(select(LedgerEntry).order_by(LedgerEntry.id))
        second.currency = "CAD"
        third.entered_on -= timedelta(days=6)
        fourth.entered_on -= timedelta(days=7)
    page = partner.get("/overview").text
    assert figure(page, "Synced today (UTC)") == "2 50.50 CAD, 100.00 USD"
    assert figure(page, "Synced in the last 7 days (UTC)") == "3 50.50 CAD, 107.00 USD"
    assert page.split('data-live="/live/overview">')[1].startswith("\n" + partner.get("/live/overview").text[:200])


def test_the_oldest_payment_that_is_not_synced_is_linked_with_its_age(world: World, partner: Browser) -> None:
    today = world.clock.now().date()
    pay_and_notice(world, "INV-1", on=(today - timedelta(days=90)).isoformat())
    payments = {}
    for days in (2, 30, 5):
        waiting = world.invoice(f"INV-W{days}", "100.00", in_connectwise=False)
        payments[days] = world.pay("100.00", (waiting, "100.00"), on=(today - timedelta(days=days)).isoformat())
    world.notice()
    page = partner.get("/overview").text
    told = figure(page, "Oldest payment not synced")
    assert told.startswith("30 days Cascade Dental, 100.00 USD")
    assert told.endswith("Waiting.")
    assert f'/payments/{payments[30]}"' in page.split("Oldest payment not synced")[1].split("</dl>")[0]


def test_without_anything_to_sync_there_is_no_oldest(partner: Browser) -> None:
    page = partner.get("/overview").text
    assert figure(page, "Oldest payment not synced") == "None There is no payment yet."
    assert figure(page, "Synced today (UTC)") == "0 Nothing yet."
    assert "No payment is dated in the last 14 days." in page
    assert "No payment was synced in the last 14 days." in page
    assert "<svg class" not in page


def test_the_charts_have_the_same_numbers_as_a_table(world: World, partner: Browser) -> None:
    today = world.clock.now().date()
    pay_and_notice(world, "INV-1", on=today.isoformat())
    pay_and_notice(world, "INV-2", on=(today - timedelta(days=3)).isoformat())
    missing = world.invoice("INV-3", in_connectwise=False)
    world.pay("100.00", (missing, "100.00"), on=(today - timedelta(days=3)).isoformat())
    pay_and_notice(world, "INV-4", on=(today - timedelta(days=14)).isoformat())
    page = partner.get("/overview").text
    assert list(table_rows(page, "outcomes-table").values()) == [
        ["0", "0", "0", "1", "0"],
        ["0", "1", "0", "1", "0"],
    ]
    (synced,) = table_rows(page, "durations-table").values()
    assert synced == ["3", "300.00 USD", "1 s", "1 s"]
    assert page.count('<svg class="chart"') == 2
    assert "style=" not in page


def test_the_newest_gap_is_told(world: World, partner: Browser) -> None:
    assert "No stretch of time had to be looked through" in partner.get("/overview").text
    with world.context.database.writing() as session:
        gap = open_gap(session, world.source_id, GapKind.RECONNECT, world.clock.now(), world.clock.now())
        gap.new_count = 3
    assert "3 new payments, 0 changed, 0 deleted found so far." in partner.get("/overview").text


def test_many_that_need_a_person_are_counted_by_reason(world: World, partner: Browser, monkeypatch) -> None:
    monkeypatch.setattr("web.overview.ATTENTION_ROWS", 1)
    for number in range(2):
        invoice = world.invoice(f"INV-{number}", "200.00")
        world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 21))
        world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.notice()
    page = partner.get("/overview").text
    link = "/payments?status=needs_attention&amp;reason=twin_nearby"
    assert f'<a href="{link}"><b class="number">2</b>' in page
    assert "2 that need attention" in page
    assert partner.get(link.replace("&amp;", "&")).text.count('class="who-paid"') == 2


def test_another_organization_sees_nothing_of_it(world: World, app: FastAPI) -> None:
    pay_and_notice(world, "INV-1", "123.45")
    missing = world.invoice("INV-2", "77.77", in_connectwise=False)
    world.pay("77.77", (missing, "77.77"))
    world.notice()
    create_organization(world.context, "southwind", "Southwind MSP")
    stranger = logged_in(app, "books@southwind.example", "southwind")
    page = stranger.get("/overview").text
    assert figure(page, "Synced in the last 7 days (UTC)") == "0 Nothing yet."
    assert "123.45" not in page
    assert "77.77" not in page
    told = stranger.client.get("/api/overview", headers=make_token(world, "southwind")).json()
    assert told["synced_in_7_days"] == {"payments": 0, "sums": []}
    assert told["oldest_unsynced"] is None
    assert [one["state"] for one in told["checklist"]] == ["to_do", "to_do", "later", "to_do", "later"]


# --- the checklist ---


def states(page: str) -> list[str]:
    return re.findall(r'<h3>\d\. .*?</h3>\s*<span class="badge[^"]*">([^<]+)</span>', page)


def test_the_checklist_goes_step_by_step_and_away_after_the_first_synced_payment(
    world: World, partner: Browser
) -> None:
    assert states(partner.get("/overview").text) == ["Done", "Done", "To do", "Done", "Later"]
    page = partner.send("/overview/check", {"step": "connect_source"}).text
    assert "QuickBooks: the test succeeded." in page
    assert "ConnectWise: the test" not in page
    page = partner.send("/overview/check", {"step": "check_rights"}).text
    assert "ConnectWise: the test succeeded." in page
    assert states(page) == ["Done", "Done", "Done", "Done", "To do"]
    world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    assert "is being asked for payments now" in partner.send("/overview/look").text
    world.settle()
    page = partner.get("/overview").text
    assert states(page) == []
    assert "To the first synced payment" not in page


def test_a_missing_right_is_told_and_the_step_stays_to_do(world: World, partner: Browser) -> None:
    world.connectwise.set_permissions(edit=False)
    partner.get("/overview")
    page = partner.send("/overview/check", {"step": "check_rights"}).text
    assert "ConnectWise: the test failed." in page
    assert states(page)[2] == "To do"
    assert "ConnectWise has not confirmed our rights yet." in page


def test_a_test_that_fails_later_takes_the_rights_back(world: World, partner: Browser) -> None:
    partner.get("/overview")
    assert states(partner.send("/overview/check", {"step": "check_rights"}).text)[2] == "Done"
    world.connectwise.set_permissions(edit=False)
    partner.send("/overview/check", {"step": "connect_target"})
    assert states(partner.get("/overview").text)[2] == "To do"


def test_a_connection_that_was_cut_is_a_problem_with_a_way_back(world: World, partner: Browser) -> None:
    with world.context.database.writing() as session:
        session.get_one(Connection, world.source_id).status = "needs_reconnect"
    page = partner.get("/overview").text
    assert states(page) == ["Problem", "Done", "Later", "Done", "Later"]
    assert "Connect QuickBooks again</a>" in page


def test_without_a_connection_there_is_nothing_to_check_or_to_look_for(world: World, app: FastAPI) -> None:
    create_organization(world.context, "southwind", "Southwind MSP")
    stranger = logged_in(app, "books@southwind.example", "southwind")
    page = stranger.get("/overview").text
    assert states(page) == ["To do", "To do", "Later", "To do", "Later"]
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
    for address, form in (("/overview/check", {"step": "check_rights"}), ("/overview/look", {})):
        assert stranger.client.post(address, data={"csrf_token": token} | form).status_code == 404
    known = {"csrf_token": token, "step": "choose"}
    assert stranger.client.post("/overview/check", data=known).status_code == 404


def test_who_may_only_look_sees_the_steps_and_no_button(world: World, app: FastAPI) -> None:
    viewer = logged_in(app, "eyes@northwind.example", "northwind", UserRole.VIEWER)
    page = viewer.get("/overview").text
    assert states(page) == ["Done", "Done", "To do", "Done", "Later"]
    assert 'action="/overview/' not in page
    assert "An admin of your organization can do this." in page


def test_invoices_are_listed_with_origin_and_both_ids(world: World, partner: Browser) -> None:
    synced = world.invoice("INV-1001", origin=InvoiceOrigin.SYNC_TOOL)
    world.invoice("INV-1002", origin=InvoiceOrigin.PARTNER_DASHBOARD)
    world.pay("100.00", (synced, "100.00"))
    world.notice()

    page = partner.get("/invoices").text

    assert "Sync Tool" in page
    assert "Partner Dashboard" in page
    row = page.split("INV-1001")[0].rpartition('<a href="/invoices/')[2].split('"')[0]
    page = partner.get(f"/invoices/{row}").text
    assert f"<code>{synced.quickbooks_id}</code>" in page
    assert f"<code>{synced.connectwise_id}</code>" in page


def test_invoices_are_paged(world: World, partner: Browser, monkeypatch) -> None:
    monkeypatch.setattr("web.invoices.ROWS_PER_PAGE", 1)
    world.invoice("INV-1")
    world.invoice("INV-2")
    assert "/invoices?page=2" in partner.get("/invoices").text
    second = partner.get("/invoices?page=2").text
    assert "INV-2" in second
    assert "Next</a>" not in second
    assert "There are no more invoices." in partner.get("/invoices?page=3").text
    assert partner.get("/invoices?page=0").status_code == 400
