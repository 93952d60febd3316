"""What people like to do and what is hardest to get right: the same payment once more, at the worst moment."""

from typing import TYPE_CHECKING

from sqlalchemy import select

from domain.delivery import EffectState
from models.connections import connection_by_id
from models.effects import Effect, day_of

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
