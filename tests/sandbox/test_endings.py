"""What can end a play early is said in a sentence; and what only takes longer, is waited for."""

import errno
import sqlite3
import threading
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import requests
from rich.cells import cell_len
from rich.console import Console
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

import models.database
from domain.reasons import Reason
from domain.reconciliation.breaks import Break, BreakKind
from domain.reconciliation.independent import Disagreement, Kind
from domain.reconciliation.roll_forward import Standing
from domain.reconciliation.verdict import Unidentified
from domain.words import Words
from models.database import Database
from models.reconciliation_runs import ReconciliationRun
from models.unavailable import DatabaseAway, DatabaseBusy
from sandbox.control_client import ControlError
from sandbox.demo.endings import ends_in_a_sentence
from sandbox.demo.patience import Patience, Stopped
from sandbox.demo.report import Reporter, print_rows, print_statement
from sandbox.demo.stage import Row
from sandbox.demo.statement import Compared, Difference
from sandbox.demo.stories import STORIES
from sandbox.endings import CannotGoOn
from usecases.independent_proof import Proof
from usecases.reconciliation_overview import LastComparison
from workers.redis_server import RedisUnavailable

REFUSED = OperationalError("INSERT INTO payment", {}, sqlite3.OperationalError("no such table: payment"))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (REFUSED, "the database refused: no such table: payment"),
        (DatabaseAway("connection refused"), "the database cannot be used: connection refused"),
        (DatabaseBusy("every connection of this process is in use"), "another program kept the database locked"),
        (RedisUnavailable("No Redis. Do one of these:"), "No Redis. Do one of these:"),
        (CannotGoOn("the folder is not empty"), "the folder is not empty"),
        (OSError(errno.ENOSPC, "No space left on device", "/somewhere/redis.log"), "the disk is full"),
        (OSError(errno.EADDRINUSE, "Address already in use"), "the port is in use"),
        (PermissionError(errno.EACCES, "Permission denied", "/somewhere"), "Permission denied: /somewhere"),
        (TimeoutError("the web process has not started within 240 s"), "the web process has not started"),
        (requests.ReadTimeout("HTTPConnectionPool(host='127.0.0.1')"), "a sandbox does not answer"),
        (ControlError("POST /control/invoices: 400 no such customer"), "a sandbox refused"),
        (KeyError("payments"), "a mistake of the program"),
    ],
)
def test_every_way_to_end_early_is_a_sentence(
    error: Exception, said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def program() -> int:
        raise error

    assert ends_in_a_sentence(program) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert told.startswith("error: ")
    assert said in told
    assert "Traceback" not in told
    assert "INSERT" not in told


def test_a_mistake_of_the_program_is_written_down_for_a_report(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ends_in_a_sentence(lambda: {}["never"])
    assert ".state/mistakes.log" in "".join(capsys.readouterr().err.split())
    assert "KeyError: 'never'" in (tmp_path / ".state/mistakes.log").read_text()


def test_ctrl_c_is_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    def program() -> int:
        raise KeyboardInterrupt

    assert ends_in_a_sentence(program) == 130
    assert capsys.readouterr().err == "Stopped.\n"


def test_a_locked_database_is_waited_for_and_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.database, "PATIENCE", timedelta(seconds=0.01))
    file = tmp_path / "busy.sqlite"
    database = Database(f"sqlite:///{file}")
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE t (a)")
    other.execute("BEGIN EXCLUSIVE")
    told: list[str] = []

    def say(sentence: str) -> None:
        told.append(sentence)
        threading.Timer(0.3, lambda: other.execute("COMMIT")).start()

    def write() -> int:
        with database.writing() as session:
            session.execute(text("INSERT INTO t VALUES (1)"))
        return 1

    assert Patience(say).with_database(write) == 1
    assert len(told) == 1
    assert "database is busy" in told[0]
    database.close()
    other.close()


def test_who_waits_for_a_promise_is_sent_home_by_ctrl_c() -> None:
    patience = Patience(lambda _: None)
    patience.pause()
    patience.stop()
    with pytest.raises(Stopped):
        patience.pause()


def compared(standing: Standing, *, proved: Sequence[str] = ("INV-116-1",), accepted: str = "") -> Compared:
    """A comparison with one difference, and what the proof finds of it."""
    words = Words("QuickBooks", "ConnectWise")
    found = Break(
        BreakKind.SKIPPED_BY_RULE,
        Decimal(-749),
        "USD",
        "payment 1",
        source_amount=Decimal(1999),
        target_amount=Decimal(1250),
        reason=Reason.INVOICE_NOT_SYNCED,
    )
    run = ReconciliationRun(outcome="explained", compared=22, examined=1, metered_reads=8, calls=15)
    last = LastComparison(run, "Everything agrees.", Unidentified(0, (), is_known=True), (), None, None)
    lines = [{"line": name, "amount": "749.00", "breaks": 1} for name in ("opening", "closing")]
    disagreements = tuple(Disagreement(Kind.PAYMENT_MISSING_AT_TARGET, number, "USD") for number in proved)
    return Compared(
        "Northwind MSP",
        words,
        last,
        [Difference("INV-116-1", standing, found, accepted)],
        {"roll_forward": [{"currency": "USD", "lines": lines}]},
        Proof(disagreements, 22, 20, (), 8, 15, words),
    )


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (compared(Standing.EXPLAINED), []),
        (compared(Standing.ACCEPTED, accepted="late fees"), []),
        (compared(Standing.OPEN), ["nothing explains this"]),
        (compared(Standing.EXPLAINED, proved=()), ["our list says what the systems do not"]),
        (compared(Standing.EXPLAINED, proved=("INV-116-1", "INV-9")), ["and our list does not say so"]),
    ],
    ids=["explained", "accepted", "open", "not proved", "not in our list"],
)
def test_the_demo_breaks_its_promise_where_a_difference_is_not_explained_or_not_named(
    one: Compared, told: list[str]
) -> None:
    assert len(one.broken_promises) == len(told)
    assert all(part in sentence for part, sentence in zip(told, one.broken_promises, strict=True))


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_what_the_demo_prints_fits_and_keeps_amounts_whole(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter = Reporter()
    reporter.console = Console(width=width, color_system=None)
    sentence = "The payment was taken back in QuickBooks, and we removed our payment from the ConnectWise invoice."
    row = Row("1,999.99 USD for INV-116-1", "reverse", sentence, "1999.99 + 300.00", "1000.00", 118.1, kept=True)
    for story in STORIES:
        reporter.say(sentence, story.title)
    print_rows(reporter.console, [(story, [row, row]) for story in STORIES])
    print_statement(reporter.console, [compared(Standing.EXPLAINED)])
    shown = capsys.readouterr().out
    assert [line for line in shown.splitlines() if cell_len(line) > width] == []
    assert "…" not in shown
    for whole in (row.said, row.decided, row.still_open, "118.1", "INV-116-1", "1,999.00", "-749.00"):
        assert any(whole in line for line in shown.splitlines()), whole
    assert " ".join(sentence.split()) in " ".join(shown.split())
