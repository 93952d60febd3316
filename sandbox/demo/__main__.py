"""`python -m sandbox.demo`: set up everything, play every story, print the table and the audit, and say if it held."""

import argparse
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from sandbox.demo.play import judge, open_theatre
from sandbox.demo.report import Reporter
from sandbox.stack import Stack, running_stack
from tasks.context import Context
from tasks.results import Rejected
from tasks.users import create_login_link, create_user
from workers.redis_server import RedisUnavailable


def main() -> int:
    options = _arguments()
    reporter = Reporter()
    stay = sys.stdin.isatty() and sys.stdout.isatty() and not options.once
    try:
        with (
            _state_dir(options.state_dir) as state_dir,
            running_stack(state_dir, database_url=options.database_url, say=reporter.say) as stack,
        ):
            return _run(stack, reporter, stay=stay)
    except RedisUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        reporter.say("Stopped.")
        return 130


def _run(stack: Stack, reporter: Reporter, *, stay: bool) -> int:
    _log_to_file(stack)
    theatre = open_theatre(stack, reporter)
    try:
        played = theatre.play_all()
        broken = judge(theatre, played, reporter.seconds)
        if stay:
            _stay(stack, theatre.context, reporter)
    finally:
        theatre.context.database.close()
    return 1 if broken else 0


def _log_to_file(stack: Stack) -> None:
    """The demo's own use cases log like the other processes: into a file, not between the stories."""
    log = (stack.state_dir / "logs" / "demo.log").open("a", encoding="utf-8")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(log))


def _stay(stack: Stack, context: Context, reporter: Reporter) -> None:
    reporter.console.print()
    reporter.console.print(f"Everything keeps running. Logs: {stack.state_dir / 'logs'}")
    for name, url in (
        ("Dashboard", _dashboard_link(stack, context)),
        ("Flower", stack.flower_url),
        ("QuickBooks sandbox", stack.quickbooks_url),
        ("ConnectWise sandbox", stack.connectwise_url),
    ):
        reporter.console.print(f"  {name:<20} {url}", soft_wrap=True, highlight=False)
    reporter.console.print("The dashboard's address works once, within five minutes. Ctrl-C stops it all.")
    threading.Event().wait()


def _dashboard_link(stack: Stack, context: Context) -> str:
    """An address that logs an operator in, so that nobody has to make up a password to look around."""
    email = "operator@example.com"
    create_user(context, email, None, None)
    token = create_login_link(context, stack.settings.secret_key.get_secret_value(), email)
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


@contextmanager
def _state_dir(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        yield chosen.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="payments-demo-") as temporary:
        yield Path(temporary)


if __name__ == "__main__":
    sys.exit(main())
