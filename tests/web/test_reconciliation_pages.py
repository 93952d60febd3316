"""Reconciliation, on the pages: the verdict, the differences, accepting one, the evidence of a run."""

import pytest
from fastapi import FastAPI

from domain.reconciliation.breaks import BreakKind
from domain.reconciliation.roll_forward import Standing
from domain.users import UserRole
from domain.version import VERSION
from models.reconciliation_runs import ReconciliationRun
from tests.flow.tampering import synced, type_in
from tests.reconciling import apart, breaks, reconciled
from tests.web.browser import Browser, logged_in
from tests.web.conftest import PARTNER
from tests.world import World


@pytest.fixture
def viewer(app: FastAPI) -> Browser:
    return logged_in(app, "looks@northwind.example", "northwind", UserRole.VIEWER)


def test_before_the_first_comparison_the_page_says_so(partner: Browser) -> None:
    page = partner.get("/reconciliation").text
    assert "The two systems have not been compared yet." in page
    assert "Compare now" in page


def test_a_person_compares_and_sees_how_far_it_is_and_what_came_of_it(world: World, partner: Browser) -> None:
    synced(world)
    partner.get("/reconciliation")
    page = partner.send("/reconciliation/compare").text
    assert "A comparison is under way" in page
    assert "Compare now</button>" not in page
    world.settle()
    page = partner.get("/live/reconciliation").text
    assert "Everything that is open agrees to the cent." in page
    assert 'Unidentified difference: <span class="number">0.00</span>' in page
    assert "Accounts receivable in QuickBooks" in page
    assert "260.00 USD" in page


def test_a_difference_is_counted_summed_and_listed_with_its_way_out(world: World, partner: Browser) -> None:
    apart(world)
    page = partner.get("/reconciliation").text
    assert "except 1 difference without an explanation: in all, QuickBooks is 7.00 USD higher than ConnectWise." in page
    assert "Missing in QuickBooks" in page
    assert "If the money came in, record it in QuickBooks." in page
    assert "No difference fits" in partner.get("/reconciliation?standing=accepted").text
    assert "No difference fits" in partner.get("/reconciliation?kind=held").text
    assert "No difference fits" in partner.get("/reconciliation?number=INV-9").text
    assert "INV-1" in partner.get("/reconciliation?standing=open&kind=missing_at_source&number=INV-1").text


def test_two_systems_that_could_not_be_read_are_never_said_to_agree(world: World, partner: Browser) -> None:
    synced(world)
    world.quickbooks.switches.set(report_cells_max=2)
    reconciled(world)
    page = partner.get("/reconciliation").text
    assert "The two systems could not be compared, so nothing is said about whether they agree." in page
    assert "Unidentified difference: not known" in page
    assert "agrees to the cent" not in page


def test_the_unidentified_difference_is_shouted(world: World, partner: Browser) -> None:
    _, row = apart(world)
    with world.context.database.writing() as session:
        run = session.get_one(ReconciliationRun, row.last_run_id)
        run.breaks = [[BreakKind.UNIDENTIFIED.value, Standing.OPEN.value, "USD", 1, "3.00"]]
    page = partner.get("/reconciliation").text
    assert '<p class="notice bad"><strong>Unidentified difference: <span class="number">3.00 USD</span>' in page


def test_a_difference_is_accepted_with_a_reason_and_opened_again(world: World, partner: Browser) -> None:
    _, row = apart(world)
    address = f"/reconciliation/breaks/{row.id}"
    partner.get(address)
    page = partner.send(f"{address}/accept", {"reason": "Agreed with the bank", "limit": "6.00", "until": ""}).text
    assert "The limit is less than the difference of 7.00 USD." in page
    assert 'value="Agreed with the bank"' in page
    assert 'value="6.00"' in page
    page = partner.send(f"{address}/accept", {"limit": "a lot"}).text
    assert "The limit is not an amount." in page
    assert 'value="a lot"' in page
    page = partner.send(f"{address}/accept", {"reason": "Agreed with the bank", "limit": "10", "until": ""}).text
    assert "The difference is accepted." in page
    assert "Agreed with the bank" in page
    assert [one.standing for one in breaks(world)] == ["accepted"]
    page = partner.send(f"{address}/withdraw").text
    assert "The difference is open again." in page
    # Whose word it was, and whose it was to take it back; once more at the head of the page.
    assert page.count(PARTNER) == 3


def test_the_table_to_save_calculates_nothing(world: World, partner: Browser) -> None:
    invoice = world.invoice("=1+1", "300.00")
    type_in(world, invoice, "7.00")
    reconciled(world)
    answer = partner.get("/reconciliation.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="reconciliation.csv"'
    (_, line) = answer.text.splitlines()
    assert ",'=1+1," in line
    assert ",7.00,7.00,USD," in line


def test_the_evidence_of_a_run_is_there_for_an_auditor(world: World, partner: Browser) -> None:
    _, row = apart(world)
    page = partner.get("/reconciliation/runs").text
    assert f"/reconciliation/runs/{row.last_run_id}" in page
    page = partner.get(f"/reconciliation/runs/{row.last_run_id}").text
    assert "Open invoices by its own count" in page
    assert "SHA-256 of each answer" in page
    assert "Version of the method" in page
    assert f"<dt>Version of the software</dt><dd>{VERSION}</dd>" in page
    assert "metered read" in page


def test_the_overview_says_what_the_last_comparison_said(world: World, partner: Browser) -> None:
    assert "have not been compared yet" in partner.get("/overview").text
    apart(world)
    page = partner.get("/overview").text
    assert "except 1 difference without an explanation" in page
    assert 'href="/reconciliation"' in page


def test_somebody_who_only_looks_is_offered_no_button(world: World, partner: Browser, viewer: Browser) -> None:
    _, row = apart(world)
    assert "Compare now</button>" not in viewer.get("/reconciliation").text
    assert "Accept the difference" not in viewer.get(f"/reconciliation/breaks/{row.id}").text
    assert "Accept the difference" in partner.get(f"/reconciliation/breaks/{row.id}").text
