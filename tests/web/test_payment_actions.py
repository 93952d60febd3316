"""What a bookkeeper does about payments: on the page of one, and from the list about many."""

import csv
import io

from fastapi import FastAPI

from models.organizations import Organization
from tests.web.browser import Browser, forms_in, logged_in
from tests.web.conftest import PARTNER
from tests.world import World
from usecases.organizations import create_organization

CHOOSE, ACT = "/payments/choose?", "/payments/act?"


def held(world: World, number: str = "INV-1", amount: str = "100.00") -> str:
    payment = world.pay(amount, (world.invoice(number, amount, connectwise_total="90.00"), amount))
    world.notice()
    return payment


def synced(world: World, number: str = "INV-9") -> str:
    payment = world.pay("100.00", (world.invoice(number), "100.00"))
    world.notice()
    return payment


def rows_in(answer: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.removeprefix("\ufeff"))))


# --- one payment ---


def test_a_payment_is_dismissed_with_a_reason_that_others_read(world: World, partner: Browser) -> None:
    payment = held(world)
    partner.get(f"/payments/{payment}")
    page = partner.send(f"/payments/{payment}/act", {"what": "dismiss", "why": "entered by hand"}).text
    assert "The payment is dismissed" in page
    world.settle()
    page = partner.get(f"/payments/{payment}").text
    assert "A person dismissed this payment" in page
    assert f"{PARTNER}, " in page
    assert "“entered by hand”" in page
    assert "Sync it after all" in page


def test_a_dismissal_without_a_reason_is_asked_for_one(world: World, partner: Browser) -> None:
    payment = held(world)
    partner.get(f"/payments/{payment}")
    answer = partner.send(f"/payments/{payment}/act", {"what": "dismiss", "why": " "})
    assert answer.status_code == 422
    assert "Say in a few words why" in answer.text
    assert world.reason(payment) == "total_differs"


def test_taking_back_says_before_what_is_removed_and_removes_it(world: World, partner: Browser) -> None:
    payment = synced(world)
    page = partner.get(f"/payments/{payment}").text
    assert "ConnectWise payment " in page
    assert "of 100.00 USD, Nov 20, 2026, on invoice" in page
    partner.send(f"/payments/{payment}/act", {"what": "take_back"})
    world.settle()
    assert world.reason(payment) == "taken_back"
    partner.get(f"/payments/{payment}")
    partner.send(f"/payments/{payment}/act", {"what": "sync_after_all"})
    world.settle()
    assert world.reason(payment) == "synced"


def test_what_cannot_be_done_is_not_offered_and_is_refused_when_sent_all_the_same(
    world: World, partner: Browser
) -> None:
    payment = held(world)
    page = partner.get(f"/payments/{payment}").text
    assert "Take it back" not in page
    answer = partner.send(f"/payments/{payment}/act", {"what": "take_back"})
    assert answer.status_code == 409
    assert "We have entered nothing for it" in answer.text


# --- many ---


def test_many_are_shown_with_count_and_sum_before_anything_is_done(world: World, partner: Browser) -> None:
    payments = [held(world, f"INV-{number}") for number in range(3)]
    done = synced(world)
    partner.get("/payments")
    page = partner.send(CHOOSE, {"what": "dismiss", "which": "page"}).text
    assert "3 payments, together 300.00 USD" in page
    assert "1: It is synced, so there is nothing to dismiss." in page
    assert {world.reason(one) for one in payments} == {"total_differs"}
    listed = partner.send(ACT, {"why": "old cases"}).text
    assert "3 payments are dismissed." in listed
    world.settle()
    assert {world.reason(one) for one in payments} == {"dismissed"}
    assert world.reason(done) == "synced"


def test_only_what_is_ticked_is_meant(world: World, partner: Browser) -> None:
    first, second = held(world, "INV-1"), held(world, "INV-2")
    partner.get("/payments")
    page = partner.send(CHOOSE, {"what": "dismiss", "payment": first}).text
    assert "1 payment, together 100.00 USD" in page
    partner.send(ACT, {"why": "settled"})
    world.settle()
    assert (world.reason(first), world.reason(second)) == ("dismissed", "total_differs")


def test_all_that_match_means_the_filter_and_not_the_page(world: World, partner: Browser, monkeypatch) -> None:
    monkeypatch.setattr("web.payments.ROWS_PER_PAGE", 1)
    payments = [held(world, f"INV-{number}") for number in range(3)]
    other = held(world, "OTHER-1", "50.00")
    partner.get("/payments?status=needs_attention&invoice=inv")
    page = partner.send("/payments/choose?status=needs_attention&invoice=inv", {"what": "dismiss", "which": "all"}).text
    assert "3 payments, together 300.00 USD" in page
    assert partner.send("/payments/act?status=needs_attention&invoice=inv", {"why": "settled"}).status_code == 200
    world.settle()
    assert {world.reason(one) for one in payments} == {"dismissed"}
    assert world.reason(other) == "total_differs"


def test_nothing_ticked_is_said_and_the_list_stays(world: World, partner: Browser) -> None:
    held(world)
    partner.get("/payments")
    answer = partner.send(CHOOSE, {"what": "retry"})
    assert answer.status_code == 422
    assert "Tick at least one payment" in answer.text


