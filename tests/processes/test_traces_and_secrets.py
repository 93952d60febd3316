"""The real processes with traces and reports of errors on: a payment's way is one trace over all of them, and no secret
that was planted anywhere comes out anywhere, although vendors repeat what they were sent and strangers knock at the door.
"""

import base64
import gzip
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import redis
import requests
import simplejson
from celery import Celery
from cryptography.fernet import Fernet

from connectors.hiding import HIDING
from domain.notices.channels import PEOPLE, PeopleChannel
from domain.notices.kinds import ALARM_KINDS, NoticeKind
from sandbox.faults import Fault
from settings import Settings
from settings.celery import celery_configuration
from settings.environment import DEVELOPMENT_ENCRYPTION_KEY
from tests.collector import Collector, collecting
from tests.contexts import CLIENT_ID, RunningClock
from tests.exposed import guarded_redis, rows_of, value_of
from tests.mailbox import receiving_mail
from tests.planted import Planted, random_secret
from tests.planting import plant_connections, plant_people_to_tell, plant_second_factor
from tests.receiver import Receiver, receiving
from tests.servers import PostgresqlDatabases
from tests.until import wait_until
from tests.web.applications import application
from tests.web.browser import Browser, add_user, back_again, forms_in, logged_in
from tests.web.hooks import cloud_event, signed
from tests.web.routes import ROUTES, Asks
from tests.web.things import ADMIN, Things, everything
from tests.world import CUSTOMER, World, open_world
from usecases.api_tokens import create_api_token
from usecases.endpoints import Wanted, WithSecret, add_endpoint, send_test
from workers.logging import secret_values
from workers.processes import Processes
from workers.redis_server import free_port

ROOT = Path(__file__).parents[2]
LINES = ("web", "ingest", "match", "push", "notify", "beat", "flower")
PATIENCE_SECONDS = 250.0

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(900), pytest.mark.xdist_group("processes")]


@dataclass
class Installation:
    """Everything that runs, and everything that came out of it."""

    world: World
    things: Things
    planted: Planted
    environment: dict[str, str]
    processes: Processes
    collector: Collector
    reports: Receiver
    partner: Receiver
    redis: "redis.Redis[bytes]"
    celery: Celery
    logs: Path
    answers: dict[str, str | bytes] = field(default_factory=dict)

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.environment['PORT']}"

    @property
    def flower(self) -> str:
        return f"http://127.0.0.1:{self.environment['FLOWER_PORT']}"

    def pay(self, number: str) -> tuple[str, Any]:
        """A payment that QuickBooks reports at the door."""
        invoice = self.world.invoice(number, "100.00")
        payment = self.world.pay("100.00", (invoice, "100.00"))
        body = b"[" + simplejson.dumps(cloud_event(int(payment), intuitentityid=payment)).encode() + b"]"
        token = self.planted.secrets["verifier token"]
        headers = {"intuit-signature": signed(body, token), "content-type": "application/json"}
        answer = requests.post(f"{self.web}/webhooks/quickbooks", data=body, headers=headers, timeout=60)
        assert answer.status_code == 200
        return payment, invoice

    def log(self) -> str:
        return "".join(path.read_text(errors="replace") for path in sorted(self.logs.iterdir()))


