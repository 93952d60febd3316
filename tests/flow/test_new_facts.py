"""A payment comes in while somebody changes what it depends on: it is decided by the new fact, whoever is faster."""

import io
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from importlib import import_module

import pytest
from sqlalchemy.orm import Session

from domain.preferences import InvoiceOrigin
from domain.push.effect import EffectState
from models.connection_store import connection_for_change
from models.connections import Connection, connection_by_id, stop_connection
from models.effects import Effect
from models.locks import lock_organization
from models.organization_store import organization_for_change
from models.payments import Allocation, match_organization_again
from tasks.catch_up.step import catch_up
from tasks.ingest.step import ingest
from tasks.match.step import match
from tests.world import BothInvoices, World
from usecases.connections import add_target, change_settings
from usecases.connections import test_connection as check_connection
from usecases.disconnecting import disconnect
from usecases.invoice_import import import_invoices
from usecases.organizations import PreferenceChanges, change_preferences
from usecases.own_payments import register

pytestmark = pytest.mark.both_databases

KEYS = {"public_key": "sandbox-public-key", "private_key": "sandbox-private-key"}
# Long enough for ingest and match to be through, if nothing holds them up.
DAWDLE_SECONDS = 0.7


def connect_target(world: World, settings: dict[str, str]) -> None:
    account = f"{settings['site_url']}/acme"
    organization_id = world.organization_id
    added = add_target(world.context, organization_id, "connectwise", account, settings, KEYS, allows_plain_http=True)
    assert isinstance(added, Connection)


def target_settings(world: World) -> dict[str, str]:
    with world.context.database.reading() as session:
        return dict(connection_by_id(session, world.target_id).settings)


# --- what somebody changes; each says what is the case before, and gives what is done then ---

Change = Callable[[], object]


def a_first_target(world: World, *_: object) -> Change:
    settings = target_settings(world)
    with world.context.database.writing() as session:
        session.delete(connection_by_id(session, world.target_id))
    return lambda: connect_target(world, settings)


def a_target_again(world: World, *_: object) -> Change:
    settings = target_settings(world)
    disconnect(world.context, world.target_id)
    return lambda: connect_target(world, settings)


def a_stopped_target_goes_on(world: World, *_: object) -> Change:
    with world.context.database.writing() as session:
        stop_connection(session, world.target_id, "target_stopped", "payment 7 vanished")
    return lambda: check_connection(world.context, world.target_id)


def a_currency(world: World, *_: object) -> Change:
    with world.context.database.writing() as session:
        connection_by_id(session, world.source_id).settings = {}
    return lambda: change_settings(world.context, world.source_id, {"home_currency": "USD"})


def a_preference(world: World, *_: object) -> Change:
    change_preferences(world.context, world.organization_id, PreferenceChanges(sync_enabled=False))
    return lambda: change_preferences(world.context, world.organization_id, PreferenceChanges(sync_enabled=True))


def an_import(world: World, invoice: BothInvoices, _payment: str) -> Change:
    header = "number,origin,quickbooks_id,connectwise_id,total,currency,customer"
    ids = f"{invoice.quickbooks_id},{invoice.connectwise_id}"
    file = f"{header}\nINV-1,sync_tool,{ids},100.00,USD,Cascade Dental\n"
    return lambda: import_invoices(world.context, world.organization_id, io.StringIO(file))


def an_own_payment(world: World, _invoice: BothInvoices, payment: str) -> Change:
    return lambda: register(world.context, world.organization_id, [payment])


# --- two at once ---


def then_dawdle(
    monkeypatch: pytest.MonkeyPatch, where: str, other: ThreadPoolExecutor, work: Callable[[], object]
) -> list[Future[object]]:
    """After this call another thread begins its work, and the caller dawdles; the first time only."""
    module, _, name = where.rpartition(".")
    called = getattr(import_module(module), name)
    begun: list[Future[object]] = []

    def call_and_dawdle(*arguments: object) -> object:
        result = called(*arguments)
        if not begun:
            begun.append(other.submit(work))
            wait(begun, DAWDLE_SECONDS)
        return result

    monkeypatch.setattr(where, call_and_dawdle)
    return begun


