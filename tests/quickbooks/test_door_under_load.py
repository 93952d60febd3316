"""The webhook door while the database is busy: every delivery is taken, and nothing of it is lost or kept twice.

How fast it answers is measured by `make bench ARGS=door`.
"""

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
import requests
import simplejson
import uvicorn
from sqlalchemy import func, select

from models.inbox import InboxEvent, waiting_events
from models.payments import Payment
from settings import Settings
from tasks.ingest.step import ingest
from tests.contexts import VERIFIER_TOKEN
from tests.world import REALM, World
from web.app import create_app

pytestmark = pytest.mark.both_databases

EVENTS, EVENTS_PER_DELIVERY, SENDERS = 1000, 5, 16
SENDINGS_MAX = 10


@contextmanager
def door(world: World) -> Iterator[str]:
    application = create_app(world.context, Settings(_env_file=None, redis_url=""))
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/webhooks/quickbooks"
    finally:
        server.should_exit = True
        thread.join(60)


def delivery(number: int, payments: list[str]) -> bytes:
    events = [
        {
            "specversion": "1.0",
            "id": f"event-{number}-{place}",
            "source": "intuit.load",
            "type": "qbo.payment.updated.v1",
            "time": "2026-11-22T12:00:00.123456789Z",
            "intuitentityid": payments[(number * EVENTS_PER_DELIVERY + place) % len(payments)],
            "intuitaccountid": REALM,
            "data": {},
        }
        for place in range(EVENTS_PER_DELIVERY)
    ]
    return simplejson.dumps(events).encode()


@pytest.mark.slow
@pytest.mark.proof
def test_a_burst_beside_a_working_ingest_is_taken_whole(world: World) -> None:
    payments = world.quickbooks.record_many_payments(world.customer_id, 500)
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            world.clock.move(seconds=1)
            ingest(world.context, world.source_id)

    def send(address: str, number: int) -> int:
        body = delivery(number, payments)
        signature = base64.b64encode(hmac.digest(VERIFIER_TOKEN.encode(), body, hashlib.sha256)).decode()
        # A door that cannot write within the time that Intuit waits says so, and Intuit sends again.
        for _ in range(SENDINGS_MAX):
            answer = requests.post(address, data=body, headers={"intuit-signature": signature}, timeout=120)
            if answer.status_code != 503:
                break
        return answer.status_code

    worker = threading.Thread(target=work)
    deliveries = range(EVENTS // EVENTS_PER_DELIVERY)
    with door(world) as address, ThreadPoolExecutor(SENDERS) as senders:
        worker.start()
        try:
            # The first is sent again at the end, as Intuit does when an answer got lost.
            answers = list(senders.map(partial(send, address), [*deliveries, deliveries[0]]))
        finally:
            over.set()
            worker.join(30)
    assert set(answers) == {200}
    work_off(world)
    with world.context.database.reading() as session:
        kept = session.scalar(select(func.count()).select_from(InboxEvent))
        known = session.scalar(select(func.count()).select_from(Payment))
    assert (kept, known) == (EVENTS, len(payments))


def work_off(world: World) -> None:
    for _ in range(100):
        with world.context.database.reading() as session:
            if not waiting_events(session, world.source_id, world.clock.now() + timedelta(days=1), 1):
                return
        world.clock.move(seconds=10)
        ingest(world.context, world.source_id)
    raise AssertionError("events wait for ever")
