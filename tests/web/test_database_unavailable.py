"""The door, the pages and the machines' questions while the database is there and of no use."""

import contextlib
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.servers import psycopg_url
from tests.web.hooks import answered, cloud_event, deliver, stored
from tests.world import World
from web.threads import DOOR_THREADS

pytestmark = pytest.mark.both_databases

SENDERS = 2 * DOOR_THREADS
TABLES = "inbox_event, connection, organization, dashboard_session, dashboard_user, api_token"


@contextlib.contextmanager
def write_lock(url: str) -> Iterator[None]:
    """Somebody writes, and does not come to an end."""
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as holder:
            holder.execute("BEGIN IMMEDIATE")
            yield
            holder.rollback()
    else:
        with psycopg.connect(psycopg_url(url)) as holder:
            holder.execute(f"LOCK TABLE {TABLES} IN EXCLUSIVE MODE")
            yield
            holder.rollback()


def test_deliveries_under_a_write_lock_are_all_to_be_sent_again(app: FastAPI, world: World, database_url: str) -> None:
    """More of them than the door has threads and connections, and none is a bug."""
    before = answered("database_busy") + answered("busy")
    # Entered, it has one event loop for all senders, as the server has: without it each request makes one of its own, and
    # whoever waits for a thread of the door in one of them is not woken from another.
    with TestClient(app, raise_server_exceptions=False) as client:
        with write_lock(database_url), ThreadPoolExecutor(SENDERS) as senders:
            answers = list(senders.map(lambda number: deliver(client, [cloud_event(number)]), range(SENDERS)))
        assert answers == [503] * SENDERS
        assert answered("database_busy") + answered("busy") == before + SENDERS, (
            "those who got a thread, and the others"
        )
        assert deliver(client, [cloud_event(1)]) == 200
    assert len(stored(world)) == 1
