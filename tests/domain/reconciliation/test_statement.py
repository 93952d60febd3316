"""The statement of a period, its files, and what changes inside it afterwards."""

import io
import json
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.reconciliation.attention import changed_since_closed
from domain.reconciliation.breaks import BreakKind
from domain.reconciliation.roll_forward import Standing, Step
from domain.reconciliation.statement import AboutBreak, Entry, Period, RunFacts, Sides, statement_document
from domain.reconciliation.statement_files import archive, breaks_table, document_bytes, sha256_of, statement_files

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
SIDES = Sides("Northwind MSP", "QuickBooks", "ConnectWise")
RUN = RunFacts(
    7, datetime(2026, 11, 30, 2, tzinfo=UTC), "differs", {"bridge": [["invoices", "USD", 3, "260.00"]], "source": {}}
)


def entry(
    number: int,
    at: str,
    standing: Standing = Standing.OPEN,
    share: str = "7.00",
    *,
    kind: BreakKind = BreakKind.MISSING_AT_SOURCE,
    dated: str = "2026-11-20",
    actor: str = "",
    note: str = "",
    invoice: str = "",
) -> Entry:
    about = AboutBreak(
        id=number,
        number=invoice or f"INV-{number}",
        customer="Cascade Dental",
        source_invoice_id="1",
        target_invoice_id="2",
        source_payment_ids=(),
        target_payment_ids=("9",),
        source_date=None,
        target_date=date.fromisoformat(dated),
    )
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    step = Step(f"invoice-{number}", moment, standing, Decimal(share), "USD")
    return Entry(about, step, kind, None, Decimal(share), actor, note)


def statement(*history: Entry, runs: tuple[RunFacts, ...] = (RUN,)) -> dict[str, Any]:
    return statement_document(SIDES, NOVEMBER, history, runs)


def forward(document: dict[str, Any]) -> dict[str, tuple[int, str]]:
    (one,) = document["roll_forward"]
    assert one["adds_up"]
    return {line["line"]: (line["breaks"], line["amount"]) for line in one["lines"] if line["breaks"]}


HISTORY = (
    entry(1, "2026-10-20"),
    entry(2, "2026-10-21", share="5.00"),
    entry(2, "2026-10-22", Standing.GONE, "5.00"),
    entry(3, "2026-11-03", share="4.00"),
    entry(1, "2026-11-05", Standing.GONE),
    entry(4, "2026-11-06", share="2.00"),
    entry(4, "2026-11-07", Standing.ACCEPTED, "2.00", actor="books@northwind.example", note="a rounding of ours"),
)


def test_it_leads_from_the_opening_to_the_closing_difference() -> None:
    assert forward(statement(*HISTORY)) == {
        "opening": (1, "7.00"),
        "new": (2, "6.00"),
        "accepted": (1, "-2.00"),
        "resolved": (1, "-7.00"),
        "closing": (1, "4.00"),
    }


def test_a_line_for_each_difference_that_was_there_or_moved() -> None:
    lines = statement(*HISTORY)["breaks"]
    assert [
        (line["break"], line["opening_share"], line["closing_share"], line["closing_standing"]) for line in lines
    ] == [
        (1, "7.00", "0.00", "gone"),
        (3, "0.00", "4.00", "open"),
        (4, "0.00", "2.00", "accepted"),
    ]
    assert (lines[2]["accepted_by"], lines[2]["accepted_because"]) == ("books@northwind.example", "a rounding of ours")


def test_what_happens_after_the_period_is_not_in_it() -> None:
    later = entry(5, "2026-12-01")
    last_moment = entry(6, "2026-11-30T23:59:59")
    assert [line["break"] for line in statement(*HISTORY, last_moment, later)["breaks"]] == [1, 3, 4, 6]


def test_the_last_run_of_the_period_gives_the_evidence() -> None:
    earlier = RunFacts(3, datetime(2026, 11, 2, tzinfo=UTC), "agrees", {"bridge": []})
    document = statement(runs=(earlier, RUN))
    assert [one["id"] for one in document["runs"]] == [3, 7]
    assert (document["last_run"]["id"], document["last_run"]["bridge"]) == (7, [["invoices", "USD", 3, "260.00"]])
    assert statement(runs=())["last_run"] is None


