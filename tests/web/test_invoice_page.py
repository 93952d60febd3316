"""One invoice's page: what is stored is shown without a call; a person has both systems read, and sees the result."""

from decimal import Decimal

import pytest

from models.invoices import Invoice
from sandbox.faults import Fault
from tests.copying import set_up
from tests.models.rows import NOW, add_books
from tests.web.browser import Browser, forms_in
from tests.world import BothInvoices, World
from web.call_semaphores import CALL_SLOTS


def record_with_number(world: World, number: str) -> int:
    with world.context.database.reading() as session:
        return session.query(Invoice).filter_by(organization_id=world.organization_id, number=number).one().id


def address_of(world: World, invoice: BothInvoices) -> str:
    return f"/invoices/{record_with_number(world, invoice.number)}"


def read(partner: Browser, address: str) -> str:
    partner.get(address)
    return partner.send(f"{address}/read").text


def test_before_the_first_reading_what_we_have_heard_of_is_shown(world: World, partner: Browser) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    calls = world.quickbooks.calls.total, world.connectwise.calls.total
    page = partner.get(address_of(world, invoice)).text
    assert "Both systems have not been read for this invoice yet." in page
    assert "Not compared yet" in page
    assert f"Payment {payment}" in page
    assert "The payment is on the ConnectWise invoice." in page
    assert (world.quickbooks.calls.total, world.connectwise.calls.total) == calls


def test_reading_shows_both_sides_and_the_moment(world: World, partner: Browser) -> None:
    invoice = world.invoice("INV-1")
    world.pay("40.00", (invoice, "40.00"), reference="CHK-7")
    world.notice()
    address = address_of(world, invoice)
    page = read(partner, address)
    assert "Both systems agree to the cent." in page
    assert "Same in both" in page
    assert page.count("40.00 USD") >= 4
    assert "reference CHK-7" in page
    assert "Entered by API1: created by us" in page
    assert page.count("Read ") >= 2
    # The same page again shows the same without another call.
    calls = world.quickbooks.calls.total, world.connectwise.calls.total
    assert "Both systems agree to the cent." in partner.get(address).text
    assert (world.quickbooks.calls.total, world.connectwise.calls.total) == calls


def test_a_payment_typed_into_connectwise_is_shown_with_the_person_and_the_difference(
    world: World, partner: Browser
) -> None:
    invoice = world.invoice("INV-1")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "25.00", person="dana")
    page = read(partner, address_of(world, invoice))
    assert "They differ: the balance in QuickBooks is 25.00 USD higher than in ConnectWise." in page
    assert "Only in ConnectWise" in page
    assert "Entered by dana" in page
    assert "differs by 25.00 USD" in page


def test_a_credit_memo_is_named(world: World, partner: Browser) -> None:
    invoice = world.invoice("INV-1")
    world.quickbooks.apply_credit_memo(invoice.quickbooks_id, "15.00")
    page = read(partner, address_of(world, invoice))
    assert "From credit memo" in page
    assert "Credit in QuickBooks only" in page
    assert "Credits applied" in page


def test_a_held_payment_has_the_decisions_sentence_and_a_link_to_its_story(world: World, partner: Browser) -> None:
    invoice = world.invoice("INV-1", connectwise_total="99.00")
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    page = read(partner, address_of(world, invoice))
    assert "The invoice total is not the same in QuickBooks and in ConnectWise." in page
    assert f'href="/payments/{payment}"' in page
    assert "Invoice total" in page


def test_the_platforms_own_payment_is_marked_as_such(world: World, partner: Browser) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("40.00", (invoice, "40.00"))
    world.is_own(payment)
    world.notice()
    assert "Made by this platform." in read(partner, address_of(world, invoice))


def test_a_system_that_does_not_answer_is_named_and_the_other_side_is_shown(world: World, partner: Browser) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    world.connectwise.faults.add(Fault(kind="error", status=503, path=r"/finance/invoices", times=None))
    page = read(partner, address_of(world, invoice))
    assert "It cannot be told: ConnectWise did not answer." in page
    assert f"Payment {payment}" in page
    assert "By our records: created by us." in page
    assert "not read" in page


