"""Everything at once: the door, every step, and people, for several organizations on one database."""

import io
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from connectors.quickbooks.tokens import secrets_from
from domain.copying.billed import LineKind
from domain.copying.states import CopyAction
from domain.preferences import TwinPolicy
from models.connections import Connection, ConnectionStatus, Role
from models.organizations import Organization
from models.views.copies import CopyFilter
from sandbox.quickbooks.webhooks.events import Event, body_of, new_event, signature_of
from settings import Settings
from tasks.context import Step
from tasks.sweep import sweep
from tests.contexts import VERIFIER_TOKEN, RunningClock, make_timing
from tests.world import CUSTOMER, STEPS, World, open_world
from usecases.backfill import request_catch_up
from usecases.connections import add_source, change_settings, test_connection
from usecases.copy_choices import accept_proposals
from usecases.copying import RunStarted, refresh_list, start_run, stop_run
from usecases.disconnecting import disconnect
from usecases.invoice_import import import_invoices
from usecases.logins import log_in
from usecases.organizations import PreferenceChanges, change_preferences
from usecases.own_payments import register
from usecases.retry import retry_payment
from usecases.users import create_user, set_password
from web.app import create_app

CONNECTWISE_CLIENT_ID = "00000000-0000-4000-8000-000000000001"
INVOICES_PER_COMPANY = 6
PASSWORD = "a password of some length"


@dataclass
class Company:
    """One organization with its two accounts."""

    slug: str
    realm_id: str
    customer_id: str
    organization_id: int
    source_id: int
    target_id: int
    invoice_ids: list[str] = field(default_factory=list)
    payment_ids: list[str] = field(default_factory=list)


