"""`doctor`: everything that an installation needs, looked at in one go; each line with what to do."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli.output import AsJson, examples, print_json, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.doctor import Check
    from settings import Settings

DOCTOR_EPILOG = examples("doctor", "doctor --json")
# A monitor tells by them what to do: nothing, have a look by day, wake somebody.
_EXIT = {"ok": 0, "warn": 1, "fail": 2}
_SETTINGS_FILE = Path(".env")
_WIDTH = 5


def doctor(as_json: AsJson = False) -> None:
    """Looks at settings, database, schema, Redis, clocks, keys, files, processes and connections, and says what to do.

    Ends with exit code 0 if all is well, 1 if something is at risk, 2 if payments stand still. Changes nothing, and
    calls no outside system.
    """
    from domain.doctor import worst

    checks = list(_examine())
    level = worst(checks)
    if as_json:
        print_json({"level": level, "checks": [asdict(one) for one in checks]})
    else:
        for one in checks:
            say(f"{one.level.upper():<{_WIDTH}} {one.name}: {one.what}{f' -> {one.advice}' if one.advice else ''}")
    raise typer.Exit(_EXIT[level])


def _examine() -> Iterator[Check]:
    from domain.doctor import check_settings

    settings, problems = _settings()
    yield from check_settings(problems)
    if settings is None:
        # Whoever does not know where the database is cannot ask it.
        return
    yield _vendors(settings)
    yield _files(settings)
    yield from _database(settings)
    yield from _redis(settings)


def _settings() -> tuple[Settings | None, list[str]]:
    """The settings, if they can be used, and everything that is wrong with them."""
    from pydantic import ValidationError

    from cli.failures import Refusal
    from cli.opening import public_address, read_settings

    try:
        settings = read_settings()
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False, include_context=False)
        return None, [_problem(tuple(one["loc"]), one["msg"]) for one in told]
    except Refusal as refusal:
        return None, [str(refusal)]
    try:
        public_address(settings)
    except Refusal as refusal:
        return settings, [str(refusal)]
    return settings, []


def _problem(place: tuple[int | str, ...], message: str) -> str:
    name = ".".join(str(part) for part in place).upper()
    text = message.removeprefix("Value error, ")
    return text if not name or text.startswith(f"{name} ") else f"{name}: {text}"


def _vendors(settings: Settings) -> Check:
    from connectors.registry import configured
    from domain.doctor import check_secrets_of_vendors

    vendors = configured(settings.of_vendor).values()
    missing = {one.label: list(one.missing_settings({})) for one in vendors}
    return check_secrets_of_vendors({label: names for label, names in missing.items() if names})


def _files(settings: Settings) -> Check:
    from domain.doctor import check_private
    from models.private_files import is_open_to_others

    paths = [_SETTINGS_FILE]
    if not settings.database_url:
        paths.append(settings.state_dir / "payments.sqlite")
    return check_private([str(path) for path in paths if is_open_to_others(path)])


def _database(settings: Settings) -> Iterator[Check]:
    from domain.doctor import Check, Level, check_kind_of_database, check_schema
    from models.database import Database
    from models.schema import schema_state
    from models.unavailable import DatabaseRefused, DatabaseUnavailable
    from settings.environment import Environment

    url = settings.effective_database_url
    advice = "Start it, correct DATABASE_URL, or see to its load and its disk. Nothing is lost: work waits."
    try:
        state = schema_state(url)
        if state.current is not None:
            with closing(Database(url, pool_size=1)) as database:
                database.ping()
                dialect = database.engine.dialect.name
        else:
            dialect = url.partition("+")[0].partition(":")[0]
    except (DatabaseUnavailable, DatabaseRefused) as error:
        first_line = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        yield Check("database", Level.FAIL, f"The database cannot be used: {first_line}.", advice)
        return
    yield check_kind_of_database(dialect, production=settings.environment is Environment.PRODUCTION)
    yield check_schema(state.current, state.needed, is_newer=state.is_newer)
    if not state.can_be_worked_with:
        return
    from usecases.doctor import examine_database
    from workers.composition import build_context

    context = build_context(settings.model_copy(update={"redis_url": ""}), None)
    try:
        yield from list(examine_database(context))
    finally:
        context.database.close()


def _redis(settings: Settings) -> Iterator[Check]:
    import redis

    from cli.redis_location import PING_SECONDS, find_redis
    from domain.doctor import RedisFound, check_clock, check_redis, no_redis
    from settings.environment import Environment
    from workers.redis_client import redis_client

    found = find_redis(settings)
    client = redis_client(settings.model_copy(update={"redis_url": found.url}), PING_SECONDS) if found.url else None
    if client is None:
        yield no_redis(found.trouble or "none is configured, and the embedded one does not run (make up starts it)")
        return
    with closing(client):
        try:
            told = client.info()
            seconds, microseconds = client.time()
        except redis.RedisError as error:
            yield no_redis(f"it does not do what it was asked ({error})")
            return
    its_clock = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)
    writes_failed = "err" in (told.get("aof_last_write_status"), told.get("rdb_last_bgsave_status"))
    state = RedisFound(
        version=str(told.get("redis_version", "")),
        policy=str(told.get("maxmemory_policy", "")),
        keeps_log=bool(told.get("aof_enabled")),
        is_replica=told.get("role") == "slave",
        trouble=writes_failed,
    )
    yield from check_redis(state, production=settings.environment is Environment.PRODUCTION)
    yield check_clock("redis", its_clock - datetime.now(UTC))
