"""After the trouble: does ConnectWise have exactly what QuickBooks says, and is every exception explained?"""

from decimal import Decimal

from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState
from models.decisions import current_decisions
from models.effects import latest_effects
from models.invariants import violations
from models.ledger import ledger_of
from models.payments import all_allocations
from tests.simulation.simulator import Simulation

# Waiting for a person is a legitimate end, if the cause is really there.
FOR_A_PERSON = {Reason.TWIN_NEARBY, Reason.SEVERAL_CANDIDATES, Reason.NOT_OURS_TO_CHANGE, Reason.EXCEEDS_BALANCE}
API_MEMBER_TYPED = "jsmith"


def faults_found(simulation: Simulation) -> list[str]:
    """Sentences about what is wrong; none if the world is as it should be."""
    return [
        *_books_differ(simulation),
        *_payments_without_reason(simulation),
        *_strangers_in_connectwise(simulation),
        *_typed_payments_touched(simulation),
        *_invariants_broken(simulation),
    ]


def _books_differ(simulation: Simulation) -> list[str]:
    """What we stored is what QuickBooks has."""
    found = []
    truth = {payment.id: payment for payment in simulation.world.quickbooks.payments()}
    with simulation.world.context.database.reading() as session:
        for allocation, payment in all_allocations(session, simulation.world.organization_id):
            if payment.external_id not in truth:
                if payment.state != PaymentState.DELETED:
                    found.append(f"payment {payment.external_id} is deleted in QuickBooks and {payment.state} here")
                continue
            books = truth[payment.external_id]
            if allocation.kind != AllocationKind.INVOICE or books.voided or allocation.removed:
                continue
            amount = sum(
                (line.amount for line in books.lines if ("Invoice", allocation.document_id) in line.linked), Decimal(0)
            )
            if amount != allocation.amount:
                found.append(f"payment {payment.external_id}: {amount} in QuickBooks, {allocation.amount} here")
        known = {payment.external_id for _, payment in all_allocations(session, simulation.world.organization_id)}
    found += [f"payment {identity} was never noticed" for identity in truth if identity not in known]
    return found


def _payments_without_reason(simulation: Simulation) -> list[str]:
    """Every part of every payment is in ConnectWise if it should be, and is not if it should not."""
    found = []
    world = simulation.world
    with world.context.database.reading() as session:
        pairs = all_allocations(session, world.organization_id)
        entries = {entry.allocation_id: entry for entry in ledger_of(session, world.organization_id)}
        decisions = current_decisions(session, [allocation.id for allocation, _ in pairs])
        effects = latest_effects(session, [allocation.id for allocation, _ in pairs])
    payments_there = {
        (str(invoice.id), str(payment.id)): payment
        for invoice in world.connectwise.invoices()
        for payment in invoice.payments
    }
    for allocation, payment in pairs:
        decision, entry = decisions.get(allocation.id), entries.get(allocation.id)
        name = f"payment {payment.external_id} on {allocation.kind} {allocation.document_id}"
        if decision is None:
            found.append(f"{name}: nothing was decided")
            continue
        wanted = (
            allocation.kind == AllocationKind.INVOICE and payment.state == PaymentState.LIVE and not allocation.removed
        )
        if decision.why in FOR_A_PERSON:
            continue
        if wanted and entry is None:
            effect = effects.get(allocation.id)
            found.append(f"{name}: should be in ConnectWise, is '{decision.reason}' ({effect and effect.state})")
        if not wanted and entry is not None:
            found.append(f"{name}: should not be in ConnectWise any more, is '{decision.reason}'")
        if entry is not None:
            there = payments_there.get((entry.target_invoice_id, entry.target_payment_id))
            if there is None:
                found.append(f"{name}: the ledger's payment {entry.target_payment_id} is not in ConnectWise")
            elif (there.amount, there.payment_date.date()) != (allocation.amount, payment.paid_on):
                found.append(
                    f"{name}: ConnectWise has {there.amount} on {there.payment_date}, should be {allocation.amount}"
                )
    return found


def _strangers_in_connectwise(simulation: Simulation) -> list[str]:
    """A payment that neither a person typed nor the ledger knows is one too many: a doubled one."""
    world = simulation.world
    with world.context.database.reading() as session:
        entries = {(one.target_invoice_id, one.target_payment_id) for one in ledger_of(session, world.organization_id)}
        pairs = all_allocations(session, world.organization_id)
        decisions = current_decisions(session, [allocation.id for allocation, _ in pairs])
    unresolved = any(one.why is Reason.SEVERAL_CANDIDATES for one in decisions.values())
    if unresolved:
        # One of the candidates is ours, and a person has been asked which.
        return []
    return [
        f"ConnectWise invoice {invoice.number} has payment {payment.id} of {payment.amount} that nobody explains"
        for invoice in world.connectwise.invoices()
        for payment in invoice.payments
        if (str(invoice.id), str(payment.id)) not in entries and payment.id not in simulation.typed
    ]


def _typed_payments_touched(simulation: Simulation) -> list[str]:
    found = []
    for identity, (invoice_id, amount) in simulation.typed.items():
        payments = {one.id: one for one in simulation.world.connectwise.invoice(invoice_id).payments}
        if identity not in payments or payments[identity].amount != amount:
            found.append(f"the payment {identity} that a person typed was touched")
    return found


def _invariants_broken(simulation: Simulation) -> list[str]:
    with simulation.world.context.database.reading() as session:
        return [f"{one.name}: {one.sentence} {one.ids}" for one in violations(session)]
