"""The sign of life of a process: its file, its row, and what it has counted since the last one.

Whoever does the process's real work calls `beat`: a worker's consumer loop, the clock of beat, the loop of the web
server. A process whose loop hangs, or that has lost its broker, is silent then, although its threads still run.

`beat` waits for nobody. The file is touched at once, because it must not depend on a database that is away; the row is
written by a thread, and while that one waits, no other is begun.
"""

import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from connectors.tally import TALLY, Counted, Tally
from models.database import Database, Session
from models.measures import add_measures, note_latest
from models.running_processes import Oneself, ProcessKind, note_alive, note_ended
from models.unavailable import DatabaseRefused, DatabaseUnavailable
from workers.heartbeat_file import heartbeat_file, remove, touch

log = structlog.get_logger()

BEAT_SECONDS = 10.0
_PATIENCE = timedelta(seconds=5)


class Pulse:
    """Of this process.

    Args:
        name: the line of the Procfile, with its number where there are several.
        queues: that a worker takes from.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        state_dir: Path,
        *,
        kind: ProcessKind,
        name: str,
        version: str,
        queues: tuple[str, ...] = (),
        tally: Tally = TALLY,
    ) -> None:
        self._database, self._now, self._tally = database, now, tally
        self._oneself = Oneself(f"{name}@{socket.gethostname()}", kind, queues, version, now())
        self._file = heartbeat_file(state_dir, name)
        self._writing: threading.Thread | None = None
        self._beaten_at = -BEAT_SECONDS
        self._is_file_refused = False

    @property
    def name(self) -> str:
        return self._oneself.name

    def beat_if_due(self) -> None:
        """For a loop that comes by often."""
        if time.monotonic() - self._beaten_at >= BEAT_SECONDS:
            self.beat()

    def beat(self) -> None:
        """I am alive. Waits for nobody, and never fails."""
        self._beaten_at = time.monotonic()
        if not touch(self._file) and not self._is_file_refused:
            log.warning("pulse.file_refused", file=str(self._file))
            self._is_file_refused = True
        if self._writing is None or not self._writing.is_alive():
            self._writing = threading.Thread(target=self.write, name="pulse", daemon=True)
            self._writing.start()

    def write(self) -> None:
        """Stores the sign of life and what was counted, in one transaction."""
        counted = self._tally.taken()
        try:
            self._database.write(lambda session: self._store(session, counted), _PATIENCE)
        except (DatabaseUnavailable, DatabaseRefused) as error:
            # The steps themselves say it loudly.
            self._tally.give_back(counted)
            log.info("pulse.not_written", error=type(error).__name__)

    def end(self) -> None:
        """The process ends as it should, and nobody has to miss it."""
        remove(self._file)
        counted = self._tally.taken()

        def store(session: Session) -> None:
            self._store(session, counted)
            note_ended(session, self._oneself.name)

        try:
            self._database.write(store, _PATIENCE)
        except (DatabaseUnavailable, DatabaseRefused) as error:
            log.info("pulse.not_written", error=type(error).__name__)

    def _store(self, session: Session, counted: Counted) -> None:
        note_alive(session, self._oneself, self._now())
        add_measures(session, counted.counts)
        note_latest(session, counted.latest)