# --- files ---


def test_the_same_rows_give_byte_equal_files() -> None:
    one, other = (archive(statement_files(statement(*HISTORY))) for _ in range(2))
    assert one == other


def test_the_manifest_has_the_hash_of_every_other_file() -> None:
    files = statement_files(statement(*HISTORY), {"prepared_by": "books@northwind.example"})
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["files"] == [{"name": name, "sha256": sha256_of(content)} for name, content in files.items()]
    assert manifest["signed"] == {"prepared_by": "books@northwind.example"}
    with zipfile.ZipFile(io.BytesIO(archive(files))) as zipped:
        assert zipped.testzip() is None
        assert zipped.namelist() == [*files]


def test_no_invoice_number_becomes_a_formula() -> None:
    table = breaks_table(statement(entry(1, "2026-11-03", invoice="=HYPERLINK(1)"))).decode()
    assert ",'=HYPERLINK(1)," not in table.splitlines()[0]
    assert "'=HYPERLINK(1)" in table.splitlines()[1]


# --- after it was closed ---


def changes(signed: dict[str, Any], *history: Entry) -> tuple[str, ...]:
    signed, now = (json.loads(document_bytes(one)) for one in (signed, statement(*history)))
    later = [one for one in history if one.step.at >= NOVEMBER.ends_at]
    return changed_since_closed(signed, now, later, NOVEMBER)


def test_a_period_stands_while_differences_go_on_after_it() -> None:
    after = (entry(3, "2026-12-02", Standing.GONE, "4.00"), entry(5, "2026-12-03", dated="2026-12-02"))
    assert changes(statement(*HISTORY), *HISTORY, *after) == ()


def test_an_invoice_that_is_called_something_else_by_now_changes_nothing() -> None:
    renamed = [
        entry(1, "2026-10-20", invoice="INV-1-B"),
        *HISTORY[1:4],
        entry(1, "2026-11-05", Standing.GONE),
        *HISTORY[5:],
    ]
    assert changes(statement(*HISTORY), *renamed) == ()


@pytest.mark.parametrize(
    ("later", "is_told"),
    [
        (entry(5, "2026-12-03", share="9.00"), True),
        (entry(5, "2026-12-03", Standing.EXPLAINED, "9.00", kind=BreakKind.HELD), True),
        (entry(5, "2026-12-03", Standing.EXPLAINED, "9.00", kind=BreakKind.IN_FLIGHT), False),
        (entry(3, "2026-12-03", share="4.50"), True),
        (entry(3, "2026-12-03", share="4.00"), False),
        (entry(5, "2026-12-03", share="9.00", dated="2026-12-01"), False),
    ],
)
def test_a_later_run_may_find_something_dated_inside_it(later: Entry, is_told: bool) -> None:
    found = changes(statement(*HISTORY), *HISTORY, later)
    assert bool(found) is is_told
    assert not is_told or "on 2026-12-03 a difference of" in found[0]


def test_a_history_that_was_rewritten_is_told() -> None:
    rewritten = [*HISTORY[:3], entry(3, "2026-11-03", share="1.00"), *HISTORY[4:]]
    assert changes(statement(*HISTORY), *rewritten) == (
        "Invoice INV-3: the records now say open, 1.00 USD; they said open, 4.00 USD.",
    )
    removed = [one for one in HISTORY if one.about.id != 3]
    assert changes(statement(*HISTORY), *removed) == (
        "Invoice INV-3: the difference of 4.00 USD is no longer in the records.",
    )
    added = [*HISTORY, entry(6, "2026-11-29", share="8.00")]
    assert changes(statement(*HISTORY), *added) == ("Invoice INV-6: a difference of 8.00 USD was added to the period.",)


def test_another_list_of_comparisons_is_told() -> None:
    now = statement(*HISTORY, runs=())
    assert changed_since_closed(statement(*HISTORY), now, (), NOVEMBER) == (
        "The list of the period’s comparisons is another one than when it was signed.",
    )
