"""A key is missing in ENCRYPTION_KEYS: what waits says so, no step fails over and over, and the key's return heals it."""

import pytest
from cryptography.fernet import Fernet

from models.connections import connection_by_id
from models.secrets import Keyring
from tasks.context import Step
from tasks.letting_go import RetryReport
from tests.world import STEPS, World
from usecases.connection_health import facts_of
from usecases.retry import retry_payment


def seal_with_a_lost_key(world: World, connection_id: int) -> str:
    """What was stored before; put back, it is as if the key was found again."""
    with world.context.database.writing() as session:
        connection = connection_by_id(session, connection_id)
        before, lost = connection.sealed_secrets, Keyring([Fernet.generate_key().decode()])
        connection.sealed_secrets = lost.seal(world.context.keyring.open(before))
    return before


def put_back(world: World, connection_id: int, sealed: str) -> None:
    with world.context.database.writing() as session:
        connection_by_id(session, connection_id).sealed_secrets = sealed


def warnings(world: World, connection_id: int) -> str:
    with world.context.database.reading() as session:
        return " ".join(facts_of(world.context, session, connection_by_id(session, connection_id)).warnings)


def test_a_payment_says_that_the_secrets_of_connectwise_cannot_be_opened(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    invoice = world.invoice("INV-1")
    before = seal_with_a_lost_key(world, world.target_id)
    payment = world.pay("100.00", (invoice, "100.00"))
    unapplied = world.pay("10.00")
    world.notice()
    world.later(seconds=5)
    assert world.reason(payment) == "secrets_unreadable"
    assert world.reason(unapplied) == "unapplied"
    assert "ENCRYPTION_KEYS" in warnings(world, world.target_id)
    assert "connection.secrets_unreadable" in capsys.readouterr().out
    put_back(world, world.target_id, before)
    world.later(minutes=6)
    assert world.reason(payment) == "synced"
    assert warnings(world, world.target_id) == ""


def test_what_is_to_be_sent_waits_for_the_key(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.choose(sync_enabled=False)
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    before = seal_with_a_lost_key(world, world.target_id)
    world.choose(sync_enabled=True)
    for _ in range(3):
        world.later(minutes=1)
    assert world.reason(payment) == "secrets_unreadable"
    assert isinstance(retry_payment(world.context, world.organization_id, payment), RetryReport)
    put_back(world, world.target_id, before)
    world.later(minutes=6)
    world.later(minutes=6)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def test_what_was_decided_already_says_so_and_nothing_else_is_decided_again_with_every_try(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.learn_our_name()  # a payment that is synced and has nothing to do with it
    payment = world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    for step, owner_id in (
        (Step.CATCH_UP, world.source_id),
        (Step.INGEST, world.source_id),
        (Step.MATCH, world.organization_id),
    ):
        STEPS[step](world.context, owner_id)
    assert world.reason(payment) == "eligible"
    seal_with_a_lost_key(world, world.target_id)
    world.settle()
    world.later(seconds=5)
    assert world.reason(payment) == "secrets_unreadable"
    assert "allocations=2" in capsys.readouterr().out
    for _ in range(3):
        world.later(minutes=5, seconds=5)
        world.later(seconds=5)
    logged = capsys.readouterr().out
    assert logged.count("connection.secrets_unreadable") >= 3
    assert "allocations=2" not in logged


def test_a_retry_whose_look_needs_the_lost_key_is_no_traceback(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    seal_with_a_lost_key(world, world.target_id)
    assert isinstance(retry_payment(world.context, world.organization_id, payment), RetryReport)


def test_quickbooks_whose_secrets_cannot_be_opened_is_asked_again_when_the_key_is_back(world: World) -> None:
    invoice = world.invoice("INV-1")
    before = seal_with_a_lost_key(world, world.source_id)
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    assert "ENCRYPTION_KEYS" in warnings(world, world.source_id)
    put_back(world, world.source_id, before)
    world.later(minutes=6)
    assert world.reason(payment) == "synced"