def test_a_deleted_invoice_is_said_to_be_gone(world: World, partner: Browser) -> None:
    invoice = world.invoice("INV-1")
    world.quickbooks.delete_invoice(invoice.quickbooks_id)
    assert "The invoice no longer exists in QuickBooks." in read(partner, address_of(world, invoice))


def test_news_after_the_reading_makes_it_old(world: World, partner: Browser) -> None:
    invoice = world.invoice("INV-1")
    address = address_of(world, invoice)
    assert "We have heard of a change since then." not in read(partner, address)
    world.pay("40.00", (invoice, "40.00"))
    world.notice()
    assert "We have heard of a change since then." in partner.get(address).text
    assert "We have heard of a change since then." not in read(partner, address)


def test_a_payments_page_leads_to_the_invoice(world: World, partner: Browser) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    assert f'href="{address_of(world, invoice)}"' in partner.get(f"/payments/{payment}").text


def test_the_sync_tools_page_leads_to_the_invoice_and_back(world: World, partner: Browser) -> None:
    tool = set_up(world)
    tool.bill("1001", "80.00")
    tool.copy("1001")
    address = f"/invoices/{record_with_number(world, '1001')}"
    sync_page = f"/sync-invoices/invoices/{tool.row('1001').id}"
    assert f'href="{address}"' in partner.get(sync_page).text
    assert f'href="{sync_page}"' in partner.get(address).text
    world.choose(sync_tool_enabled=False)
    assert f'href="{sync_page}"' not in partner.get(address).text


def test_the_fragment_has_the_same_and_no_frame(world: World, partner: Browser) -> None:
    invoice = world.invoice("INV-1")
    address = address_of(world, invoice)
    read(partner, address)
    fragment = partner.get(f"/live{address}").text
    assert "<html" not in fragment
    assert "Both systems agree to the cent." in fragment


@pytest.mark.parametrize("strange", ["9999", "0", "abc", str(2**63)])
def test_an_invoice_that_is_not_in_the_list_is_not_found(world: World, partner: Browser, strange: str) -> None:
    assert partner.get(f"/invoices/{strange}").status_code in (400, 404)


def test_another_organizations_invoice_is_not_found_and_not_read(world: World, partner: Browser) -> None:
    books = add_books(world.context.database, "elsewhere")
    with world.context.database.writing() as session:
        theirs = Invoice(
            organization_id=books.organization_id,
            number="X-1",
            origin="matched",
            total=Decimal(1),
            currency="USD",
            customer="",
            updated_at=NOW,
        )
        session.add(theirs)
        session.flush()
        address = f"/invoices/{theirs.id}"
    token = {"csrf_token": csrf_of(world, partner)}
    for answer in (partner.get(address), partner.get(f"/live{address}")):
        assert answer.status_code == 404
    assert partner.client.post(f"{address}/read", data=token).status_code == 404
    assert (world.quickbooks.calls.total, world.connectwise.calls.total) == (0, 0)
    assert partner.get("/invoices").text.count("X-1") == 0


def csrf_of(world: World, partner: Browser) -> str:
    partner.get("/invoices")
    return next(form.fields["csrf_token"] for form in forms_in(partner.page) if form.action == "/invoices/look-up")


def test_a_form_without_its_token_reads_nothing(world: World, partner: Browser) -> None:
    address = address_of(world, world.invoice("INV-1"))
    assert partner.client.post(f"{address}/read").status_code == 403
    assert partner.client.post(f"{address}/read", data={"csrf_token": "x"}).status_code == 403
    assert world.quickbooks.calls.total == 0


def test_reading_needs_a_login(world: World, anybody: Browser) -> None:
    address = address_of(world, world.invoice("INV-1"))
    assert anybody.get(address, follow_redirects=False).status_code == 303
    assert anybody.client.post(f"{address}/read", follow_redirects=False).status_code in (303, 403)
    assert world.quickbooks.calls.total == 0


def test_when_all_slots_are_taken_the_page_says_try_again(app, world: World, partner: Browser) -> None:
    address = address_of(world, world.invoice("INV-1"))
    partner.get(address)
    for _ in range(CALL_SLOTS):
        app.state.call_semaphore.acquire(blocking=False)
    answer = partner.send(f"{address}/read")
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert "Other look-ups are running right now." in answer.text