def test_a_dismissal_of_many_without_a_reason_keeps_what_was_chosen(world: World, partner: Browser) -> None:
    held(world)
    partner.get("/payments")
    partner.send(CHOOSE, {"what": "dismiss", "which": "page"})
    answer = partner.send(ACT, {"why": ""})
    assert answer.status_code == 422
    assert "Say in a few words why" in answer.text
    assert "1 payment, together 100.00 USD" in answer.text
    assert "1 payment is dismissed." in partner.send(ACT, {"why": "settled"}).text


def test_what_changed_between_preview_and_act_is_left_alone_and_counted(world: World, partner: Browser) -> None:
    first, second = held(world, "INV-1"), held(world, "INV-2")
    partner.get("/payments")
    preview = partner.send(CHOOSE, {"what": "dismiss", "which": "page"}).text
    world.connectwise.edit_invoice(_invoice_of(world, "INV-1"), total="100.00")
    world.later(hours=2)
    assert world.reason(first) == "synced"
    partner.page = preview
    page = partner.send(ACT, {"why": "settled"}).text
    assert "1 payment is dismissed. 1 could not be, because they have changed since you looked." in page
    world.settle()
    assert (world.reason(first), world.reason(second)) == ("synced", "dismissed")


def _invoice_of(world: World, number: str) -> int:
    return next(one.id for one in world.connectwise.invoices() if one.number == number)


# --- the list ---


def test_filters_stay_in_the_address_and_in_the_form(world: World, partner: Browser) -> None:
    held(world)
    page = partner.get("/payments?customer=cascade&amount=100&since=2026-11-01&order=largest&reason=total_differs").text
    assert 'value="cascade"' in page
    assert 'value="2026-11-01"' in page
    assert '<option value="total_differs" selected>' in page
    assert "customer=cascade&amp;amount=100&amp;since=2026-11-01&amp;order=largest" in page
    assert "No payment matches" in partner.get("/payments?amount=99").text
    assert "Not an amount, so it filters nothing." in partner.get("/payments?amount=lots").text


def test_the_table_has_what_is_filtered_and_no_formula(world: World, partner: Browser) -> None:
    payment = held(world)
    synced(world)
    (row,) = rows_in(partner.get("/payments.csv?status=needs_attention").text)
    assert (row["QuickBooks id"], row["Amount"], row["Currency"], row["Invoices"]) == (
        payment,
        "100.00",
        "USD",
        "INV-1",
    )
    assert row["Why"] == "The invoice total is not the same in QuickBooks and in ConnectWise."
    assert len(rows_in(partner.get("/payments.csv").text)) == 2
    world.pay("5.00", reference="=1+1")
    world.notice()
    assert rows_in(partner.get("/payments.csv?amount=5").text)[0]["Reference"] == "'=1+1"


def test_numbers_by_reason_lead_to_their_lists(world: World, partner: Browser) -> None:
    held(world)
    world.pay("100.00", (world.invoice("INV-2", customer="Somebody Else"), "100.00"))
    world.notice()
    page = partner.get("/payments?status=needs_attention").text
    assert "/payments?status=needs_attention&amp;reason=customer_differs" in page
    assert "INV-2" in partner.get("/payments?status=needs_attention&reason=customer_differs").text
    assert "INV-1" not in partner.get("/live/payments?status=needs_attention&reason=customer_differs").text


# --- nobody else's ---


def test_another_organizations_payments_are_not_touched(world: World, app: FastAPI) -> None:
    assert isinstance(create_organization(world.context, "contoso", "Contoso IT"), Organization)
    payment = held(world)
    stranger = logged_in(app, "books@contoso.example", "contoso")
    token = forms_in(stranger.get("/integrations/preferences").text)[-1].fields["csrf_token"]
    form = {"csrf_token": token, "what": "dismiss", "why": "mine", "payments": payment, "payment": payment}
    assert stranger.client.post(f"/payments/{payment}/act", data=form).status_code == 404
    assert "There are no such payments." in stranger.client.post("/payments/choose", data=form).text
    assert "There are no such payments." in stranger.client.post("/payments/act", data=form).text
    assert rows_in(stranger.get("/payments.csv").text) == []
    world.settle()
    assert world.reason(payment) == "total_differs"


def test_a_program_previews_and_acts(world: World, partner: Browser, token: dict[str, str]) -> None:
    payment, done = held(world), synced(world)
    wanted = {"action": "dismiss", "payments": [payment, done], "why": "settled", "preview": True}
    preview = partner.client.post("/api/payment-actions", json=wanted, headers=token).json()
    assert (preview["possible"], preview["refused"]) == (1, 1)
    assert preview["sums"] == [{"amount": "100.00", "currency": "USD"}]
    assert world.reason(payment) == "total_differs"
    answer = partner.client.post("/api/payment-actions", json=wanted | {"preview": False}, headers=token)
    assert answer.json() == preview
    world.settle()
    assert world.reason(payment) == "dismissed"
    refused = partner.client.post("/api/payment-actions", json=wanted | {"why": "", "preview": False}, headers=token)
    assert refused.status_code == 409
    listed = partner.client.get("/api/payments?reason=dismissed&amount=100&customer=cascade", headers=token).json()
    assert [one["id"] for one in listed["payments"]] == [payment]
