"""The result of a use case that did nothing: a value, not an exception."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nothing was changed.

    Attributes:
        message: one sentence for a person.
    """

    message: str
