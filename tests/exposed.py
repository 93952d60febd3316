"""What an installation shows of itself to whoever looks into its Redis and its database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis

from tests.servers import psycopg_url
from tests.until import wait_until
from workers.redis_server import free_port, server_programs, signal_group, spawn


@contextmanager
def guarded_redis(folder: Path, password: str) -> Iterator[int]:
    """A Redis that asks for a password; nobody sees it in the list of processes."""
    port = free_port()
    folder.mkdir(parents=True)
    (folder / "redis.conf").write_text(
        f"port {port}\nbind 127.0.0.1\nsave ''\nrequirepass {password}\n".replace("''", '""')
    )
    with (folder / "redis.log").open("ab") as log:
        process = spawn([next(server_programs()), str(folder / "redis.conf")], stdout=log, stderr=log, cwd=folder)
    try:
        client = redis.Redis(port=port, password=password)
        wait_until(lambda: answers(client), "Redis answers")
        client.close()
        yield port
    finally:
        signal_group(process, 9)
        process.wait()


def answers(client: "redis.Redis[bytes]") -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def value_of(client: "redis.Redis[bytes]", key: bytes) -> object:
    kind = client.type(key)
    reads: dict[bytes, Callable[[], object]] = {
        b"string": lambda: client.get(key),
        b"list": lambda: client.lrange(key, 0, -1),
        b"set": lambda: client.smembers(key),
        b"zset": lambda: client.zrange(key, 0, -1),
        b"hash": lambda: client.hgetall(key),
    }
    return reads[kind]() if kind in reads else None


def rows_of(url: str) -> dict[str, str | bytes]:
    """The database as somebody reads it who has stolen it, without the keys."""
    with psycopg.connect(psycopg_url(url)) as connection:
        tables = [name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        return {
            f"the table {name}": "\n".join(row for (row,) in connection.execute(f'SELECT t::text FROM "{name}" t'))
            for name in tables
        }