class Nudges:
    """Which lanes somebody should look at; any thread may take the next one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Step, int]] = deque()

    def __call__(self, step: Step, owner_id: int) -> None:
        with self._lock:
            if (step, owner_id) not in self._waiting:
                self._waiting.append((step, owner_id))

    def arrived(self, step: Step, owner_id: int) -> None:
        """Each is remembered once anyway."""

    def next(self) -> tuple[Step, int] | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting else None


class Storm:
    """Runs actors in threads until the time is over; what any of them raises is kept."""

    def __init__(self, world: World, companies: list[Company], seed: int) -> None:
        self.world, self.companies = world, companies
        self.nudges = Nudges()
        self.context = replace(world.context, nudge=self.nudges)
        self.app: FastAPI = create_app(self.context, Settings(_env_file=None, redis_url=""))
        self.answers: Counter[int] = Counter()
        self.done: Counter[str] = Counter()
        self.raised: list[BaseException] = []
        self._delivered: deque[list[Event]] = deque(maxlen=8)
        self._seed, self._ends = seed, 0.0
        self._door: TestClient

    def run(self, seconds: float) -> None:
        self._run(seconds, [self._bookkeep, self._sweep, self._log_in, self._log_in], [4, 6, 3])

    def run_the_door(self, seconds: float) -> None:
        self._run(seconds, [], [8, 0, 0])

    def _run(self, seconds: float, actors: list[Callable[[random.Random], None]], crowd: list[int]) -> None:
        self._ends = time.monotonic() + seconds
        for actor, count in zip([self._deliver, self._work, self._interfere], crowd, strict=True):
            actors = [*actors, *[actor] * count]
        # Entered, it has one event loop for all who deliver, as the server has: each would make one of its own, and whoever
        # waits for a thread of the door in one of them is not woken from another.
        with (
            TestClient(self.app, raise_server_exceptions=False) as self._door,
            ThreadPoolExecutor(len(actors), thread_name_prefix="storm") as pool,
        ):
            list(pool.map(self._act, actors, range(len(actors))))

    def _act(self, actor: Callable[[random.Random], None], number: int) -> None:
        chance = random.Random(self._seed * 1000 + number)
        while time.monotonic() < self._ends:
            try:
                actor(chance)
                self.done[actor.__name__.strip("_")] += 1
            except Exception as error:  # noqa: BLE001 - the test says that there are none
                self.raised.append(error)
                time.sleep(0.05)

    # --- those who tell ---

    def _deliver(self, chance: random.Random) -> None:
        """A delivery that names many companies, in any order; half of them have been there before, or are there right now."""
        if self._delivered and chance.random() < 0.5:
            events = list(chance.choice(self._delivered))
        else:
            events = [self._event(chance, one) for one in self.companies for _ in range(chance.randint(0, 4))]
            self._delivered.append(events)
        chance.shuffle(events)
        body = body_of(events, "cloudevents", "void")
        headers = {"intuit-signature": signature_of(body, VERIFIER_TOKEN), "content-type": "application/json"}
        self.answers[self._door.post("/webhooks/quickbooks", content=body, headers=headers).status_code] += 1

    def _event(self, chance: random.Random, company: Company) -> Event:
        now = self.world.clock.now()
        if chance.random() < 0.3:
            return new_event(company.realm_id, "Invoice", chance.choice(company.invoice_ids), "Update", now)
        return new_event(company.realm_id, "Payment", chance.choice(company.payment_ids), "Update", now)

    def _bookkeep(self, chance: random.Random) -> None:
        quickbooks, company = self.world.quickbooks, chance.choice(self.companies)
        lines = [(one, "1.00") for one in chance.sample(company.invoice_ids, 3)]
        what = chance.random()
        if what < 0.5:
            company.payment_ids.append(
                quickbooks.record_payment(company.customer_id, "3.00", lines, realm_id=company.realm_id)
            )
        else:
            quickbooks.edit_payment(chance.choice(company.payment_ids), lines=lines, realm_id=company.realm_id)
        time.sleep(0.02)

    # --- the steps ---

    def _work(self, chance: random.Random) -> None:
        wanted = self.nudges.next()
        if wanted is None or chance.random() < 0.2:
            company, step = chance.choice(self.companies), chance.choice(list(STEPS))
            owners = {
                Step.MATCH: company.organization_id,
                Step.COPY: company.organization_id,
                Step.PREVIEW: company.organization_id,
                Step.UNDO: company.organization_id,
                Step.RECONCILE: company.organization_id,
                Step.PUSH: company.target_id,
            }
            wanted = step, owners.get(step, company.source_id)
        step, owner_id = wanted
        self.done[f"{step.value}: {STEPS[step](self.context, owner_id)}"] += 1

    def _sweep(self, _chance: random.Random) -> None:
        sweep(self.context)
        time.sleep(0.2)

    # --- people ---

    def _log_in(self, chance: random.Random) -> None:
        if chance.random() < 0.3:
            set_password(self.context, "books@example.com", PASSWORD)
        else:
            log_in(self.context, "books@example.com", PASSWORD)
        self.world.clock.move(seconds=1)
        time.sleep(0.2)

    def _interfere(self, chance: random.Random) -> None:
        company = chance.choice(self.companies)
        deed = chance.choice(
            [
                self._choose,
                self._retry,
                self._own,
                self._import,
                self._settings,
                self._catch_up,
                self._test,
                self._again,
                self._copy,
            ]
        )
        deed(chance, company)
        time.sleep(0.05)

    def _choose(self, chance: random.Random, company: Company) -> None:
        changes = PreferenceChanges(sync_enabled=chance.random() < 0.9, twin_policy=chance.choice(list(TwinPolicy)))
        change_preferences(self.context, company.organization_id, changes)

    def _retry(self, chance: random.Random, company: Company) -> None:
        retry_payment(self.context, company.organization_id, chance.choice(company.payment_ids))

    def _own(self, chance: random.Random, company: Company) -> None:
        register(self.context, company.organization_id, [chance.choice(company.payment_ids), "1"])

    def _import(self, chance: random.Random, company: Company) -> None:
        total = chance.choice(["900.00", "901.00"])
        rows = [f"{company.slug}-{number},sync_tool,,,{total},USD,{CUSTOMER}" for number in range(INVOICES_PER_COMPANY)]
        chance.shuffle(rows)
        header = "number,origin,quickbooks_id,connectwise_id,total,currency,customer"
        import_invoices(self.context, company.organization_id, io.StringIO("\n".join([header, *rows, ""])))

    def _settings(self, chance: random.Random, company: Company) -> None:
        changes = {"parallel": chance.randint(1, 4)}
        change_settings(self.context, company.target_id, changes, allows_plain_http=True)

    def _catch_up(self, _chance: random.Random, company: Company) -> None:
        request_catch_up(self.context, company.source_id)

    def _test(self, chance: random.Random, company: Company) -> None:
        test_connection(self.context, chance.choice([company.source_id, company.target_id]))

    def _copy(self, chance: random.Random, company: Company) -> None:
        """Somebody uses the Sync Tool: the list, customers, a run of whatever kind, or the end of one."""
        context, organization_id = self.context, company.organization_id
        if chance.random() < 0.3:
            refresh_list(context, organization_id)
        accept_proposals(context, organization_id, "storm", create=True)
        started = start_run(
            context,
            organization_id,
            chance.choice([CopyAction.COPY, CopyAction.COPY, CopyAction.MARK, CopyAction.TAKE_BACK]),
            CopyFilter(),
            "storm",
            confirmed_beforehand=chance.random() < 0.9,
        )
        if isinstance(started, RunStarted) and chance.random() < 0.2:
            stop_run(context, organization_id, started.run_id)

    def _again(self, _chance: random.Random, company: Company) -> None:
        disconnect(self.context, company.source_id)
        tokens = self.world.quickbooks.issue_tokens(realm_id=company.realm_id)
        secrets = secrets_from(tokens, self.world.clock.now())
        settings = {"home_currency": "USD"}
        add_source(
            self.context,
            company.organization_id,
            "quickbooks",
            company.realm_id,
            settings,
            secrets,
            allows_plain_http=True,
        )


@contextmanager
def open_storm(database_url: str, companies: int = 6, seed: int = 1) -> Iterator[Storm]:
    timing: Any = make_timing(
        slice=timedelta(seconds=0.3), read_distance=timedelta(0), recheck_min=timedelta(seconds=2)
    )
    with open_world(database_url, clock=RunningClock(), timing=timing) as world:
        create_user(world.context, "books@example.com", PASSWORD, "northwind")
        yield Storm(world, [_company(world, number) for number in range(companies)], seed)


def _company(world: World, number: int) -> Company:
    slug, realm_id, now = f"msp-{number}", f"77{number:04d}", world.clock.now()
    quickbooks, connectwise, keyring = world.quickbooks, world.connectwise, world.context.keyring
    quickbooks.add_company(realm_id, slug)
    customer_id = quickbooks.add_customer(CUSTOMER, realm_id=realm_id)
    keys = {"public_key": f"{slug}-public", "private_key": f"{slug}-private"}
    connectwise.add_company(slug, client_id=CONNECTWISE_CLIENT_ID, **keys)
    with world.context.database.writing() as session:
        site_url = session.get_one(Connection, world.target_id).settings["site_url"]
        items = {kind.value: quickbooks.add_item(kind.title(), realm_id=realm_id) for kind in LineKind}
        organization = Organization(
            slug=slug,
            name=slug,
            sync_enabled=True,
            sync_tool_enabled=True,
            copy_choices={"items": items},
            created_at=now,
        )
        session.add(organization)
        session.flush()
        shared = {"organization_id": organization.id, "status": ConnectionStatus.ACTIVE.value, "connected_at": now}
        source = Connection(
            role=Role.SOURCE.value,
            vendor="quickbooks",
            account_id=realm_id,
            settings={"home_currency": "USD"},
            sealed_secrets=keyring.seal(secrets_from(quickbooks.issue_tokens(realm_id=realm_id), now)),
            **shared,
        )
        target = Connection(
            role=Role.TARGET.value,
            vendor="connectwise",
            account_id=f"{site_url}/{slug}",
            settings={"site_url": site_url, "company": slug, "home_currency": "USD"},
            sealed_secrets=keyring.seal(keys),
            **shared,
        )
        session.add_all([source, target])
        session.flush()
        company = Company(slug, realm_id, customer_id, organization.id, source.id, target.id)
    for place in range(INVOICES_PER_COMPANY):
        connectwise.add_invoice(f"{slug}-C{place}", "50.00", company_id=slug, company_name=CUSTOMER)
        name = f"{slug}-{place}"
        company.invoice_ids.append(quickbooks.add_invoice(customer_id, "900.00", name, realm_id=realm_id))
        connectwise.add_invoice(name, "900.00", company_id=slug, company_name=CUSTOMER)
    for place in range(INVOICES_PER_COMPANY):
        lines = [(one, "1.00") for one in company.invoice_ids[place:] + company.invoice_ids[:place]][:4]
        company.payment_ids.append(quickbooks.record_payment(customer_id, "4.00", lines, realm_id=realm_id))
    return company