@pytest.fixture(scope="module")
def installation(
    postgresql_databases: PostgresqlDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    folder, planted = tmp_path_factory.mktemp("installation"), Planted(customers={"customer": CUSTOMER})
    database_password, redis_password = planted.plant("database password"), planted.plant("Redis password")
    with (
        postgresql_databases.fresh() as url,
        guarded_redis(folder / "redis", redis_password) as redis_port,
        collecting() as collector,
        receiving() as reports,
        receiving() as partner,
        open_world(url, clock=RunningClock()) as world,
    ):
        environment = {
            "PATH": os.environ["PATH"],
            "STATE_DIR": str(folder / "state"),
            # The server asks nobody for a password, and takes any.
            "DATABASE_URL": url.replace("postgres@", f"postgres:{quote(database_password, safe='')}@"),
            "REDIS_URL": f"redis://:{quote(redis_password, safe='')}@127.0.0.1:{redis_port}/0",
            "SECRET_KEY": planted.plant("secret key"),
            "ENCRYPTION_KEYS": f"{planted.plant('encryption key', Fernet.generate_key().decode())},{DEVELOPMENT_ENCRYPTION_KEY}",
            "PORT": str(free_port()),
            "FLOWER_PORT": str(free_port()),
            "FLOWER_BASIC_AUTH": f"operator:{planted.plant('Flower password')}",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": "9",
            "SMTP_FROM": "payments@example.com",
            "SMTP_USERNAME": "payments",
            "SMTP_PASSWORD": planted.plant("mail password"),
            "QUICKBOOKS_API_URL": world.quickbooks_url,
            "QUICKBOOKS_TOKEN_URL": f"{world.quickbooks_url}/oauth2/v1/tokens/bearer",
            "QUICKBOOKS_CLIENT_ID": CLIENT_ID,
            "QUICKBOOKS_CLIENT_SECRET": "sandbox-secret",
            "QUICKBOOKS_VERIFIER_TOKENS": planted.plant("verifier token"),
            "CONNECTWISE_CLIENT_ID": world.context.platform.vendors["connectwise"].settings.client_id,
            "SWEEP_SECONDS": "1",
            "READ_DISTANCE_SECONDS": "0",
            "BACKOFF_SECONDS_MIN": "1",
            "TRACES_URL": collector.url,
            "TRACES_HEADERS": f"authorization=Bearer {planted.plant('key of the collector')}",
            "SENTRY_DSN": reports.url.replace(
                "://", f"://{planted.plant('key of the reports', Fernet.generate_key().hex()[:32])}@"
            ).replace("/payments", "/1"),
        }
        # One of them is a file, as in production.
        (folder / "secret_key").write_text(environment.pop("SECRET_KEY"))
        environment["SECRET_KEY_FILE"] = str(folder / "secret_key")
        plant_connections(world, planted)
        things = everything(world, application(world.context, Settings(_env_file=None, redis_url="")))
        # This process tests endpoints and shows pages as the web process would, and knows what that knows.
        given = {name.lower(): value for name, value in environment.items()}
        HIDING.keep(secret_values(Settings.model_validate(given | {"secret_key": planted.secrets["secret key"]})))
        processes = Processes(ROOT / "Procfile", environment, folder / "logs")
        celery = Celery()
        celery.conf.update(celery_configuration(Settings(_env_file=None, redis_url=environment["REDIS_URL"])))
        client = redis.Redis(port=redis_port, password=redis_password)
        opened = Installation(
            world, things, planted, environment, processes, collector, reports, partner, client, celery, folder / "logs"
        )
        try:
            for name in LINES:
                processes.start(name)
            wait_until(lambda: responds(f"{opened.web}/healthz"), "web answers")
            yield opened
        finally:
            processes.stop_all()
            celery.close()
            client.close()


def responds(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.RequestException:
        return False


def test_one_payment_is_one_trace_over_all_processes(installation: Installation) -> None:
    _, invoice = installation.pay("T-1")
    world, collector = installation.world, installation.collector
    wait_until(lambda: world.balance_of(invoice) == "0.00", "the payment has arrived")
    collector.wait_for(lambda: bool(collector.named("push")), PATIENCE_SECONDS)
    [door] = [one for one in collector.named("webhook") if not one.parent_id]
    collector.wait_for(
        lambda: {"webhook", "ingest", "match", "push"} <= {one.name for one in collector.of_trace(door.trace_id)}
    )
    [sent] = [one for one in collector.of_trace(door.trace_id) if one.name == "POST payments"]
    way = [sent]
    while way[0].parent_id:
        way.insert(0, collector.by_id(way[0].parent_id))
    assert [(one.process, one.name) for one in way] == [
        ("web", "webhook"),
        ("ingest", "ingest"),
        ("match", "match"),
        ("push", "push"),
        ("push", "push send"),
        ("push", "POST payments"),
    ]
    assert [one.began for one in way] == sorted(one.began for one in way)
    assert (sent.process, sent.told["http.response.status_code"]) == ("push", 201)
    lines = [line for line in installation.log().splitlines() if door.trace_id in line]
    for event in ("webhook.stored", "ingest.stored", "match.decided", "push.recorded", "wire.call"):
        assert any(event in line for line in lines), event


def test_no_planted_secret_comes_out_anywhere(installation: Installation, tmp_path: Path) -> None:
    make_trouble(installation)
    came_out = seen_from_outside(installation)
    installation.processes.stop_all()
    assert installation.processes.deaths() == []
    came_out |= {f"the log of {path.stem}": path.read_text(errors="replace") for path in installation.logs.iterdir()}
    came_out |= {f"trace {number}": body for number, body in enumerate(installation.collector.bodies)}
    came_out |= {f"report {number}": one for number, one in enumerate(reports_of(installation))}
    came_out |= {
        f"{path.name} in the state": path.read_bytes()
        for path in Path(installation.environment["STATE_DIR"]).rglob("*")
        if path.is_file()
    }
    assert len(installation.collector.bodies) > 3
    assert any(
        b"payments.match" in one or b"DataError" in one or b"exception" in one for one in reports_of(installation)
    )
    assert "raised unexpected" in installation.log(), "there are tracebacks to search"
    found = installation.planted.found_in(came_out, customers=True)
    assert not found, "\n".join(sorted(found))
    shown = installation.answers | pages_of(installation) | rows_of(installation.environment["DATABASE_URL"])
    assert len(shown) > 200
    found = installation.planted.found_in(shown, customers=False)
    assert not found, "\n".join(sorted(found))


def make_trouble(installation: Installation) -> None:
    world, planted, partner = installation.world, installation.planted, installation.partner
    context = world.context
    hook = add_endpoint(context, world.organization_id, Wanted("Tickets", partner.url, [NoticeKind.PAYMENT_HELD]))
    assert isinstance(hook, WithSecret)
    planted.plant("signing secret", hook.secret)
    chat = f"{partner.url}/{planted.plant('address at Slack', 'services-' + random_secret()[3:])}"
    channel = add_endpoint(
        context, world.organization_id, Wanted("Chat", chat, ALARM_KINDS, channel=PeopleChannel.SLACK)
    )
    assert isinstance(channel, WithSecret)
    token = create_api_token(context, "northwind", "billing")
    planted.plant("API token", str(token))
    add_user(context, "somebody@northwind.example", "northwind", password=planted.plant("password"))
    plant_second_factor(world, planted, "somebody@northwind.example")
    with receiving_mail() as mailbox:
        plant_people_to_tell(world, planted, mailbox)
    guessed = {
        name: planted.plant(name)
        for name in ("guessed password", "code", "state", "guessed token", "session", "form token")
    }
    # Vendors and receivers repeat everything that they were ever sent.
    partner.status, partner.text = 500, planted.echo().encode()
    echo = planted.echo()
    for status in (400, 401, 500):
        world.connectwise.faults.add(Fault("error", method="POST", path="/payments", status=status, body=echo))
        world.quickbooks.faults.add(Fault("error", path="/tokens/", status=status, body=echo))
        world.quickbooks.faults.add(Fault("error", path="/query", status=status, body=echo))
    world.quickbooks.faults.add(Fault("expired_token", path="/v3/"))
    for number in range(3):
        installation.pay(f"P-{number}")
    assert send_test(context, world.organization_id, hook.endpoint.id) is not None
    assert send_test(context, world.organization_id, channel.endpoint.id, PEOPLE) is not None
    # Strangers, and people who mistype.
    web = installation.web
    session = requests.Session()
    session.cookies.set("session", guessed["session"])
    for path in (
        f"/login/once?token={guessed['guessed token']}",
        f"/connect/quickbooks/callback?code={guessed['code']}&state={guessed['state']}",
        f"/invitation?token={guessed['guessed token']}",
    ):
        session.get(f"{web}{path}", timeout=60)
    page = Browserlike(web)
    for password in (guessed["guessed password"], planted.secrets["password"] + "x"):
        page.log_in("somebody@northwind.example", password)
    page.log_in("somebody@northwind.example", planted.secrets["password"])
    session.post(
        f"{web}/login",
        data={"email": CUSTOMER, "password": guessed["guessed password"], "csrf_token": guessed["form token"]},
        timeout=60,
    )
    for bearer in (guessed["guessed token"], str(token)):
        answer = requests.get(f"{web}/api/payments", headers={"Authorization": f"Bearer {bearer}"}, timeout=60)
        installation.answers[f"an answer of the API ({answer.status_code})"] = answer.text
    requests.post(
        f"{web}/webhooks/quickbooks",
        data=b"{}",
        headers={"intuit-signature": base64.b64encode(guessed["code"].encode()).decode()},
        timeout=60,
    )
    # What nobody has foreseen: a message whose argument is no id. It holds a secret that the process has met, bare, and
    # others in the forms in which one sees what it is.
    known = planted.secrets
    forms = f"postgres://payments:{known['private key']}@db/ Bearer {known['access token']} {token}"
    forms += f" refresh_token={known['refresh token']}"
    for line, met in {"ingest": "access token", "match": "private key", "push": "private key"}.items():
        installation.celery.send_task(f"payments.{line}", args=[f"{known[met]} {forms}"])
    world.connectwise.faults.clear()
    wait_until(lambda: installation.log().count("raised unexpected") >= 3, "the broken messages have failed")
    wait_until(lambda: len(partner.received) >= 2, "the receiver was told")
    wait_until(
        lambda: "outcome=400" in installation.log() or "outcome=500" in installation.log(), "a vendor has failed"
    )


class Browserlike:
    """A person at the real web process."""

    def __init__(self, web: str) -> None:
        self._web, self._session = web, requests.Session()

    def log_in(self, email: str, password: str) -> None:
        page = self._session.get(f"{self._web}/login", timeout=60).text
        [form] = [one for one in forms_in(page) if one.action == "/login"]
        given = form.fields | {"email": email, "password": password}
        self._session.post(f"{self._web}/login", data=given, timeout=60)


def seen_from_outside(installation: Installation) -> dict[str, str | bytes]:
    """What is shown while it runs, to whoever may look: Flower, the figures, Redis, and the list of processes."""
    shown: dict[str, str | bytes] = {}
    login = ("operator", installation.planted.secrets["Flower password"])
    wait_until(lambda: responds(f"{installation.flower}/healthcheck"), "Flower answers")
    for path in ("/", "/workers", "/tasks", "/broker", "/api/tasks", "/api/workers", "/metrics"):
        shown[f"Flower's {path}"] = requests.get(f"{installation.flower}{path}", auth=login, timeout=60).text
    for uuid in requests.get(f"{installation.flower}/api/tasks", auth=login, timeout=60).json():
        shown[f"Flower's task {uuid}"] = requests.get(f"{installation.flower}/task/{uuid}", auth=login, timeout=60).text
    for path in ("/metrics", "/healthz", "/readyz", "/readyz/web"):
        shown[path] = requests.get(f"{installation.web}{path}", timeout=60).text
    for key in installation.redis.scan_iter("*"):
        shown[f"Redis {key!r}"] = (
            key + b" " + (installation.redis.dump(key) or b"") + repr(value_of(installation.redis, key)).encode()
        )
    for name in LINES:
        pid = installation.processes._lines[name].popen.pid  # type: ignore[union-attr]
        shown[f"the command line of {name}"] = Path(f"/proc/{pid}/cmdline").read_bytes()
        # Who may read this is the same user, or root: both can read the memory as well. So the settings may stand there.
        assert Path(f"/proc/{pid}/environ").stat().st_mode & 0o077 == 0
    shown["ps"] = subprocess.run(["ps", "-eo", "args"], capture_output=True, check=True).stdout
    return shown


def reports_of(installation: Installation) -> list[bytes]:
    return [
        gzip.decompress(one.body) if one.headers.get("content-encoding") == "gzip" else one.body
        for one in installation.reports.received
    ]


def pages_of(installation: Installation) -> dict[str, str | bytes]:
    """Every page and every answer of the API, as everybody who may look sees it."""
    world, things = installation.world, installation.things
    app = things.app
    add_user(world.context, "operator@platform.example")
    lookers = {"an admin": back_again(app, ADMIN), "an operator": back_again(app, "operator@platform.example")}
    program = Browser(app)
    program.client.headers["Authorization"] = f"Bearer {installation.planted.secrets['API token']}"
    lookers |= {"a program": program, "a viewer": logged_in(app, "viewer@northwind.example", "northwind")}
    shown: dict[str, str | bytes] = {}
    for (method, path), row in ROUTES.items():
        for who, browser in lookers.items():
            if method == "GET" and (row.asks is not Asks.OPERATOR or who == "an operator"):
                answer = things.call(browser, (method, path), row)
                shown[f"{path} for {who}"] = answer.content
    return shown
