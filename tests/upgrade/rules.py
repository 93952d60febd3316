"""What a migration may not do to a database that the last release works with, as questions about its statements. Pure.

docs/upgrading.md says why, and what to do instead.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

# So few rows, one for each organization, connection, endpoint or person, that an index is there within milliseconds.
SMALL = frozenset(
    {
        "api_token",
        "books_lists",
        "connection",
        "dashboard_user",
        "endpoint",
        "gap",
        "installation",
        "invitation",
        "organization",
        "second_factor",
    }
)
# Triggers on tables that the last release writes to, and why it can work with them.
TRIGGERS = {"ledger_entry_of_older_programs": "it only adds a row to a table that the last release does not know"}


@dataclass(frozen=True)
class Known:
    """What the last release has: its tables with their columns, and what it says that it no longer uses itself."""

    columns: Mapping[str, frozenset[str]]
    left_behind: frozenset[str] = frozenset()


def problems_of(statements: Sequence[str], known: Known) -> list[str]:
    """What is wrong with a migration that consists of these statements, as sentences."""
    plain = [re.sub(r'["\s]+', " ", one).strip() for one in statements]
    found = [problem for one in plain for problem in _problems(one, known)]
    if any("CONCURRENTLY" in one for one in plain) and any(_DEFINES.match(one) for one in plain):
        found.append(
            "makes an index online and changes something else: it cannot be one transaction; give the index a migration"
            " of its own"
        )
    return found


_DEFINES = re.compile(r"(CREATE|ALTER|DROP) (TABLE|TRIGGER|FUNCTION)\b", re.IGNORECASE)
_ALTER = re.compile(r"ALTER TABLE (?:ONLY )?(\w+) (.+)", re.IGNORECASE)
_INDEX = re.compile(r"CREATE (UNIQUE )?INDEX (CONCURRENTLY )?(?:IF NOT EXISTS )?(\w+) ON (\w+)", re.IGNORECASE)
_DROP = re.compile(r"DROP (TABLE|TRIGGER|FUNCTION|INDEX)(?: CONCURRENTLY)?(?: IF EXISTS)? (\w+)", re.IGNORECASE)
_TRIGGER = re.compile(r"CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER (\w+) .*? ON (\w+)", re.IGNORECASE)
_CHANGE = re.compile(r"(UPDATE|DELETE FROM) (\w+)", re.IGNORECASE)
_BOUNDED = re.compile(r"\b(BETWEEN|LIMIT)\b", re.IGNORECASE)
_VOLATILE = re.compile(r"DEFAULT \S*(random|uuid|nextval|clock_timestamp)", re.IGNORECASE)


def _problems(statement: str, known: Known) -> Iterator[str]:
    if (altered := _ALTER.match(statement)) and altered[1] in known.columns:
        yield from _of_table(altered[1], altered[2], known)
    if (index := _INDEX.match(statement)) and index[4] in known.columns:
        yield from _of_index(index[3], index[4], is_unique=bool(index[1]), is_online=bool(index[2]))
    if dropped := _DROP.match(statement):
        yield from _of_drop(dropped[1].upper(), dropped[2], statement.upper(), known)
    if (trigger := _TRIGGER.match(statement)) and trigger[2] in known.columns and trigger[1] not in TRIGGERS:
        yield f"the trigger {trigger[1]} on {trigger[2]} also acts on what the last release writes; say why it can be"
    change = _CHANGE.match(statement)
    if change and change[2] in known.columns.keys() - SMALL and not _BOUNDED.search(statement):
        yield f"changes {change[2]} as a whole: its rows are locked until the end; do it in pieces"
    if statement.upper().startswith("LOCK TABLE"):
        yield "locks a table: whoever works in it waits"


def _of_index(name: str, table: str, *, is_unique: bool, is_online: bool) -> Iterator[str]:
    if is_unique:
        yield f"{name} is unique on {table}, and the last release may write what it forbids"
    if not is_online and table not in SMALL:
        yield f"{name} keeps everybody from writing to {table} while it is built; use create_index_online"


def _of_drop(kind: str, name: str, statement: str, known: Known) -> Iterator[str]:
    if kind == "INDEX":
        if "CONCURRENTLY" not in statement:
            yield f"takes away {name} under a lock; use replace_index_online, or drop it concurrently"
        return
    is_ours_alone = kind == "TABLE" and name not in known.columns
    if not is_ours_alone and name not in known.left_behind:
        yield f"takes away {name}, which the last release may use; releases.toml says what it left behind"


def _of_table(table: str, change: str, known: Known) -> Iterator[str]:
    words = change.upper()
    if words.startswith("ADD COLUMN"):
        if "NOT NULL" in words and "DEFAULT" not in words:
            yield f"{table} gets a column that must not be empty, and the last release leaves it empty: {change}"
        if _VOLATILE.search(change):
            yield f"{table} is written anew, row by row, under a lock: {change}"
    elif dropped := re.match(r"DROP COLUMN (?:IF EXISTS )?(\w+)", change, re.IGNORECASE):
        if dropped[1] in known.columns[table] and f"{table}.{dropped[1]}" not in known.left_behind:
            yield f"takes away {table}.{dropped[1]}, which the last release may use"
    elif words.startswith("RENAME"):
        yield f"the last release does not know the new name in {table}: {change}"
    elif words.startswith("ALTER COLUMN") and (" TYPE " in words or "SET NOT NULL" in words or "DROP DEFAULT" in words):
        yield f"{table} is read or written anew under a lock, or refuses what the last release writes: {change}"
    elif words.startswith("ADD CONSTRAINT") and "NOT VALID" not in words and "USING INDEX" not in words:
        yield f"all rows of {table} are checked under a lock; add it NOT VALID, and validate it in a later migration"
