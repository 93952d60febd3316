"""Asking whoever sits at the terminal before something is done that others will see."""

import getpass
import sys

import typer

from cli.failures import Refusal


def must_be_askable(is_yes: bool, option: str = "--yes") -> None:
    """Refuses before anything is begun, if nobody could answer the question at its end, which the option answers."""
    if not is_yes and not sys.stdin.isatty():
        raise Refusal(f"nobody is at the terminal to be asked; add {option}")


def ask(question: str) -> None:
    """Goes on only after a yes."""
    must_be_askable(is_yes=False)
    if not typer.confirm(question, err=True):
        raise Refusal("nothing was changed")


def who_asks() -> str:
    """Who sits at the terminal, for a history that names who wanted something."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError, ImportError):
        # In a container a process may run under a number that has no name.
        return "command line"
