"""After the trouble: does ConnectWise have exactly what QuickBooks says, and is every exception explained?"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.push.effect import Doubt, EffectState
from domain.records import AllocationKind, PaymentState
from models.connections import connection_by_id
from models.decisions import DecisionRow, current_decisions
from models.effects import Effect, latest_effects
from models.ledger import LedgerEntry
from models.payments import Allocation, Payment
from sandbox.connectwise.truth import InvoiceTruth, PaymentTruth
from tests.queries import all_allocations, ledger_of, violations
from tests.simulation.causes import has_its_cause, is_for_a_person
from tests.simulation.simulator import Simulation


@dataclass(frozen=True)
class Part:
    """One part of one payment, as we ended up seeing it, and the ConnectWise invoice that it belongs on."""

    allocation: Allocation
    payment: Payment
    decision: DecisionRow | None
    entry: LedgerEntry | None
    effect: Effect | None
    invoice: InvoiceTruth | None
    # The name under which ConnectWise enters our payments, if we have learned it.
    author: str

    @property
    def name(self) -> str:
        return f"payment {self.payment.external_id} on {self.allocation.kind} {self.allocation.document_id}"

    @property
    def is_wanted(self) -> bool:
        is_live = self.payment.state == PaymentState.LIVE and not self.allocation.removed
        return is_live and self.allocation.kind == AllocationKind.INVOICE


def faults_found(simulation: Simulation) -> list[str]:
    """Sentences about what is wrong; none if the world is as it should be."""
    parts = _parts(simulation)
    return [
        *_books_differ(simulation, parts),
        *(sentence for part in parts for sentence in _wrong_with(part, parts)),
        *_amounts_differ(simulation, parts),
        *_strangers_in_connectwise(simulation, parts),
        *_typed_payments_touched(simulation),
        *_invariants_broken(simulation),
        *_asked_for_nothing(simulation),
        *(simulation.copies.faults_found() if simulation.copies is not None else ()),
    ]


def _parts(simulation: Simulation) -> list[Part]:
    world = simulation.world
    with world.context.database.reading() as session:
        pairs = all_allocations(session, world.organization_id)
        author = connection_by_id(session, world.target_id).author
        entries = {entry.allocation_id: entry for entry in ledger_of(session, world.organization_id)}
        decisions = current_decisions(session, [allocation.id for allocation, _ in pairs])
        effects = latest_effects(session, [allocation.id for allocation, _ in pairs])
    target_ids = {one.quickbooks_id: one.connectwise_id for one in simulation.invoices}
    invoices = {one.id: one for one in world.connectwise.invoices()}
    return [
        Part(
            allocation,
            payment,
            decisions.get(allocation.id),
            entries.get(allocation.id),
            effects.get(allocation.id),
            invoices.get(target_ids.get(allocation.document_id) or 0),
            author,
        )
        for allocation, payment in pairs
    ]


def _books_differ(simulation: Simulation, parts: Sequence[Part]) -> list[str]:
    """What we stored is what QuickBooks has, part by part and in both directions."""
    found = []
    truth = {payment.id: payment for payment in simulation.world.quickbooks.payments()}
    stored: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for part in parts:
        if part.payment.external_id not in truth:
            if part.payment.state != PaymentState.DELETED:
                found.append(
                    f"payment {part.payment.external_id} is deleted in QuickBooks and {part.payment.state} here"
                )
        elif part.is_wanted:
            stored[part.payment.external_id, part.allocation.document_id] += part.allocation.amount
    real: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for payment in truth.values():
        for line in payment.lines:
            for kind, document_id in line.linked:
                if kind == "Invoice" and not payment.voided:
                    real[payment.id, document_id] += line.amount
    found += [
        f"payment {payment_id} on {document_id}: {real.get((payment_id, document_id), 0)} in QuickBooks, "
        f"{stored.get((payment_id, document_id), 0)} here"
        for payment_id, document_id in sorted(real.keys() | stored.keys())
        if real.get((payment_id, document_id)) != stored.get((payment_id, document_id))
    ]
    known = {part.payment.external_id for part in parts}
    return [*found, *(f"payment {identity} was never noticed" for identity in truth if identity not in known)]


def _wrong_with(part: Part, parts: Sequence[Part]) -> list[str]:
    """Every part of every payment is in ConnectWise if it should be, is not if it should not, or waits with a cause."""
    if part.decision is None:
        return [f"{part.name}: nothing was decided"]
    if is_for_a_person(part.decision.why):
        if has_its_cause(part, parts):
            return []
        return [f"{part.name}: waits for a person because of '{part.decision.reason}', which is not the case"]
    state = part.effect and part.effect.state
    if part.is_wanted and part.entry is None:
        return [f"{part.name}: should be in ConnectWise, is '{part.decision.reason}' ({state})"]
    if not part.is_wanted and part.entry is not None:
        return [f"{part.name}: should not be in ConnectWise any more, is '{part.decision.reason}' ({state})"]
    if part.entry is not None and part.invoice is not None and part.entry.target_invoice_id != str(part.invoice.id):
        return [f"{part.name}: is on ConnectWise invoice {part.entry.target_invoice_id}, not on {part.invoice.id}"]
    return []


def _amounts_differ(simulation: Simulation, parts: Sequence[Part]) -> list[str]:
    """A ConnectWise payment is the sum of all that it stands for, on the latest of their days."""
    standing_for: dict[tuple[str, str], list[Part]] = defaultdict(list)
    for part in parts:
        if part.entry is not None:
            standing_for[part.entry.target_invoice_id, part.entry.target_payment_id].append(part)
    there = _payments_there(simulation)
    asked_about = {
        part.effect.target_invoice_id
        for part in parts
        if part.effect is not None and part.effect.state == EffectState.HELD and part.effect.doubt != Doubt.NONE
    }
    found = []
    for key, sharing in standing_for.items():
        if all(_is_told(part) for part in sharing):
            continue
        if key[0] in asked_about:
            # What may be ours on it is a person's question: until it is answered, no later look would prove anything.
            continue
        names = ", ".join(part.name for part in sharing)
        payment = there.get(key)
        if payment is None:
            found.append(f"{names}: the ledger's payment {key[1]} is not in ConnectWise")
            continue
        entries = [part.entry for part in sharing if part.entry is not None]
        total, paid_on = sum((one.amount for one in entries), Decimal(0)), max(one.paid_on for one in entries)
        # The date of a payment that a person typed is that person's affair: it may have been linked with any.
        there_on = payment.payment_date.date() if any(one.ours for one in entries) else paid_on
        if (payment.amount, there_on) != (total, paid_on):
            found.append(f"{names}: ConnectWise has {payment.amount} on {there_on}, the ledger {total} on {paid_on}")
    found += [
        f"{part.name}: {part.allocation.amount} on {part.payment.paid_on} in QuickBooks, "
        f"{part.entry.amount} on {part.entry.paid_on} in the ledger"
        for part in parts
        if part.entry is not None
        and part.is_wanted
        and not (part.decision and is_for_a_person(part.decision.why))
        and (part.entry.amount, part.entry.paid_on) != (part.allocation.amount, part.payment.paid_on)
    ]
    return found


def _is_told(part: Part) -> bool:
    """A look has found that the payment is not as we left it, and the page asks a person, for this or something else."""
    found = part.entry is not None and part.entry.finding in ("gone", "changed")
    return found and part.decision is not None and is_for_a_person(part.decision.why)


def _payments_there(simulation: Simulation) -> dict[tuple[str, str], PaymentTruth]:
    return {
        (str(invoice.id), str(payment.id)): payment
        for invoice in simulation.world.connectwise.invoices()
        for payment in invoice.payments
    }


def _strangers_in_connectwise(simulation: Simulation, parts: Sequence[Part]) -> list[str]:
    """A payment that neither a person typed nor the ledger knows is one too many: a doubled one."""
    entries = {(one.entry.target_invoice_id, one.entry.target_payment_id) for one in parts if one.entry is not None}
    # Of several candidates one is ours, and a person has been asked which.
    asked = {
        (str(part.invoice.id), part.effect.amount)
        for part in parts
        if part.invoice is not None and part.effect is not None and part.decision is not None
        if part.decision.reason == "several_candidates"
    }
    return [
        f"ConnectWise invoice {invoice_id} has payment {payment_id} of {payment.amount} that nobody explains"
        for (invoice_id, payment_id), payment in _payments_there(simulation).items()
        if (invoice_id, payment_id) not in entries
        and payment.id not in simulation.typed
        and (invoice_id, payment.amount) not in asked
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


def _asked_for_nothing(simulation: Simulation) -> list[str]:
    """Nobody takes a consent back in these worlds, so that nobody may be asked to give it again."""
    world = simulation.world
    with world.context.database.reading() as session:
        source = connection_by_id(session, world.source_id)
    return [] if source.is_active else [f"QuickBooks is {source.status} for no reason"]
