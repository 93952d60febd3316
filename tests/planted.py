"""Secrets that are planted where secrets can be, and the search for them in whatever spelling they come out again."""

import base64
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

# What was cut off is secret as well.
RUN_CHARACTERS = 16


def random_secret() -> str:
    """Unlike any word, and with a letter that addresses have to quote."""
    return f"Zq+{secrets.token_hex(16)}"


@dataclass
class Planted:
    """Secrets by what they are.

    Attributes:
        customers: what people of a customer would not like to read in a log; pages may show it.
    """

    secrets: dict[str, str] = field(default_factory=dict)
    customers: dict[str, str] = field(default_factory=dict)

    def plant(self, name: str, value: str = "") -> str:
        self.secrets[name] = value or random_secret()
        return self.secrets[name]

    def found_in(self, places: Mapping[str, str | bytes], *, customers: bool) -> set[str]:
        """Which secrets are to be seen where."""
        wanted = self.secrets | (self.customers if customers else {})
        needles = [(name, spelling.lower()) for name, value in wanted.items() for spelling in spellings(value)]
        found = set()
        for place, content in places.items():
            text = (content if isinstance(content, str) else content.decode("latin-1")).lower()
            found |= {f"{name} in {place}" for name, needle in needles if needle in text}
        return found

    def echo(self) -> str:
        """What a careless server answers: everything that it was ever sent, in the spellings of a debug page."""
        return "; ".join(f"{name}: {one}" for name, value in self.secrets.items() for one in spellings(value))


def spellings(value: str) -> Iterator[str]:
    raw = value.encode()
    yield value
    yield quote(value, safe="")
    yield raw.hex()
    yield value[:RUN_CHARACTERS]
    yield value[-RUN_CHARACTERS:]
    for before in range(3):
        # Wherever it stands in what was encoded; the letters at both ends belong to its neighbours too.
        encoded = base64.b64encode(b"x" * before + raw).decode().rstrip("=")
        yield encoded[4:-2] if before else encoded[:-2]
        yield base64.urlsafe_b64encode(b"x" * before + raw).decode().rstrip("=")[4 if before else 0 : -2]
