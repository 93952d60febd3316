"""Secrets come from the environment, a file, a pipe or a hidden prompt; never from arguments, which `ps` shows."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from getpass import getpass
from pathlib import Path
from typing import Annotated, Any

import simplejson
import typer

from cli.failures import Refusal
from cli.output import note
from connectors.entering import AskedSecret

SecretsFile = Annotated[
    Path | None,
    typer.Option("--secrets-file", metavar="FILE", help="A JSON file with the secrets; - reads it from the pipe."),
]


def read_secrets(wanted: Sequence[AskedSecret], file: Path | None) -> dict[str, Any]:
    """The secrets: from the file if one is given, else from the environment, else from a prompt at the terminal."""
    if file is not None:
        given = _read_file(file)
        missing = [one.name for one in wanted if not one.optional and not given.get(one.name)]
        if missing:
            raise Refusal(f"the secrets file lacks {', '.join(missing)}")
        return given
    return {one.name: value for one in wanted if (value := os.environ.get(one.variable, "").strip() or _ask(one))}


def warn_if_open_to_others(file: Path) -> None:
    """Warns about a secret file that others can read; we do not change its mode, because it is not ours."""
    from models.private_files import is_open_to_others

    if is_open_to_others(file):
        note(f"note: other users of this machine may read {file}; run: chmod 600 {shlex.quote(str(file))}")


def _read_file(file: Path) -> dict[str, Any]:
    warn_if_open_to_others(file)
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8-sig")
        parsed = simplejson.loads(text, use_decimal=True)
    except OSError as error:
        raise Refusal(f"the secrets file cannot be read: {error.strerror}") from None
    except ValueError:
        # The error is not repeated: its message would show a piece of the secrets.
        raise Refusal("the secrets file is not JSON") from None
    if not isinstance(parsed, Mapping):
        raise Refusal("the secrets file must hold one JSON object")
    return dict(parsed)


def _ask(wanted: AskedSecret) -> str:
    if not sys.stdin.isatty():
        if wanted.optional:
            return ""
        raise Refusal(f"{wanted.variable} is not set; set it, or use --secrets-file, or run this at a terminal")
    # Not typer's prompt: it prints before it turns the echo off, so fast pasted input would be visible.
    prompt = f"{wanted.prompt}{' (Enter for none)' if wanted.optional else ''}: "
    while not (entered := getpass(prompt).strip()) and not wanted.optional:
        pass
    return entered
