"""Sync Invoices > Invoices: what is listed, what is filtered, what is chosen, and the first opening."""

from datetime import date, timedelta

import pytest

from models.billed_lists import billed_list_of
from tests.copying import Tool, set_up
from tests.web.browser import Browser
from tests.web.sync_tool import LIST, copied, press, words_on
from tests.world import World


@pytest.fixture
def tool(world: World) -> Tool:
    return set_up(world)


def test_opening_the_page_has_the_list_read(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1", "1250.50")
    page = words_on(partner.get(LIST).text)
    assert "The list is being read from ConnectWise." in page
    assert "The first list has not been read to its end yet." in page
    tool.world.settle()
    page = words_on(partner.get(LIST).text)
    assert "1 invoice that no accounting batch holds" in page
    assert "CW-1" in page
    assert "1 invoice, together 1,250.50 USD" in page
    assert "Not copied yet" in page


def test_a_fresh_list_is_not_read_again_and_an_old_one_is(tool: Tool, partner: Browser) -> None:
    tool.refresh()
    assert "The list is being read" not in words_on(partner.get(LIST).text)
    tool.world.clock.move(minutes=6)
    assert "The list is being read" in words_on(partner.get(LIST).text)


def test_refresh_reads_it_at_once(tool: Tool, partner: Browser) -> None:
    tool.refresh()
    tool.bill("CW-1")
    tool.world.clock.move(seconds=1)
    partner.get(LIST)
    assert "The list is being read again from ConnectWise." in words_on(partner.send("/sync-invoices/refresh").text)
    tool.world.settle()
    assert "CW-1" in partner.get(LIST).text


def test_a_list_that_cannot_be_read_says_why(tool: Tool, partner: Browser) -> None:
    tool.refresh()
    with tool.world.context.database.writing() as session:
        row = billed_list_of(session, tool.world.target_id)
        assert row is not None
        row.failure, row.unreadable = "ConnectWise: no right to read it", [["CW-9", "the total is no number"]]
    page = words_on(partner.get(LIST).text)
    assert "The list could not be read to its end. ConnectWise: no right to read it" in page
    assert "1 invoice could not be read and is not listed" in page
    assert "CW-9 : the total is no number" in page


def test_filters_narrow_the_list_its_counts_and_its_sums(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1", "100.00", invoice_date=date(2026, 10, 1), location="Leeds")
    tool.bill("CW-2", "20.00", company_identifier="Dune", company_name="Dune Cafe", currency="EUR")
    tool.bill("CW-3", "7.00", invoice_type="Agreement")
    tool.refresh()
    assert "3 invoices, together" in words_on(partner.get(LIST).text)
    for query, only in (
        ("customer=dune", "CW-2"),
        ("until=2026-10-31", "CW-1"),
        ("location=Leeds", "CW-1"),
        ("kind=agreement", "CW-3"),
        ("search=20.00", "CW-2"),
        ("search=cw-3", "CW-3"),
    ):
        page = partner.get(f"{LIST}?{query}").text
        shown = [number for number in ("CW-1", "CW-2", "CW-3") if f">{number}</a>" in page]
        assert shown == [only], query
        assert "1 invoice matches, together" in words_on(page), query
    assert "together 20.00 EUR" in words_on(partner.get(f"{LIST}?customer=dune").text)
    assert "No invoice matches." in words_on(partner.get(f"{LIST}?search=nothing").text)


def test_what_cannot_be_read_in_the_address_filters_nothing(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1")
    tool.refresh()
    assert "CW-1" in partner.get(f"{LIST}?since=yesterday&kind=song&state=lost&search=%00").text


def test_pages_follow_each_other(tool: Tool, partner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.sync_invoices.ROWS_PER_PAGE", 2)
    for day in range(1, 6):
        tool.bill(f"CW-{day}", invoice_date=date(2026, 11, day))
    tool.refresh()
    seen, address = [], LIST
    while address:
        page = partner.get(address).text
        seen += [f"CW-{day}" for day in range(5, 0, -1) if f">CW-{day}</a>" in page]
        older = [part.split('"')[0] for part in page.split('href="') if ">Older</a>" in part[:200]]
        address = older[0].replace("&amp;", "&") if older else ""
    assert seen == ["CW-5", "CW-4", "CW-3", "CW-2", "CW-1"]


def test_what_is_held_is_told_with_its_reason_and_advice(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1")
    address = copied(partner, tool, "CW-1")
    assert "Everything went through." in words_on(partner.get(address).text)
    page = words_on(partner.get(f"{LIST}?state=copied").text)
    assert "CW-1" in page
    assert "Take back" in page
    assert "Preview copying" not in page
    tool.world.connectwise.unbatch_invoice(tool.ids["CW-1"])
    tool.refresh()
    page = words_on(partner.get(f"{LIST}?state=changed").text)
    assert "The invoice was taken out of its batch in ConnectWise after it had been copied." in page
    assert "Update the copy in QuickBooks, or leave it as it is." in page
    assert "Update in QuickBooks" in page
    assert "Leave as it is" in page


@pytest.mark.parametrize(("what", "title"), [("copy", "Copy to QuickBooks"), ("mark", "Mark as present in QuickBooks")])
def test_all_that_match_go_into_one_run(tool: Tool, partner: Browser, what: str, title: str) -> None:
    for number in ("CW-1", "CW-2", "DX-3"):
        tool.bill(number)
    tool.refresh()
    partner.get(f"{LIST}?search=CW")
    address = press(partner, tool, what, which="all")
    assert f"{title}: 2 invoices" in words_on(partner.get(address).text)


def test_all_on_the_page_are_those_that_it_showed(
    tool: Tool, partner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.sync_invoices.ROWS_PER_PAGE", 2)
    for number in ("CW-1", "CW-2", "CW-3"):
        tool.bill(number)
    tool.refresh()
    partner.get(LIST)
    assert "2 invoices" in words_on(partner.get(press(partner, tool, "copy", which="page")).text)


def test_trying_one_takes_one(tool: Tool, partner: Browser) -> None:
    for number in ("CW-1", "CW-2"):
        tool.bill(number)
    tool.refresh()
    partner.get(LIST)
    assert "Copy to QuickBooks: 1 invoice" in words_on(partner.get(press(partner, tool, "try_one", which="all")).text)


def test_nothing_chosen_is_said(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1")
    tool.refresh()
    partner.get(LIST)
    answer = partner.send("/sync-invoices/start?", {"what": "copy"})
    assert answer.status_code == 422
    assert "Tick the invoices first, or choose all that match." in words_on(answer.text)


def test_the_first_opening_offers_a_start_date_and_marks_what_is_older(tool: Tool, partner: Browser) -> None:
    today = tool.world.clock.now().date()
    tool.bill("CW-OLD", "70.00", invoice_date=today - timedelta(days=90))
    tool.bill("CW-NEW", "30.00", invoice_date=today)
    tool.refresh()
    page = words_on(partner.get(LIST).text)
    assert "Before you copy the first invoice" in page
    assert "Marking never creates anything in QuickBooks" in page
    start = (today - timedelta(days=30)).isoformat()
    answer = partner.send("/sync-invoices/begin", {"start_on": start, "mark_older": "yes"})
    tool.world.settle()
    page = words_on(partner.get(answer.url.path).text)
    assert "Mark as present in QuickBooks: 1 invoice" in page
    assert "Ready 1 invoice, 70.00 USD" in page
    assert "Nothing is created in QuickBooks." in page
    assert tool.state("CW-OLD") == "available"

    partner.send(f"{answer.url.path}/confirm")
    tool.world.settle()
    assert (tool.state("CW-OLD"), tool.state("CW-NEW")) == ("present", "available")
    assert tool.in_books("CW-OLD") == []
    assert "Before you copy the first invoice" not in partner.get(LIST).text


def test_the_start_date_alone_marks_nothing(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-OLD", invoice_date=date(2020, 1, 1))
    tool.refresh()
    partner.get(LIST)
    page = words_on(partner.send("/sync-invoices/begin", {"start_on": "2026-01-01"}).text)
    assert "The start date is saved. Older invoices are not copied." in page
    assert "Before you copy the first invoice" not in page
    tool.world.settle()
    assert tool.state("CW-OLD") == "available"


def test_without_a_connection_it_says_so(tool: Tool, partner: Browser) -> None:
    partner.get("/integrations")
    partner.send("/integrations/connections/target/disconnect")
    assert "ConnectWise is not connected. Connect it under Integrations." in words_on(partner.get(LIST).text)
