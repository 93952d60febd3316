"""`python -m sandbox.demo`: set up everything, play every story, print table and statement, and say if it held."""

import argparse
import contextlib
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from sandbox.demo.endings import ends_in_a_sentence
from sandbox.demo.play import judge, open_theatre
from sandbox.demo.report import Reporter
from sandbox.demo.stories import STORIES
from sandbox.stack import Stack, running_stack
from tasks.context import Context
from usecases.logins import create_login_link
from usecases.results import Rejected
from usecases.users import create_user, set_password

OPERATOR = "operator@example.com"


def main() -> int:
    return ends_in_a_sentence(_play)


def _play() -> int:
    options = _arguments()
    reporter = Reporter()
    stay = sys.stdin.isatty() and sys.stdout.isatty() and not options.once
    reporter.say(f"{len(STORIES)} stories of payments; about half a minute on a machine that does nothing else")
    with (
        _folder(options.state_dir, reporter) as folder,
        running_stack(folder.path, database_url=options.database_url, say=reporter.say) as stack,
    ):
        broken = _run(stack, reporter, stay=stay)
        folder.is_wanted = broken > 0
    return 1 if broken else 0


def _run(stack: Stack, reporter: Reporter, *, stay: bool) -> int:
    _log_to_file(stack)
    theatre = open_theatre(stack, reporter)
    try:
        played = theatre.play_all()
        broken = judge(theatre, played, reporter.seconds)
        if stay:
            # From here on Ctrl-C is the normal end.
            with contextlib.suppress(KeyboardInterrupt):
                _stay(stack, theatre.context, reporter)
            reporter.say("Stopping everything")
    finally:
        theatre.context.database.close()
    return broken


def _log_to_file(stack: Stack) -> None:
    """Sends the log of the demo's own use cases to a file, so that it does not mix with the stories."""
    log = (stack.state_dir / "logs" / "demo.log").open("a", encoding="utf-8")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(log))


def _stay(stack: Stack, context: Context, reporter: Reporter) -> None:
    say = reporter.console.print
    password = secrets.token_urlsafe(9)
    link = _let_in(stack, context, password)
    say()
    say("Everything keeps running until you press Ctrl-C. Look around:", style="bold")
    for name, what in (
        ("Dashboard", stack.web_url),
        ("  log in as", f"{OPERATOR}, password {password}"),
        ("  or, once", link),
        ("Flower", stack.flower_url),
        ("  log in as", "{}, password {}".format(*stack.flower_login)),
        ("QuickBooks sandbox", stack.quickbooks_url),
        ("ConnectWise sandbox", stack.connectwise_url),
        ("Logs", str(stack.state_dir / "logs")),
    ):
        say(f"  {name:<20} {what}", soft_wrap=True, highlight=False, markup=False)
    while True:
        time.sleep(1)
        for death in stack.processes.deaths():
            say(str(death), style="red", markup=False)
            stack.processes.start(death.name)


def _let_in(stack: Stack, context: Context, password: str) -> str:
    """Creates an operator who can always log in with this password; returns a link that logs in once."""
    if isinstance(create_user(context, OPERATOR, password, None), Rejected):
        set_password(context, OPERATOR, password)
    token = create_login_link(context, stack.settings.secret_key.get_secret_value(), OPERATOR)
    return stack.web_url if isinstance(token, Rejected) else f"{stack.web_url}/login/once?token={token}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.demo",
        description="Plays payments from QuickBooks through real workers into ConnectWise, good days and bad days.",
    )
    parser.add_argument("--once", action="store_true", help="stop when the stories are told, also with a terminal")
    parser.add_argument("--database-url", default="", help="play on this empty database (default: SQLite)")
    parser.add_argument("--state-dir", type=Path, help="keep files and logs here (default: a folder that is removed)")
    return parser.parse_args()


@dataclass
class _Folder:
    """The folder of files and logs; `is_wanted` if a person may want to read them afterwards."""

    path: Path
    is_wanted: bool = False


@contextmanager
def _folder(chosen: Path | None, reporter: Reporter) -> Iterator[_Folder]:
    """The chosen folder, or one that is removed after a success."""
    if chosen is not None:
        yield _Folder(chosen.resolve())
        return
    folder = _Folder(Path(tempfile.mkdtemp(prefix="payments-demo-")))
    try:
        yield folder
    except Exception:
        folder.is_wanted = True
        raise
    finally:
        if folder.is_wanted and (folder.path / "logs").exists():
            reporter.say(f"The logs are kept: {folder.path / 'logs'}")
        else:
            shutil.rmtree(folder.path, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
