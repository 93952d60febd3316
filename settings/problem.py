"""One thing that is wrong with the settings."""

from dataclasses import dataclass

from pydantic_core import InitErrorDetails, PydanticCustomError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to repair.

    Attributes:
        name: the setting, as its field is called; empty for one that is about none of them.
        what: what is wrong and what to do, without the value, which may be a secret.
        others: settings that it is about as well.
    """

    name: str
    what: str
    others: tuple[str, ...] = ()

    def as_error(self) -> InitErrorDetails:
        return InitErrorDetails(
            type=PydanticCustomError("setting", "{what}", {"what": self.what}), loc=(self.name,), input=None
        )
