"""What people like to do and what is hardest to get right: the same payment once more, at the worst moment."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from domain.push.effect import OPEN_ON_THE_WIRE, EffectState
from models.connections import connection_by_id
from models.effects import Effect, day_of
from tests.queries import ledger_of

if TYPE_CHECKING:
    from tests.simulation.simulator import Simulation


def enter_anew(simulation: "Simulation") -> None:
    """The accountant voids a payment and enters it once more, as one does to change what cannot be edited."""
    former = simulation.live_payment()
    if former is None:
        return
    truth = next(one for one in simulation.world.quickbooks.payments() if one.id == former)
    numbers = {invoice.quickbooks_id: invoice for invoice in simulation.invoices}
    lines = [(numbers[document], str(line.amount)) for line in truth.lines for _, document in line.linked]
    simulation.world.quickbooks.void_payment(former)
    payment = simulation.world.pay(str(truth.total), *lines, on=truth.payment_date.isoformat())
    simulation.payments.append(payment)
    simulation.tell(f"payment {former} voided and entered anew as {payment}")


def delete_in_connectwise(simulation: "Simulation") -> None:
    """Somebody removes a payment that was synced."""
    there = _one_that_stands_for_something(simulation)
    if there is not None:
        invoice_id, payment_id = there
        simulation.world.connectwise.delete_payment(invoice_id, payment_id)
        simulation.typed.pop(payment_id, None)
        simulation.tell(f"deleted in ConnectWise: {payment_id} on {invoice_id}")


def change_in_connectwise(simulation: "Simulation") -> None:
    """Somebody changes the amount or the date of a payment that was synced."""
    there = _one_that_stands_for_something(simulation)
    if there is None:
        return
    invoice_id, payment_id = there
    if simulation.random.random() < 0.5:
        simulation.world.connectwise.change_payment(invoice_id, payment_id, amount="13.00")
        if payment_id in simulation.typed:
            simulation.typed[payment_id] = (invoice_id, Decimal("13.00"))
    else:
        simulation.world.connectwise.change_payment(invoice_id, payment_id, payment_date=date(2026, 10, 1))
    simulation.tell(f"changed in ConnectWise: {payment_id} on {invoice_id}")


def double_in_connectwise(simulation: "Simulation") -> None:
    """Somebody types once more what was synced."""
    there = _one_that_stands_for_something(simulation)
    if there is None:
        return
    invoice_id, payment_id = there
    payment = next(one for one in simulation.world.connectwise.invoice(invoice_id).payments if one.id == payment_id)
    day = payment.payment_date.date()
    identity = simulation.world.connectwise.type_payment(invoice_id, payment.amount, payment_date=day)
    simulation.typed[identity] = (invoice_id, payment.amount)
    simulation.tell(f"doubled in ConnectWise: {payment_id} on {invoice_id} as {identity}")


def _one_that_stands_for_something(simulation: "Simulation") -> tuple[int, int] | None:
    """Not on an invoice on which something is under way: a change at that very moment stops the connection, rightly."""
    with simulation.world.context.database.reading() as session:
        is_under_way = or_(
            Effect.state.in_([state.value for state in OPEN_ON_THE_WIRE]), Effect.read_back_owed_since.is_not(None)
        )
        under_way = {int(one) for one in session.scalars(select(Effect.target_invoice_id).where(is_under_way))}
        entries = ledger_of(session, simulation.world.organization_id)
        claimed = sorted({(int(one.target_invoice_id), int(one.target_payment_id)) for one in entries})
    there = [
        (invoice_id, payment_id)
        for invoice_id, payment_id in claimed
        if invoice_id not in under_way
        and any(one.id == payment_id for one in simulation.world.connectwise.invoice(invoice_id).payments)
    ]
    return simulation.random.choice(there) if there else None


def type_during_a_doubt(simulation: "Simulation") -> None:
    """The worst moment for a person to type the very payment whose answer got lost.

    Only where we have learned under which name ConnectWise enters ours: before that nobody could tell the two apart.
    """
    with simulation.world.context.database.reading() as session:
        if not connection_by_id(session, simulation.world.target_id).author:
            return
        doubts = select(Effect).where(Effect.state == EffectState.IN_DOUBT.value).order_by(Effect.id)
        in_doubt = [one for one in session.scalars(doubts) if one.paid_on]
    if in_doubt:
        effect = simulation.random.choice(in_doubt)
        invoice_id, day = int(effect.target_invoice_id), day_of(effect)
        identity = simulation.world.connectwise.type_payment(invoice_id, effect.amount, payment_date=day)
        simulation.typed[identity] = (invoice_id, effect.amount)
        simulation.tell(f"typed during a doubt: {identity}, {effect.amount} on {invoice_id}, {day}")
