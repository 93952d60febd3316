"""How a failed command ends: one line on stderr, exit code 2, no traceback."""

import sys
from typing import Any

from typer import Abort
from typer.exceptions import TyperException

from cli.groups import TopGroup
from domain.visible_text import visible
from workers.terminal import hang, terminal_width

REFUSED = 2


class Refusal(Exception):
    """The command cannot go on; the message is one line for a person."""


class OneLineErrors(TopGroup):
    """The top group: every error below it becomes one line."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Runs the command and ends the process with its exit code."""
        options["standalone_mode"] = False
        try:
            code = super().main(*args, **options)
        except Abort:
            _end("stopped")
        except TyperException as error:
            _end(_usage(error))
        except Refusal as refusal:
            _end(str(refusal))
        except Exception as error:
            told = _in_one_line(error)
            if told is None:
                raise
            _end(told)
        else:
            sys.exit(code if isinstance(code, int) else 0)


def _end(message: str) -> None:
    line = " ".join(message.split())
    if line:
        said = visible(f"error: {line}")
        sys.stderr.write((hang(said, terminal_width()) if sys.stderr.isatty() else said) + "\n")
    sys.exit(REFUSED)


def _usage(error: TyperException) -> str:
    """A wrong option or argument; a group without a command has shown its help already and has nothing to add."""
    message = error.format_message().replace("Value error, ", "").rstrip(".")
    context = getattr(error, "ctx", None)
    if not message or context is None:
        return message
    return f"{message} (see: {context.command_path} --help)"


def _in_one_line(error: Exception) -> str | None:
    """What a person reads instead of a traceback; None for a bug of ours."""
    # Imported only now: a command that ends well, and every help page, comes without them.
    from pydantic import ValidationError
    from redis import RedisError

    from models.schema import SchemaTooOld
    from models.secrets import SecretsUnreadable
    from models.unavailable import DatabaseBusy, DatabaseRefused, DatabaseUnavailable
    from settings.problems import what_to_repair

    match error:
        case ValidationError():
            return what_to_repair(error)
        case SecretsUnreadable() | SchemaTooOld():
            return f"{error}"
        case DatabaseBusy():
            return f"the database is busy: {error}; try again in a moment"
        case DatabaseUnavailable() | DatabaseRefused():
            return _about_the_database(error)
        case RedisError():
            return f"Redis does not do what it was asked: {error}"
        case OSError():
            # No room on the disk, no right to a file, no port: the system's own words name the cause.
            return f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
        case _:
            return None


def _about_the_database(error: Exception) -> str:
    from models.schema import schema_state
    from models.unavailable import DatabaseUnavailable
    from settings import load_settings

    first_line = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    try:
        state = schema_state(load_settings().effective_database_url)
    except DatabaseUnavailable:
        return f"the database cannot be reached: {first_line}"
    if state.current is None:
        return "the database has no tables yet; run: python -m cli database upgrade"
    if not state.is_up_to_date:
        known = f"revision {state.current}, and this program needs {state.needed}"
        return f"the database is at {known}; run: python -m cli database upgrade"
    return f"the database refused: {first_line}"
