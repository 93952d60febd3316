"""The list of invoices: by outcome, balance, origin and customer, in an order, page by page, all in the address."""

import pytest

from domain.comparing.outcomes import InvoiceOrder, Outcome, Owed
from domain.preferences import InvoiceOrigin
from models.invoices import Invoice
from tests.web.browser import Browser
from tests.world import World
from usecases.reading_invoices import read_invoice_in_both
from web.invoices import ROWS_PER_PAGE


def id_of(world: World, number: str) -> int:
    with world.context.database.reading() as session:
        return session.query(Invoice).filter_by(number=number).one().id


def read(world: World, number: str) -> None:
    read_invoice_in_both(world.context, world.organization_id, id_of(world, number))


@pytest.fixture(scope="module")
def various(shared_world: World) -> World:
    """INV-1 is paid and agrees; INV-2 is open and differs; nothing was ever heard of INV-3."""
    world = shared_world
    paid, open_ = world.invoice("INV-1"), world.invoice("INV-2", "70.00", origin=InvoiceOrigin.PARTNER_DASHBOARD)
    world.pay("100.00", (paid, "100.00"))
    world.pay("20.00", (open_, "20.00"))
    world.notice()
    world.invoice("INV-3", "30.00", origin=InvoiceOrigin.MATCHED)
    world.connectwise.type_payment(open_.connectwise_id or 0, "5.00")
    for number in ("INV-1", "INV-2"):
        read(world, number)
    return world


def shown(page: str) -> list[str]:
    return [number for number in ("INV-1", "INV-2", "INV-3") if f">{number}<" in page]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["INV-1", "INV-2", "INV-3"]),
        ("?state=agrees", ["INV-1"]),
        ("?state=differs", ["INV-2"]),
        ("?state=unknown", []),
        ("?state=not_compared", ["INV-3"]),
        ("?balance=paid", ["INV-1"]),
        ("?balance=open", ["INV-2"]),
        ("?balance=unknown", ["INV-3"]),
        ("?balance=deleted", []),
        ("?origin=partner_dashboard", ["INV-2"]),
        ("?origin=matched", ["INV-3"]),
        ("?search=inv-2", ["INV-2"]),
        ("?search=NV", ["INV-1", "INV-2", "INV-3"]),
        ("?customer=cascade", ["INV-1", "INV-2", "INV-3"]),
        ("?customer=nobody", []),
        ("?state=differs&balance=open&origin=partner_dashboard&search=2", ["INV-2"]),
        ("?state=agrees&balance=open", []),
        ("?state=nonsense&balance=nonsense&origin=nonsense&sort=nonsense", ["INV-1", "INV-2", "INV-3"]),
    ],
)
def test_the_list_shows_what_the_address_says(various: World, reader: Browser, query: str, numbers: list[str]) -> None:
    assert shown(reader.get(f"/invoices{query}").text) == numbers


def test_an_id_of_either_system_finds_the_invoice(various: World, reader: Browser) -> None:
    with various.context.database.reading() as session:
        row = session.query(Invoice).filter_by(number="INV-2").one()
    assert row.target_id is not None
    for identity in (row.source_id, row.target_id):
        assert shown(reader.get("/invoices", params={"search": identity}).text) == ["INV-2"]


def test_the_tabs_count_every_outcome(various: World, reader: Browser) -> None:
    page = reader.get("/invoices?search=INV-2").text
    assert ["All <b>3</b>" in page, "Agrees <b>1</b>" in page, "Differs <b>1</b>" in page] == [True] * 3
    assert "Not compared yet <b>1</b>" in page
    assert "<strong>1 invoice</strong> matches." in page


def test_a_row_says_how_far_apart_both_are_and_when_that_was_read(various: World, reader: Browser) -> None:
    page = reader.get("/invoices?state=differs").text
    assert "by 5.00 USD" in page
    assert "50.00 USD open" in page
    assert "as last read" in page


@pytest.mark.parametrize(
    ("order", "numbers"),
    [
        (InvoiceOrder.NUMBER, ["INV-1", "INV-2", "INV-3"]),
        (InvoiceOrder.TOTAL, ["INV-1", "INV-2", "INV-3"]),
        (InvoiceOrder.NEWEST, ["INV-3", "INV-2", "INV-1"]),
        (InvoiceOrder.CUSTOMER, ["INV-1", "INV-2", "INV-3"]),
    ],
)
def test_the_order_is_in_the_address_too(
    various: World, reader: Browser, order: InvoiceOrder, numbers: list[str]
) -> None:
    page = reader.get("/invoices", params={"sort": order.value}).text
    assert sorted(numbers, key=lambda number: page.index(f">{number}<")) == numbers


def test_the_filter_stays_on_the_next_page_and_on_the_tabs(world: World, partner: Browser) -> None:
    for number in range(ROWS_PER_PAGE + 1):
        world.invoice(f"INV-{number:03}", in_connectwise=False)
    page = partner.get("/invoices?customer=cascade&sort=newest").text
    assert f">INV-{ROWS_PER_PAGE:03}<" in page
    assert ">INV-000<" not in page
    assert '"/invoices?customer=cascade&amp;sort=newest&amp;page=2"' in page
    assert '"/invoices?state=agrees&amp;customer=cascade&amp;sort=newest"' in page
    assert ">INV-000<" in partner.get("/invoices?customer=cascade&sort=newest&page=2").text
    assert "There are no more invoices." in partner.get("/invoices?page=9").text


def test_empty_lists_say_what_to_do(world: World, partner: Browser) -> None:
    assert "They are added automatically when payments arrive" in partner.get("/invoices").text
    assert "No invoice matches." in partner.get("/invoices?search=zzz").text
    world.invoice("INV-1")
    assert "Open one and read both systems." in partner.get("/invoices?state=agrees").text


def test_a_wildcard_is_a_letter_like_any_other(various: World, reader: Browser) -> None:
    assert shown(reader.get("/invoices", params={"search": "%"}).text) == []
    assert shown(reader.get("/invoices", params={"customer": "_"}).text) == []


@pytest.mark.parametrize("query", ["?page=0", "?page=x", "?search=" + "x" * 201])
def test_what_no_link_of_ours_says_is_refused(partner: Browser, query: str) -> None:
    assert partner.get(f"/invoices{query}").status_code == 400


def test_the_fragment_is_the_list_alone(various: World, reader: Browser) -> None:
    fragment = reader.get("/live/invoices?state=differs").text
    assert "<html" not in fragment
    assert shown(fragment) == ["INV-2"]


def test_every_outcome_and_balance_is_a_filter() -> None:
    assert {one.value for one in Outcome} == {"agrees", "differs", "unknown", "not_compared"}
    assert {one.value for one in Owed} == {"open", "paid", "unknown", "deleted"}
