"""Whether the whole installation can work, and what to do if not: a list of checks, each with a sentence. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# A process that has given no sign of life for so long is not alive; they come every ten seconds.
ALIVE_WITHIN = timedelta(seconds=60)
# What beat asks for every few seconds was carried out within this time; it is stored with a sign of life.
SWEPT_WITHIN = timedelta(minutes=2)

# The queue of each step's workers, and what stands still without them.
QUEUES = {
    "ingest": "new payments are not read",
    "match": "nothing is decided",
    "push": "no payment reaches the target",
    "routine": "nothing that was missed is found: no sweep, no catch-up, no reconciliation",
    "copy": "the Sync Tool copies nothing",
    "notify": "no webhook of an organization is told anything",
}


@dataclass(frozen=True, slots=True)
class Alive:
    """A process with its last sign of life."""

    name: str
    kind: str
    queues: frozenset[str]
    at: datetime

    def is_alive(self, now: datetime) -> bool:
        return now - self.at <= ALIVE_WITHIN


@dataclass(frozen=True, slots=True)
class Installation:
    """What was found out.

    Attributes:
        database: what is wrong with it ("away", "busy", "refused"); "" if it answers.
        schema, needed_schema: the revision that it has, and the one that this program needs.
        redis: what is wrong with it; "" if it answers.
        processes: all that gave a sign of life lately.
        swept_at: when a sweep was last carried out.
        schema_is_newer: a later release has upgraded the schema; migrations leave it working for this one.
    """

    database: str
    schema: str | None
    needed_schema: str | None
    redis: str
    processes: Sequence[Alive]
    swept_at: datetime | None
    schema_is_newer: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the answer.

    Attributes:
        what: what was found, as a sentence.
        advice: what to do; "" if all is well.
    """

    name: str
    ok: bool
    what: str
    advice: str = ""


def checks_for_requests(found: Installation) -> Iterator[Check]:
    """What a web process needs to take deliveries and to show pages."""
    if found.database:
        yield Check(
            "database",
            ok=False,
            what=f"The database cannot be used: {found.database}.",
            advice="Start it, or see to its load and its disk. Nothing is lost: deliveries come again, work waits.",
        )
        return
    yield Check("database", ok=True, what="The database answers.")
    yield check_of_schema(found.schema, found.needed_schema, is_newer=found.schema_is_newer)


def check_of_schema(current: str | None, needed: str | None, *, is_newer: bool) -> Check:
    """Whether the database has the tables that this program needs.

    Args:
        current: its revision; None without any tables.
        is_newer: a later release has upgraded it, and this one can work with that.
    """
    if current == needed:
        return Check("schema", ok=True, what=f"The schema is up to date: {current}.")
    if is_newer:
        return Check("schema", ok=True, what=f"A later release has upgraded the schema to {current}.")
    return Check(
        "schema",
        ok=False,
        what=f"The schema is {current or 'missing'}; this release needs {needed}.",
        advice="Run: python -m cli database upgrade.",
    )


def all_checks(found: Installation, now: datetime) -> Iterator[Check]:
    """Everything that has to work so that payments arrive."""
    yield from checks_for_requests(found)
    if found.redis:
        yield Check(
            "redis",
            ok=False,
            what=f"Redis does not answer: {found.redis}.",
            advice="Bring one back, an empty one is fine. Work waits, and goes on with the next sweep.",
        )
    else:
        yield Check("redis", ok=True, what="Redis answers.")
    if found.database:
        # The signs of life are in it.
        return
    yield from checks_of_processes(found, now)


def checks_of_processes(found: Installation, now: datetime) -> Iterator[Check]:
    """Whether every kind of work has somebody who does it."""
    alive = [one for one in found.processes if one.is_alive(now)]
    for queue, without in QUEUES.items():
        yield _worker(queue, without, alive)
    yield _beat(found.processes, now)
    yield _sweep(found.swept_at, now)


def _worker(queue: str, without: str, alive: Collection[Alive]) -> Check:
    count = sum(queue in one.queues for one in alive)
    name = f"worker:{queue}"
    if count:
        return Check(name, ok=True, what=f"{count} worker{'' if count == 1 else 's'} of the queue {queue} alive.")
    line = "ingest" if queue == "routine" else queue
    return Check(
        name,
        ok=False,
        what=f"No worker of the queue {queue} is alive: {without}.",
        advice=f"Start the line '{line}' of the Procfile, and read its log if it ends or stays silent.",
    )


def _beat(processes: Collection[Alive], now: datetime) -> Check:
    ticks = [one.at for one in processes if one.kind == "beat"]
    if ticks and now - max(ticks) <= ALIVE_WITHIN:
        return Check("beat", ok=True, what=f"beat ticked {_ago(max(ticks), now)}.")
    last = f"its last tick was {_ago(max(ticks), now)}" if ticks else "it has not ticked within the last hour"
    return Check(
        "beat",
        ok=False,
        what=f"beat does not tick: {last}. Payments still arrive by their nudges; what was missed is not found.",
        advice="Start the line 'beat' of the Procfile. Two of them do no harm.",
    )


def _sweep(swept_at: datetime | None, now: datetime) -> Check:
    if swept_at is not None and now - swept_at <= SWEPT_WITHIN:
        return Check("sweep", ok=True, what=f"The last sweep was {_ago(swept_at, now)}.")
    last = "There was no sweep yet" if swept_at is None else f"The last sweep was {_ago(swept_at, now)}"
    return Check(
        "sweep",
        ok=False,
        what=f"{last}.",
        advice="If beat ticks and an ingest worker is alive, messages do not get through Redis: read the ingest log.",
    )


def _ago(moment: datetime, now: datetime) -> str:
    return f"{max((now - moment).total_seconds(), 0):.0f} s ago"