def organization_locked(session: Session, world: World) -> object:
    return organization_for_change(session, world.organization_id)


def target_locked(session: Session, world: World) -> object:
    return connection_for_change(session, world.target_id)


def effect_of(world: World, allocation: Allocation) -> Effect:
    return Effect(
        organization_id=world.organization_id,
        connection_id=world.target_id,
        allocation_id=allocation.id,
        generation=2,
        kind="create",
        target_invoice_id="1",
        amount=allocation.amount,
        currency="USD",
        state=EffectState.CANCELLED.value,
        due_at=world.clock.now(),
        created_at=world.clock.now(),
    )


@dataclass(frozen=True)
class Case:
    """A change, the call with which it says "decide again", and what becomes of a payment that comes in just then."""

    prepare: Callable[[World, BothInvoices, str], Change]
    says_again: str
    reason: str = "synced"


CASES = [
    Case(a_first_target, "usecases.connections.match_organization_again"),
    Case(a_target_again, "usecases.connections.match_organization_again"),
    Case(a_stopped_target_goes_on, "tasks.reviving.match_organization_again"),
    Case(a_currency, "usecases.connections.match_organization_again"),
    Case(a_preference, "usecases.organizations.match_organization_again"),
    Case(an_import, "usecases.invoice_import.match_documents_again"),
    Case(an_own_payment, "usecases.own_payments.register_own_payments", reason="own_payment"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.prepare.__name__)
def test_a_payment_that_comes_in_before_the_change_is_committed_is_decided_by_it(
    world: World, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    invoice = world.invoice("INV-1", origin=None if case.prepare is an_import else InvoiceOrigin.SYNC_TOOL)
    payment = world.pay("100.00", (invoice, "100.00"))
    change = case.prepare(world, invoice, payment)
    catch_up(world.context, world.source_id)

    def comes_in() -> None:
        ingest(world.context, world.source_id)
        match(world.context, world.organization_id)

    with ThreadPoolExecutor(1) as other:
        coming = then_dawdle(monkeypatch, case.says_again, other, comes_in)
        change()
        coming[0].result()
    world.settle()
    assert world.reason(payment) == case.reason
    assert world.amounts_on(invoice) == (["100.00"] if case.reason == "synced" else [])


@pytest.mark.parametrize("prepare", [a_currency, a_preference, an_import], ids=lambda prepare: prepare.__name__)
def test_who_changes_a_fact_and_match_never_wait_for_each_other(
    world: World, monkeypatch: pytest.MonkeyPatch, prepare: Callable[..., Change]
) -> None:
    """Match holds the organization, and is about to link invoices and to add decisions."""
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    change = prepare(world, invoice, payment)
    catch_up(world.context, world.source_id)
    ingest(world.context, world.source_id)
    with ThreadPoolExecutor(1) as other:
        changing = then_dawdle(monkeypatch, "tasks.match.step.as_they_stand", other, change)
        match(world.context, world.organization_id)
        changing[0].result()
    world.settle()
    assert world.reason(payment) == "synced"


@pytest.mark.parametrize("locks", [organization_locked, target_locked], ids=lambda locks: locks.__name__)
def test_who_changes_a_fact_and_push_never_wait_for_each_other(
    world: World, locks: Callable[[Session, World], object]
) -> None:
    """Push holds the organization, and is about to add rows that name the organization and the connection."""
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    allocation = world.allocation(payment)
    database, now = world.context.database, world.clock.now()

    def change() -> None:
        with database.writing() as session:
            locks(session, world)
            match_organization_again(session, world.organization_id, now)

    with ThreadPoolExecutor(1) as other:
        with database.writing() as session:
            lock_organization(session, world.organization_id)
            changing = other.submit(change)
            wait([changing], DAWDLE_SECONDS)
            session.add(effect_of(world, allocation))
        changing.result()
