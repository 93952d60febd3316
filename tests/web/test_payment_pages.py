"""The payments as a bookkeeper sees them."""

from datetime import date

import pytest

from sandbox.faults import Fault
from tests.web.browser import Browser
from tests.world import BothInvoices, World


def test_a_synced_payment_is_in_the_list_with_its_amount_invoice_and_time(world: World, partner: Browser) -> None:
    invoice = world.invoice("INV-1001", "250.00")
    world.pay("250.00", (invoice, "250.00"), on="2026-11-20")
    world.notice()

    page = partner.get("/payments").text

    assert "INV-1001" in page
    assert "250.00 USD" in page
    assert "Nov 20, 2026" in page
    assert "The payment is on the ConnectWise invoice." in page
    assert "0.0 s" in page


def test_the_list_narrows_to_a_status(world: World, partner: Browser) -> None:
    synced, missing = world.invoice("INV-1001"), world.invoice("INV-1002", in_connectwise=False)
    world.pay("100.00", (synced, "100.00"))
    world.pay("60.00", (missing, "60.00"))
    world.notice()

    page = partner.get("/payments?status=waiting").text

    assert "INV-1002" in page
    assert "INV-1001" not in page
    assert "ConnectWise does not show us the invoice" in page


def test_a_status_that_does_not_exist_narrows_nothing(world: World, partner: Browser) -> None:
    world.pay("100.00", (world.invoice("INV-1001"), "100.00"))
    world.notice()
    assert "INV-1001" in partner.get("/payments?status=lost").text


def test_the_search_finds_by_invoice_number_and_says_when_nothing_matches(world: World, partner: Browser) -> None:
    world.pay("100.00", (world.invoice("INV-1001"), "100.00"))
    world.pay("70.00", (world.invoice("INV-2002"), "70.00"))
    world.notice()

    found = partner.get("/payments", params={"search": "inv-2002"}).text
    assert "INV-2002" in found
    assert "INV-1001" not in found
    assert "No payment matches" in partner.get("/payments", params={"search": "nobody"}).text


def test_a_search_with_a_nul_byte_or_a_percent_sign_is_just_a_search(partner: Browser) -> None:
    assert partner.get("/payments?search=%00%25'\"<b>").status_code == 200


def test_the_list_goes_on_with_older_payments(world: World, partner: Browser, monkeypatch) -> None:
    monkeypatch.setattr("web.payments.ROWS_PER_PAGE", 1)
    first = world.pay("10.00", (world.invoice("INV-1"), "10.00"))
    world.notice()
    second = world.pay("20.00", (world.invoice("INV-2"), "20.00"))
    world.notice()

    newest = partner.get("/payments").text
    assert f"/payments/{second}" in newest
    assert f"/payments/{first}" not in newest
    older_address = newest.split(">Next page</a>")[0].rpartition('href="')[2].rstrip('"').replace("&amp;", "&")
    older = partner.get(older_address).text
    assert f"/payments/{first}" in older
    assert f"/payments/{second}" not in older
    assert "To the first page" in older


def test_the_story_shows_both_values_of_every_field_and_marks_the_one_that_differs(
    world: World, partner: Browser
) -> None:
    invoice = world.invoice("INV-1001", "100.00", connectwise_total="90.00")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()

    page = partner.get(f"/payments/{payment}").text

    assert "The invoice total is not the same in QuickBooks and in ConnectWise." in page
    assert '<tr class="differs"><td>Total</td><td>100.00 USD</td><td>90.00 USD</td><td>differs</td></tr>' in page
    assert "<td>Number</td><td>INV-1001</td><td>INV-1001</td><td>identical</td>" in page
    assert "The next check is at" in page


def test_the_story_of_a_synced_payment_tells_events_attempts_and_the_connectwise_payment(
    world: World, partner: Browser
) -> None:
    invoice = world.invoice("INV-1001")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()

    page = partner.get(f"/payments/{payment}").text

    assert "Catch-up" in page
    assert f"on invoice {invoice.connectwise_id}" in page
    assert f"Payment {world.on(invoice)[0].id} on invoice" in page
    assert "created by us" in page
    assert 'data-label="Outcome">created' in page
    assert "Nothing; it is done." in page


def test_the_end_of_an_attempt_is_told_in_words(world: World, partner: Browser) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1001"), "100.00"))
    world.connectwise.faults.add(Fault("error", method="POST", path="/payments$", status=429))
    world.notice()

    page = partner.get(f"/payments/{payment}").text

    assert 'data-label="Outcome">too many calls, will be sent again' in page


def test_names_from_outside_are_shown_and_never_run(world: World, partner: Browser) -> None:
    world.customer_id = world.quickbooks.add_customer("<script>alert(1)</script> & Sons")
    payment = world.pay("100.00", (world.invoice("INV-1001", customer="x"), "100.00"))
    world.notice()

    for address in ("/overview", "/payments", f"/payments/{payment}", "/live/overview"):
        page = partner.get(address).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Sons" in page


