"""What an installation needs in order to work, check by check, each with what to do about it. Pure.

A check that fails means that payments stand still, or soon will; one that warns means that something is at risk, or
waits for a person. The words are for an operator.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from domain.clocks import CLOCKS_APART_MAX
from domain.readiness import Check as Ready
from domain.readiness import check_of_schema

# Clocks that somebody keeps synchronized are nearer to each other than this.
CLOCKS_DRIFT: Final = timedelta(seconds=10)


class Level(StrEnum):
    """The order is from good to bad."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report.

    Attributes:
        name: what was looked at, the same at every run.
        what: what was found, as a sentence.
        advice: what to do; "" where all is well.
    """

    name: str
    level: Level
    what: str
    advice: str = ""


def worst(checks: Collection[Check]) -> Level:
    """The level of the whole report."""
    levels = list(Level)
    return max((one.level for one in checks), key=levels.index, default=Level.OK)


def check_settings(problems: Sequence[str]) -> list[Check]:
    """One line for each problem: who repairs one setting at a time starts the program once for each."""
    if not problems:
        return [Check("settings", Level.OK, "The settings can be used.")]
    advice = "Set it in .env or in the environment of every process, then start the processes anew."
    return [Check("settings", Level.FAIL, problem, advice) for problem in problems]


def check_secrets_of_vendors(missing: Mapping[str, Sequence[str]]) -> Check:
    """Says which vendors' own settings are missing; the values are by the vendor's label."""
    if not missing:
        return Check("vendors", Level.OK, "Every vendor has the settings without which no call succeeds.")
    told = "; ".join(f"{label}: {', '.join(names)}" for label, names in missing.items())
    return Check(
        "vendors",
        Level.WARN,
        f"Settings of vendors are missing: {told}.",
        "Set them if organizations use these systems; docs/operations.md says where each comes from.",
    )


def check_schema(current: str | None, needed: str | None, *, is_newer: bool) -> Check:
    """The same as `/readyz` says of it."""
    return _as_line(check_of_schema(current, needed, is_newer=is_newer))


def check_kind_of_database(dialect: str, *, production: bool) -> Check:
    """SQLite serves one machine; several hosts need PostgreSQL."""
    if dialect == "sqlite" and production:
        return Check(
            "database",
            Level.WARN,
            "The database answers. It is SQLite, which one machine alone can use, one writer at a time.",
            "Set DATABASE_URL to a PostgreSQL server before there are several hosts or many organizations.",
        )
    return Check("database", Level.OK, f"The database answers: {dialect}.")


def check_clock(name: str, apart: timedelta) -> Check:
    """How far another clock is from ours; leases, settle times and tokens go by both."""
    apart = abs(apart)
    told = f"The clock of {name} and ours are {apart.total_seconds():.0f} s apart"
    if apart <= CLOCKS_DRIFT:
        return Check(f"clock:{name}", Level.OK, f"{told}.")
    level = Level.FAIL if apart > CLOCKS_APART_MAX else Level.WARN
    return Check(
        f"clock:{name}",
        level,
        f"{told}; leases and waiting times go by both.",
        "Synchronize the clocks of all hosts. The sweep brings back moments that were stored too far in the future.",
    )


@dataclass(frozen=True, slots=True)
class RedisFound:
    """What Redis says of itself.

    Attributes:
        policy: what it does when its memory is full; "" if it does not say.
        keeps_log: it writes every change to disk (AOF).
        is_replica: it takes no writes.
        trouble: the last write to disk failed.
    """

    version: str
    policy: str
    keeps_log: bool
    is_replica: bool
    trouble: bool


def check_redis(found: RedisFound, *, production: bool) -> Iterator[Check]:
    """Whether it keeps what it is given."""
    if found.is_replica:
        yield Check(
            "redis",
            Level.FAIL,
            f"Redis {found.version} answers, but it is a replica, which takes no writes.",
            "Let REDIS_URL name the master; after a failover that is another host.",
        )
    else:
        yield Check("redis", Level.OK, f"Redis {found.version} answers.")
    if found.policy in ("noeviction", ""):
        yield Check("redis:policy", Level.OK, "Redis evicts nothing when its memory is full.")
    else:
        yield Check(
            "redis:policy",
            Level.FAIL,
            f"Redis evicts keys when its memory is full ({found.policy}), so nudges and limits get lost silently.",
            "Set maxmemory-policy to noeviction.",
        )
    if found.trouble:
        yield Check(
            "redis:persistence",
            Level.FAIL,
            "Redis could not write to its disk the last time, and may refuse writes.",
            "Make room on its disk, and look into its log.",
        )
    elif found.keeps_log or not production:
        kept = "writes every change to disk" if found.keeps_log else "keeps its data in memory, which is enough here"
        yield Check("redis:persistence", Level.OK, f"Redis {kept}.")
    else:
        yield Check(
            "redis:persistence",
            Level.WARN,
            "Redis logs no changes: a restart loses nudges and login limits. The sweep finds the work again.",
            "Set appendonly to yes.",
        )


def no_redis(trouble: str) -> Check:
    """Redis cannot be asked."""
    return Check(
        "redis",
        Level.FAIL,
        f"There is no Redis to use: {trouble}.",
        "Start it, or correct REDIS_URL; an empty one is fine. Work waits in the database meanwhile.",
    )


def check_keys(unreadable: Mapping[str, Sequence[int]], sealed: int) -> Check:
    """Whether the keys open all that is sealed.

    Args:
        unreadable: the ids of those whose secrets no key opens, by what they are.
        sealed: how many secrets there are.
    """
    if not any(unreadable.values()):
        return Check("keys", Level.OK, f"ENCRYPTION_KEYS opens all of the {sealed:,} stored secrets.")
    told = "; ".join(f"{what} {', '.join(map(str, ids[:5]))}" for what, ids in unreadable.items() if ids)
    return Check(
        "keys",
        Level.FAIL,
        f"No key of ENCRYPTION_KEYS opens the stored secrets of: {told}.",
        "Put the missing older key back behind the newest one; else these are connected or set up anew.",
    )


def check_private(paths: Sequence[str]) -> Check:
    """Whether other users of the machine can read what holds secrets."""
    if not paths:
        return Check("files", Level.OK, "Nobody else on this machine can read the settings and the embedded database.")
    return Check(
        "files",
        Level.WARN,
        f"Other users of this machine can read {', '.join(paths)}.",
        f"Run: chmod go= {' '.join(paths)}",
    )


def check_processes(found: Iterable[Ready]) -> Iterator[Check]:
    """The same as `/readyz` says (`domain/readiness.py`): without one of them payments stand still."""
    return map(_as_line, found)


def _as_line(ready: Ready) -> Check:
    return Check(ready.name, Level.OK if ready.ok else Level.FAIL, ready.what, ready.advice)
