"""The tools of every benchmark: its output, its length, and a fresh database."""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from rich.console import Console

from models.database import upgrade
from sandbox.stack import Stack, running_stack
from tests.servers import PostgresqlDatabases, PostgresqlUnavailable, migrate, postgresql_server, temporary_directory
from workers.terminal import Column, FoldingTable

# Flower only watches; leaving it out frees some of the machine for the measurement.
LEFT_OUT = ("flower",)


@dataclass
class Bench:
    """One run of some benchmarks.

    Attributes:
        short: some minutes for all benchmarks together; it shows that they work, but the figures are rough.
        missed: promises that this run did not keep, as sentences.
    """

    console: Console
    database: str
    short: bool
    missed: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.console.print(f"[dim]{time.strftime('%H:%M:%S')} {text}[/dim]", highlight=False)

    def promise(self, kept: bool, sentence: str) -> None:
        """Records whether the run kept a promise. A broken one fails nothing, because times differ between machines."""
        self.console.print(f"{'[green]kept[/green]' if kept else '[red]missed[/red]'}: {sentence}", highlight=False)
        if not kept:
            self.missed.append(sentence)

    @contextlib.contextmanager
    def database_url(self, kind: str = "") -> Iterator[str]:
        """A fresh, migrated database of the given kind, or of this run's kind."""
        if (kind or self.database) == "sqlite":
            with tempfile.TemporaryDirectory(prefix="payments-bench-") as folder:
                url = f"sqlite:///{folder}/payments.sqlite"
                upgrade(url)
                yield url
            return
        with (
            temporary_directory() as directory,
            # No options: the server waits for the disk at every commit and keeps statistics, as in production.
            postgresql_server(directory, options=()) as server_url,
            PostgresqlDatabases(server_url, migrate).fresh() as url,
        ):
            yield url

    @contextlib.contextmanager
    def stack(self, changes: Mapping[str, str], kind: str = "") -> Iterator[Stack]:
        """Redis, both sandboxes and the processes of the Procfile (not started yet), set up as in production.

        Args:
            kind: of the database, if not this run's.
        """
        with (
            self.database_url(kind) as url,
            tempfile.TemporaryDirectory(prefix="payments-bench-") as folder,
            log_to(Path(folder) / "bench.log"),
            running_stack(Path(folder), database_url=url, without=LEFT_OUT, quick=changes) as stack,
        ):
            yield stack


@contextlib.contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Sends this process's log to a file, so that it does not mix with the tables."""
    with path.open("w", encoding="utf-8") as log:
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(log))
        try:
            yield
        finally:
            structlog.reset_defaults()


def chosen_database(wanted: str, *, short: bool) -> str:
    """The requested kind of database; else PostgreSQL, if a server is available and there is time to start it."""
    if wanted != "auto":
        return wanted
    if short:
        return "sqlite"
    try:
        with temporary_directory() as directory, postgresql_server(directory):
            return "postgresql"
    except PostgresqlUnavailable:
        return "sqlite"


def table(title: str, *headings: str) -> FoldingTable:
    """A table whose first column is text and whose other columns are figures."""
    return FoldingTable(title, [Column(name, right=place > 0, wraps=place == 0) for place, name in enumerate(headings)])


def machine() -> str:
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start"
