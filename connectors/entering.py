"""How a person connects an account by hand: what a vendor asks for, and how it reads what was entered.

The command line makes one command of each description, and a page could make a form of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class AskedValue:
    """A value that is no secret.

    Attributes:
        name: as the account's settings or `ByHand.read` name it.
        flag: its option on the command line.
        help: what to enter, for a person.
    """

    name: str
    flag: str
    help: str
    kind: type[str] | type[int] = str
    required: bool = False


@dataclass(frozen=True, slots=True)
class AskedSecret:
    """One secret: its name in a file, its environment variable, and what a prompt asks for."""

    name: str
    variable: str
    prompt: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Entered:
    """An account as it was entered, with the options of its connection that were chosen."""

    account_id: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """What a vendor asks a person for.

    Attributes:
        account: the account in a sentence, such as "a QuickBooks company".
        secrets_help: where the secrets come from, as sentences.
        examples: the arguments behind the organization's name, one line for each example.
        read: what was entered, or the problem with it, as the end of a sentence.
        kept: the secrets as the connector stores them, or the problem with them.
    """

    account: str
    secrets_help: str
    examples: Sequence[str]
    values: Sequence[AskedValue]
    secrets: Sequence[AskedSecret]
    read: Callable[[Mapping[str, Any]], Entered | str]
    kept: Callable[[Mapping[str, Any]], Mapping[str, Any] | str]
