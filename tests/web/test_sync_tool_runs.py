"""A run on its page: the preview, the word that does it, the bar, the end; then history and the table to save."""

import csv
import io

import pytest

from tests.copying import Tool, set_up
from tests.web.browser import Browser
from tests.web.sync_tool import HISTORY, LIST, copied, press, previewed, words_on
from tests.world import World


@pytest.fixture
def tool(world: World) -> Tool:
    return set_up(world)


def checked(partner: Browser, tool: Tool, *numbers: str, what: str = "copy") -> str:
    tool.refresh()
    partner.get(LIST)
    return press(partner, tool, what, *numbers)


def test_while_it_is_checked_the_page_shows_how_far_it_is(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1")
    tool.refresh()
    partner.get(LIST)
    answer = partner.send("/sync-invoices/start?", {"what": "copy", "which": "all"})
    page = words_on(answer.text)
    assert "0 of 1 invoice checked; nothing is written meanwhile" in page
    assert "Sync 1 invoice" not in page
    assert f'data-live="/live{answer.url.path}"' in answer.text
    tool.world.settle()
    assert "Preview" in words_on(partner.get(f"/live{answer.url.path}").text)


def test_customers_that_are_not_chosen_are_the_first_thing_it_says(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1")
    page = partner.get(checked(partner, tool, "CW-1")).text
    assert "It has not been chosen yet which customer in QuickBooks this company is." in words_on(page)
    assert 'href="/sync-invoices/customers"' in page
    assert "None of the invoices can be done as things are." in words_on(page)
    assert tool.in_books("CW-1") == []


def test_proposals_are_offered_only_while_there_are_any(tool: Tool, partner: Browser) -> None:
    tool.world.quickbooks.add_name_owner("vendor", "Dune Cafe")
    tool.bill("CW-1", company_identifier="Dune", company_name="Dune Cafe")
    page = words_on(partner.get(checked(partner, tool, "CW-1")).text)
    assert "Choose customers" in page
    assert "Use the proposed customers" not in page


def test_the_preview_shows_both_totals_the_customer_and_the_lines(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1", "108.00", sales_tax="8.00")
    tool.bill("CW-2", company_identifier="Dune", company_name="Dune Cafe")
    address = previewed(partner, tool, "CW-1", "CW-2")
    page = words_on(partner.get(address).text)
    assert "Ready 2 invoices, 208.00 USD" in page
    assert "108.00 USD 108.00 USD" in page
    assert "For the customer Cascade Dental" in page
    assert "tax 8.00 USD" in page
    assert "Nothing has been written so far." in page
    assert "Sync 2 invoices" in page
    assert tool.in_books("CW-1") == []


def test_an_identical_invoice_is_taken_as_the_copy(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1")
    tool.world.quickbooks.add_invoice(tool.world.customer_id, "100.00", "CW-1")
    page = words_on(partner.get(previewed(partner, tool, "CW-1")).text)
    assert "An identical invoice is in QuickBooks already" in page
    assert "It is taken as the copy; nothing is created." in page


def test_one_word_copies_them_and_the_end_names_the_copies(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1")
    address = previewed(partner, tool, "CW-1")
    page = words_on(partner.send(f"{address}/confirm").text)
    assert "At work" in page
    assert "0 of 1 invoice finished" in page
    tool.world.settle()
    page = words_on(partner.get(address).text)
    assert "Everything went through." in page
    assert f"QuickBooks id {tool.in_books('CW-1')[0].id}" in page
    assert tool.totals("CW-1") == ["100.00"]
    assert partner.get(f"{address}").status_code == 200
    twice = partner.client.post(f"{address}/confirm", data={"csrf_token": token_on(partner)})
    assert (twice.status_code, "This run is over." in twice.text) == (409, True)
    assert tool.totals("CW-1") == ["100.00"]


def token_on(browser: Browser) -> str:
    return browser.page.split('name="csrf_token" value="')[1].split('"')[0]


def test_what_is_left_out_is_not_copied(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1")
    tool.bill("CW-2")
    address = previewed(partner, tool, "CW-1", "CW-2")
    run_id = int(address.rsplit("/", 1)[1])
    item = tool.items(run_id)["CW-2"].id
    page = words_on(partner.send(f"{address}/leave-out", {"invoice": str(item)}).text)
    assert "Left out 1 invoice" in page
    partner.send(f"{address}/confirm")
    tool.world.settle()
    assert (tool.state("CW-1"), tool.state("CW-2")) == ("copied", "available")


def test_leaving_out_nothing_is_said(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1")
    address = previewed(partner, tool, "CW-1")
    answer = partner.send(f"{address}/leave-out")
    assert (answer.status_code, "Tick the invoices that are to be left out." in answer.text) == (409, True)


def test_stopping_before_the_word_does_nothing(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1")
    address = previewed(partner, tool, "CW-1")
    assert "Stopped" in words_on(partner.send(f"{address}/stop").text)
    tool.world.settle()
    assert (tool.state("CW-1"), tool.in_books("CW-1")) == ("available", [])


def test_checking_again_sees_what_was_put_right(tool: Tool, partner: Browser) -> None:
    tool.choose(zero_totals=False)
    tool.bill("CW-1", "0.00")
    address = previewed_problem(partner, tool, "CW-1")
    assert "The invoice comes to nothing." in words_on(partner.page)
    assert "/sync-invoices/preferences#sync-tool" in partner.page
    tool.choose(zero_totals=True)
    partner.send(f"{address}/check-again")
    tool.world.settle()
    assert "The invoice comes to nothing." not in words_on(partner.get(address).text)


def previewed_problem(partner: Browser, tool: Tool, number: str) -> str:
    address = checked(partner, tool, number)
    partner.get(address)
    return address


def test_what_was_held_is_tried_again_in_a_run_of_its_own(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1")
    address = previewed(partner, tool, "CW-1")
    tool.world.quickbooks.set_preferences(custom_numbers=False)
    tool.world.clock.move(minutes=11)
    partner.send(f"{address}/confirm")
    tool.world.settle()
    page = words_on(partner.get(address).text)
    assert "QuickBooks numbers invoices by itself" in page
    assert "switch on custom transaction numbers" in page
    tool.world.quickbooks.set_preferences(custom_numbers=True)
    tool.world.clock.move(minutes=11)
    again = partner.send(f"{address}/retry")
    assert again.url.path != address
    tool.world.settle()
    assert "Everything went through." in words_on(partner.get(again.url.path).text)


def test_taking_back_says_what_is_deleted(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1")
    copied(partner, tool, "CW-1")
    partner.get(f"{LIST}?state=copied")
    address = press(partner, tool, "take_back", "CW-1")
    page = words_on(partner.get(address).text)
    assert "Our copies are deleted in QuickBooks" in page
    assert "Take back 1 invoice" in page
    partner.send(f"{address}/confirm")
    tool.world.settle()
    assert (tool.state("CW-1"), tool.in_books("CW-1")) == ("available", [])


def test_the_list_of_a_run_can_be_narrowed(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1")
    tool.bill("CM-2", "10.00", invoice_type="CreditMemo")
    address = previewed(partner, tool, "CW-1", "CM-2")
    problems = partner.get(f"{address}?show=problem").text
    assert ">CM-2</a>" in problems
    assert ">CW-1</a>" not in problems
    assert "the Sync Tool copies invoices only" in words_on(problems)


# --- history ---


def test_history_lists_the_runs_and_what_came_of_them(tool: Tool, partner: Browser) -> None:
    assert "Nothing has been asked for yet." in words_on(partner.get(HISTORY).text)
    tool.bill("CW-1")
    address = copied(partner, tool, "CW-1")
    page = partner.get(HISTORY).text
    assert f'href="{address}"' in page
    assert "books@northwind.example Copy to QuickBooks Done 1 Done: 1" in words_on(page)


def test_history_has_pages(tool: Tool, partner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.sync_history.RUNS_PER_PAGE", 1)
    tool.bill("CW-1")
    tool.bill("CW-2")
    first, second = checked(partner, tool, "CW-1"), checked(partner, tool, "CW-2")
    assert f'href="{second}"' in partner.get(HISTORY).text
    assert f'href="{first}"' not in partner.page
    before = second.rsplit("/", 1)[1]
    assert f'href="{first}"' in partner.get(f"{HISTORY}?before={before}").text


def test_a_run_is_saved_as_a_table_without_formulas(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1", "12.50", company_name="=1+2")
    address = copied(partner, tool, "CW-1")
    answer = partner.client.get(f"{address}.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["Invoice"], row["Total in ConnectWise"], row["Result"]) == ("CW-1", "12.50", "Done")
    assert row["Customer"] == "'=1+2"
    assert row["ConnectWise id"] == str(tool.ids["CW-1"])
    assert row["QuickBooks id"] == tool.in_books("CW-1")[0].id


def test_an_invoice_tells_its_whole_story(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1")
    copied(partner, tool, "CW-1")
    address = f"/sync-invoices/invoices/{tool.row('CW-1').id}"
    page = words_on(partner.get(address).text)
    assert f"ConnectWise id {tool.ids['CW-1']}" in page
    assert f"QuickBooks id {tool.in_books('CW-1')[0].id}" in page
    assert tool.batches("CW-1")[0] in page
    assert "Create the invoice in QuickBooks done" in page
    assert "Put it into a batch in ConnectWise done" in page
    assert "Total 100.00 USD 100.00 USD identical" in page
    answer = partner.send(address, {"what": "take_back"})
    assert answer.url.path.startswith("/sync-invoices/runs/")


def test_a_change_after_the_copy_shows_both_values(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1")
    copied(partner, tool, "CW-1")
    tool.world.connectwise.edit_after_close(tool.ids["CW-1"], total="120.00")
    tool.refresh()
    page = words_on(partner.get(f"/sync-invoices/invoices/{tool.row('CW-1').id}").text)
    assert "Total 120.00 USD 100.00 USD differs" in page
    assert "Update in QuickBooks" in page


def test_an_action_that_makes_no_sense_now_is_refused(tool: Tool, partner: Browser) -> None:
    tool.bill("CW-1")
    tool.refresh()
    address = f"/sync-invoices/invoices/{tool.row('CW-1').id}"
    partner.get(address)
    answer = partner.send(address, {"what": "take_back"})
    assert (answer.status_code, "None of these invoices can be chosen" in answer.text) == (409, True)
