"""The moments at which a process is killed: each prepares a world in which some points are reached; see `cases.py`."""

from dataclasses import replace
from datetime import date, timedelta

from connectors.quickbooks.tokens import secrets_from
from domain.push.effect import ATTEMPTS_MAX
from models.connections import connection_by_id
from models.effects import Effect
from models.inbox import Entity, EventSource, NewEvent, store_events
from sandbox.faults import Fault
from tasks.points import Point
from tests.crash.stage import Stage
from tests.world import REALM, BothInvoices
from usecases.backfill import request_backfill
from usecases.connections import add_source

# --- payments of all kinds at once ---


def busy(stage: Stage) -> None:
    """One to create, one whose answer gets lost, one to change, one to take back, one beside a typed one, old tokens."""
    world = stage.world
    create, lost = stage.invoice("100.00", ends_with=["100.00"]), stage.invoice("100.00", ends_with=["40.00"])
    change, take_back = stage.invoice("100.00", ends_with=["70.00"]), stage.invoice("100.00", ends_with=[])
    beside = stage.invoice("100.00", ends_with=["17.00", "30.00"])
    world.connectwise.type_payment(beside.connectwise_id or 0, "17.00", payment_date=date(2026, 1, 5))
    changed = world.pay("50.00", (change, "50.00"), on="2026-11-18")
    taken_back = world.pay("60.00", (take_back, "60.00"), on="2026-11-18")
    stage.work()
    assert (world.amounts_on(change), world.amounts_on(take_back)) == (["50.00"], ["60.00"])
    hint(stage, world.pay("100.00", (create, "100.00"), on="2026-11-19"))
    world.pay("40.00", (lost, "40.00"), on="2026-11-19")
    world.pay("30.00", (beside, "30.00"), on="2026-11-19")
    world.quickbooks.edit_payment(changed, total="70.00", lines=[(change.quickbooks_id, "70.00")])
    world.quickbooks.void_payment(taken_back)
    stage.lose_answer("POST", lost)
    end_tokens_early(stage)


def after_a_death(stage: Stage) -> None:
    """A worker has died while it was sending."""
    busy(stage)
    assert stage.die(Point.PUSH_INTENDED)


def lost_corrections(stage: Stage) -> None:
    """A payment is changed and another one taken back, and ConnectWise's answers to both get lost."""
    change, take_back = stage.invoice("100.00", ends_with=["70.00"]), stage.invoice("100.00", ends_with=[])
    changed, taken_back = (stage.world.pay("50.00", (one, "50.00")) for one in (change, take_back))
    stage.work()
    stage.world.quickbooks.edit_payment(changed, total="70.00", lines=[(change.quickbooks_id, "70.00")])
    stage.world.quickbooks.delete_payment(taken_back)
    stage.lose_answer("PATCH", change)
    stage.lose_answer("DELETE", take_back)


def one_payment_per_invoice(stage: Stage) -> None:
    """A tenant with the strategy `single`: sums that begin, grow, shrink and end, the first two with lost answers."""
    world = stage.world
    keep_one_payment(stage)
    grow, both = stage.invoice("200.00", ends_with=["80.00"]), stage.invoice("200.00", ends_with=["45.00"])
    shrink, end = stage.invoice("200.00", ends_with=["40.00"]), stage.invoice("200.00", ends_with=[])
    world.pay("50.00", (grow, "50.00"))
    world.pay("40.00", (shrink, "40.00"))
    shrunk, ended = world.pay("15.00", (shrink, "15.00")), world.pay("60.00", (end, "60.00"))
    stage.work()
    assert [world.amounts_on(one) for one in (grow, shrink, end)] == [["50.00"], ["55.00"], ["60.00"]]
    world.pay("30.00", (grow, "30.00"))
    world.pay("20.00", (both, "20.00"))
    world.pay("25.00", (both, "25.00"))
    world.quickbooks.void_payment(shrunk)
    world.quickbooks.void_payment(ended)
    stage.lose_answer("POST", both)
    stage.lose_answer("PATCH", grow)


def only_hinted(stage: Stage) -> None:
    """A payment on an old invoice, of which only a webhook tells: both have to be read."""
    stage.work()
    long_ago = stage.world.clock.now() - timedelta(days=5)
    invoice = stage.invoice("100.00", ends_with=["25.00"], at=long_ago)
    hint(stage, stage.world.pay("25.00", (invoice, "25.00"), at=long_ago))