def test_a_payment_held_for_a_similar_one_can_be_created_anyway(world: World, partner: Browser) -> None:
    invoice = world.invoice("INV-1001", "200.00")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 21))
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.notice()
    partner.get(f"/payments/{payment}")
    assert "Create anyway" in partner.page

    answer = partner.send(f"/payments/{payment}/retry")
    world.settle()

    assert answer.status_code == 200
    assert "The payment is being checked again" in answer.text
    assert world.amounts_on(invoice) == ["100.00", "100.00"]
    assert "The payment is on the ConnectWise invoice." in partner.get(f"/payments/{payment}").text


def test_a_waiting_payment_is_checked_again_when_somebody_asks(world: World, partner: Browser) -> None:
    invoice = world.invoice("INV-1001", in_connectwise=False)
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.connectwise.add_invoice("INV-1001", "100.00", company_name="Cascade Dental")

    partner.get(f"/payments/{payment}")
    assert "Check again now" in partner.page
    partner.send(f"/payments/{payment}/retry")
    world.settle()

    assert world.reason(payment) == "synced"


def test_create_anyway_where_nothing_is_held_says_so_and_changes_nothing(world: World, partner: Browser) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1001", in_connectwise=False), "100.00"))
    world.notice()
    partner.get(f"/payments/{payment}")

    answer = partner.send(f"/payments/{payment}/retry", {"create_anyway": "yes"})

    assert answer.status_code == 409
    assert "No part of this payment is held because of a similar payment" in answer.text


def test_a_payment_that_is_not_there_is_a_finished_page(partner: Browser) -> None:
    for address in ("/payments/424242", "/payments/%00", "/live/payments/424242"):
        answer = partner.get(address)
        assert answer.status_code == 404
        assert "This page does not exist" in answer.text


def beside_a_twin(world: World) -> tuple[BothInvoices, str, int]:
    invoice = world.invoice("INV-1001", "300.00")
    twin = world.connectwise.type_payment(
        invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 18), person="jane"
    )
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.notice()
    assert world.reason(payment) == "twin_nearby"
    return invoice, payment, twin


@pytest.mark.both_in_the_build
def test_the_twin_stands_on_the_page_and_is_linked_with_one_click(world: World, partner: Browser) -> None:
    invoice, payment, twin = beside_a_twin(world)
    partner.get(f"/payments/{payment}")
    for told in ("jane", f"It is the same money: link payment {twin}", "Create anyway"):
        assert told in partner.page

    partner.send(f"/payments/{payment}/link", {"to": str(twin)})
    world.settle()

    assert world.reason(payment) == "adopted"
    assert world.amounts_on(invoice) == ["100.00"]


def test_linking_what_was_not_seen_says_so_and_changes_nothing(world: World, partner: Browser) -> None:
    _, payment, _ = beside_a_twin(world)
    partner.get(f"/payments/{payment}")

    answer = partner.send(f"/payments/{payment}/link", {"to": "424242"})

    assert answer.status_code == 409
    assert "is not one of the payments that hold this one up" in answer.text


def test_a_retry_of_an_unchanged_case_says_when_it_was_looked_at(world: World, partner: Browser) -> None:
    _, payment, _ = beside_a_twin(world)
    partner.get(f"/payments/{payment}")
    assert "same result" not in partner.page
    partner.send(f"/payments/{payment}/retry", {"create_anyway": ""})
    world.settle()
    partner.get(f"/payments/{payment}")
    assert "same result" in partner.page


def test_the_page_shows_the_history_of_the_ledgers_rows(world: World, partner: Browser) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("50.00", (invoice, "50.00"))
    world.notice()
    world.quickbooks.edit_payment(payment, total="80.00", lines=[(invoice.quickbooks_id, "80.00")])
    world.notice()
    page = partner.get(f"/payments/{payment}").text
    history = page[page.index("</summary>", page.index("History in our ledger")) :]
    assert history.index("was entered for this part") < history.index("50.00 USD") < history.index("We corrected")
    assert history.index("We corrected") < history.index("80.00 USD")


def test_the_page_tells_what_was_known_at_a_moment(world: World, partner: Browser) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1", connectwise_total="90.00"), "100.00"))
    world.notice()
    page = partner.get(f"/payments/{payment}").text
    assert "What did we know then?" in page
    assert "History in our ledger" not in page
    moment = f"{world.clock.now():%Y-%m-%dT%H:%M:%S}"
    page = partner.get(f"/payments/{payment}?at={moment}").text
    assert "No payment in ConnectWise stood for it." in page
    assert "different: 100.00 in QuickBooks, 90.00 in ConnectWise" in page
    assert f'value="{moment}"' in page
    assert "Give the moment as a day and a time" in partner.get(f"/payments/{payment}?at=yesterday").text
    assert "in the future" in partner.get(f"/payments/{payment}?at=2999-01-01").text
