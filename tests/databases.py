"""On which of the two databases a test runs."""

from enum import Enum, auto

DATABASES = ("sqlite", "postgresql")


class About(Enum):
    """What a test says of the two databases."""

    # What SQL, locks or transactions do is its subject.
    THE_DATABASE = auto()
    # What it decides is the same on either, but it brings statements that few others bring.
    STATEMENTS = auto()
    NEITHER = auto()


def databases_for(asked: str, about: About) -> tuple[str, ...]:
    """On which databases a test runs; `asked` is what `--databases` says.

    As marked, each test runs once: where the database decides, on PostgreSQL, which is what runs in production, and
    elsewhere on SQLite, where a test costs half. What is left out then is the same on the other one.
    """
    sqlite, postgresql = DATABASES
    match asked:
        case "both":
            return DATABASES
        case "as-marked":
            return (postgresql,) if about is About.THE_DATABASE else (sqlite,)
        case "left-out":
            left_out = {About.THE_DATABASE: (sqlite,), About.STATEMENTS: (postgresql,), About.NEITHER: ()}
            return left_out[about]
        case _:
            return (asked,)