# --- looking back ---


def absence(stage: Stage) -> None:
    """One payment is changed, one deleted and one is new, and nobody has listened for forty days."""
    _while_nobody_listens(stage)
    with stage.world.context.database.writing() as session:
        connection = connection_by_id(session, stage.world.source_id)
        connection.cursor_at = stage.world.clock.now() - timedelta(days=40)


def flood(stage: Stage) -> None:
    """More has changed than one answer of change data capture can tell."""
    _while_nobody_listens(stage)
    stage.world.quickbooks.set_switches(cdc_cap=3)
    stage.job = replace(stage.job, cap=3)


def backfill(stage: Stage) -> None:
    """A person wants everything looked through since a day; a payment of that time was never told."""
    invoice = stage.invoice("100.00", ends_with=["40.00"])
    long_ago = stage.world.clock.now() - timedelta(days=60)
    stage.work()
    stage.world.pay("40.00", (invoice, "40.00"), at=long_ago)
    request_backfill(stage.world.context, stage.world.source_id, long_ago.date() - timedelta(days=1))


def _while_nobody_listens(stage: Stage) -> None:
    world = stage.world
    change, delete = stage.invoice("100.00", ends_with=["70.00"]), stage.invoice("100.00", ends_with=[])
    add = stage.invoice("100.00", ends_with=["30.00"])
    changed, deleted = (world.pay("50.00", (one, "50.00")) for one in (change, delete))
    stage.work()
    world.quickbooks.edit_payment(changed, total="70.00", lines=[(change.quickbooks_id, "70.00")])
    world.quickbooks.delete_payment(deleted)
    world.pay("30.00", (add, "30.00"))


# --- what an answer means for the whole connection ---


def early_refresh(stage: Stage) -> None:
    """The access token still works and ends in a minute."""
    keep_old_tokens(stage)
    stage.world.pay("40.00", (stage.invoice("100.00", ends_with=["40.00"]), "40.00"))
    keyring, ends_at = stage.world.context.keyring, stage.world.clock.now() + timedelta(minutes=1)
    with stage.world.context.database.writing() as session:
        connection = connection_by_id(session, stage.world.source_id)
        secrets = {**keyring.open(connection.sealed_secrets), "access_expires_at": ends_at.isoformat()}
        connection.sealed_secrets = keyring.seal(secrets)


def both_sick(stage: Stage) -> None:
    """QuickBooks and ConnectWise fail once each, and ConnectWise asks us to slow down."""
    for amount in ("40.00", "50.00"):
        stage.world.pay(amount, (stage.invoice("100.00", ends_with=[amount]), amount))
    stage.world.quickbooks.faults.add(Fault(kind="error", path="/cdc", status=503, times=1))
    stage.world.connectwise.faults.add(
        Fault(kind="error", method="GET", path="/finance/invoices", status=503, times=1),
        Fault(kind="throttle", method="POST", path=r"/payments$", retry_after=20, times=1),
    )


def consent_ended(stage: Stage) -> None:
    """Somebody has taken our consent back inside QuickBooks."""
    stage.work()
    stage.world.pay("40.00", (stage.invoice("100.00", ends_with=["40.00"]), "40.00"))
    stage.world.quickbooks.disconnect()


def consent_again(stage: Stage) -> None:
    assert stage.source().status == "needs_reconnect"
    connect_again(stage)
    stage.work()


def disconnecting(stage: Stage) -> None:
    """A person disconnects QuickBooks; what was synced stays."""
    stage.world.pay("40.00", (stage.invoice("100.00", ends_with=["40.00"]), "40.00"))
    stage.work()
    stage.job = replace(stage.job, disconnects=stage.world.source_id)


# --- instead of a send ---


def too_little_open(stage: Stage) -> None:
    """Somebody has typed another payment, and the rest of the invoice is too little for ours."""
    invoice = stage.invoice("100.00", ends_with=["90.00"])
    stage.world.connectwise.type_payment(invoice.connectwise_id or 0, "90.00", payment_date=date(2026, 1, 5))
    stage.world.pay("50.00", (invoice, "50.00"))


