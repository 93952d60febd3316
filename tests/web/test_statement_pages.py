"""The statement of a period, on the pages: the draft, two signatures, the files, and what changes afterwards."""

import io
import json
import zipfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import update

from models.reconciliation_breaks import ReconciliationStep
from tests.flow.tampering import type_in
from tests.reconciling import PREPARER, REVIEWER, add_signers, apart, reconciled, signed, today
from tests.web.browser import Browser, back_again
from tests.world import World
from usecases.manifest import FileState, check_manifest
from usecases.results import Rejected

DRAFT = "/reconciliation/statements/draft"


def days_of(world: World) -> str:
    last = today(world)
    return f"first={last - timedelta(days=10)}&last={last}"


def test_a_draft_leads_from_the_beginning_to_the_end(world: World, partner: Browser) -> None:
    apart(world)
    page = partner.get(f"{DRAFT}?{days_of(world)}").text
    assert "Open at the beginning" in page
    assert "Open at the end" in page
    assert "7.00 USD" in page
    assert "Accounts receivable in QuickBooks" in page
    assert "The period is not over yet, so it cannot be signed." in page


def test_days_that_are_no_period_keep_what_was_typed(partner: Browser) -> None:
    answer = partner.get(f"{DRAFT}?first=2026-11-20&last=2026-11-02")
    assert answer.status_code == 422
    assert "Choose the first and the last day" in answer.text
    assert 'value="2026-11-20"' in answer.text


def test_one_person_signs_and_another_one_closes_the_period(world: World, app: FastAPI) -> None:
    apart(world)
    add_signers(world)
    days = days_of(world)
    world.clock.move(days=1)
    preparer = back_again(app, PREPARER)
    preparer.get(f"{DRAFT}?{days}")
    page = preparer.send("/reconciliation/statements").text
    assert "You signed it; somebody else has to review it." in page
    assert "close the period" not in page
    own = preparer.client.post("/reconciliation/statements/1/review", data={"csrf_token": token_in(preparer)})
    assert "You signed this statement yourself." in own.text
    reviewer = back_again(app, REVIEWER)
    reviewer.get("/reconciliation/statements/1")
    page = reviewer.send("/reconciliation/statements/1/review").text
    assert "The period is closed." in page
    assert "Attention required" not in page
    page = reviewer.get("/activity").text
    assert "Signed a statement" in page
    assert "Reviewed a statement and closed its period" in page


def token_in(browser: Browser) -> str:
    return browser.page.split('name="csrf_token" value="')[1].split('"')[0]


def test_the_files_are_what_their_manifest_says(world: World, app: FastAPI, tmp_path: Path) -> None:
    apart(world)
    add_signers(world)
    statement = signed(world)
    reviewer = back_again(app, REVIEWER)
    answer = reviewer.get(f"/reconciliation/statements/{statement}/statement.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
        zipped.extractall(tmp_path)
    checked = check_manifest(tmp_path / "manifest.json")
    assert not isinstance(checked, Rejected)
    assert {one.name: one.state for one in checked} == dict.fromkeys(
        ("statement.json", "breaks.csv", "roll-forward.csv", "bridge.csv"), FileState.UNCHANGED
    )
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["signed"]["prepared_by"] == PREPARER
    again = reviewer.get(f"/reconciliation/statements/{statement}/statement.zip")
    assert again.content == answer.content
    assert reviewer.get(f"/reconciliation/statements/{statement}/passwd.txt").status_code == 404


def test_a_difference_found_later_inside_the_period_asks_for_attention(world: World, app: FastAPI) -> None:
    invoice, _ = apart(world)
    add_signers(world)
    statement = signed(world)
    reviewer = back_again(app, REVIEWER)
    assert "Attention required" not in reviewer.get(f"/reconciliation/statements/{statement}").text
    type_in(world, invoice, "9.00", day=20)
    reconciled(world)
    page = reviewer.get(f"/reconciliation/statements/{statement}").text
    assert "Attention required" in page
    assert "a difference of 9.00 USD was found that is dated inside this period" in page
    assert "Attention required" in reviewer.get("/reconciliation/statements").text


def test_a_history_that_was_rewritten_asks_for_attention(world: World, app: FastAPI) -> None:
    apart(world)
    add_signers(world)
    statement = signed(world)
    reviewer = back_again(app, REVIEWER)
    with world.context.database.writing() as session:
        session.execute(update(ReconciliationStep).values(share=Decimal("1.00")))
    page = reviewer.get(f"/reconciliation/statements/{statement}").text
    assert "the records now say open, 1.00 USD; they said open, 7.00 USD." in page
