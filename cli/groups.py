"""Groups of commands that are cheap to look at: a help page or a wrong command imports little and ends at once.

A group's module is imported when the group is asked for, and a command imports what it needs when it runs.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_command

from cli.clocks import show_times_of


class Group(TyperGroup):
    """A group of commands."""

    def get_help_option(self, ctx: Any) -> Any:
        """The option --help. Without a default, typer would import pydantic to check that no value is none."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False
        return option


class TopGroup(Group):
    """The top group. Each group in it is a stand-in, a name with a line of help, until it is asked for."""

    modules: ClassVar[Mapping[str, str]] = {}

    def invoke(self, ctx: Any) -> Any:
        """Each command line begins with nobody's clocks; it may be about no organization, or about all of them."""
        show_times_of(None)
        return super().invoke(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Finds the command that was typed."""
        if args:
            self.load(args[0])
        return super().resolve_command(ctx, args)

    def load(self, name: str) -> None:
        """Puts the real group in the place of its stand-in."""
        if name in self.modules:
            group = get_command(import_module(self.modules[name]).app)
            group.name, group.help = name, self.commands[name].help
            self.commands[name] = group


def new_group(**options: Any) -> typer.Typer:
    """A group for commands to be declared in; called without one, it prints its help."""
    return typer.Typer(cls=Group, no_args_is_help=True, add_completion=False, **options)