def nobody_can_look(stage: Stage) -> None:
    """An answer was lost, and when it is time to look, ConnectWise does not know the invoice for a while."""
    invoice = stage.invoice("100.00", ends_with=["40.00"])
    stage.world.pay("40.00", (invoice, "40.00"))
    stage.lose_answer("POST", invoice)
    path = rf"/invoices/{invoice.connectwise_id}/payments$"
    stage.world.connectwise.faults.add(Fault("error", method="GET", path=path, status=404, skip=1, times=2))


def replacing_tenant(stage: Stage) -> None:
    """A tenant that answers "created" to a second payment and replaces the first one with it."""
    invoice = stage.invoice("200.00", ends_with=["50.00"])
    stage.world.connectwise.set_switches(second_payment="overwrite")
    stage.world.pay("100.00", (invoice, "100.00"), on="2026-11-19")
    stage.work()
    stage.world.pay("50.00", (invoice, "50.00"), on="2026-11-20")


def replaced_unheard(stage: Stage) -> None:
    """Such a tenant, and its answer gets lost as well."""
    replacing_tenant(stage)
    stage.lose_answer("POST", next(iter(stage.expected)))


def changed_in_doubt(stage: Stage) -> None:
    """What was sent did not arrive, and before anybody has looked, the payment is changed."""
    invoice = stage.invoice("100.00", ends_with=["70.00"])
    payment = in_doubt(stage, invoice)
    stage.world.quickbooks.edit_payment(payment, total="70.00", lines=[(invoice.quickbooks_id, "70.00")])


def tried_often_enough(stage: Stage) -> None:
    """What was sent did not arrive, and this was the last of all attempts."""
    payment = in_doubt(stage, stage.invoice("100.00", ends_with=["40.00"]))
    [effect] = stage.world.effects(payment)
    with stage.world.context.database.writing() as session:
        session.get_one(Effect, effect.id).attempts = ATTEMPTS_MAX


def corrected_by_hand(stage: Stage) -> None:
    """Corrections wait for a person, who has made this one in ConnectWise."""
    invoice = stage.invoice("100.00", ends_with=["70.00"])
    stage.world.choose(correction_policy="hold")
    payment = stage.world.pay("50.00", (invoice, "50.00"))
    stage.work()
    stage.world.quickbooks.edit_payment(payment, total="70.00", lines=[(invoice.quickbooks_id, "70.00")])
    [there] = stage.world.on(invoice)
    stage.world.connectwise.change_payment(invoice.connectwise_id or 0, there.id, amount="70.00")


# --- helpers ---


def in_doubt(stage: Stage, invoice: BothInvoices) -> str:
    """A payment of 40.00 that was sent and did not arrive; its id."""
    payment = stage.world.pay("40.00", (invoice, "40.00"))
    fault = Fault("drop_before_commit", method="POST", path=r"/payments$", times=1)
    stage.world.connectwise.faults.add(fault)
    assert stage.die(Point.PUSH_RECORDED)
    return payment


def hint(stage: Stage, payment_id: str) -> None:
    """A webhook's event: the payment itself has to be read."""
    event = NewEvent(stage.world.source_id, EventSource.WEBHOOK, "event-1", Entity.PAYMENT, payment_id, "created", None)
    with stage.world.context.database.writing() as session:
        store_events(session, [event], stage.world.clock.now())


def end_tokens_early(stage: Stage) -> None:
    keep_old_tokens(stage)
    stage.world.quickbooks.expire_access_tokens()


def keep_old_tokens(stage: Stage) -> None:
    # A refresh whose answer dies with the process leaves us the old value, which Intuit takes for about a day more. A
    # server that ended the old value at once would end the connection here, and nobody could help it.
    stage.world.quickbooks.set_switches(replaced_refresh="still_works")


def keep_one_payment(stage: Stage) -> None:
    with stage.world.context.database.writing() as session:
        connection = connection_by_id(session, stage.world.target_id)
        connection.settings = {**connection.settings, "strategy": "single"}
    stage.world.connectwise.set_switches(second_payment="overwrite")


def connect_again(stage: Stage) -> None:
    context, world = stage.person(), stage.world
    secrets = secrets_from(world.quickbooks.issue_tokens(), context.clock.now())
    add_source(context, world.organization_id, "quickbooks", REALM, {}, secrets, allows_plain_http=True)
