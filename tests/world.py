"""A small MSP for the flow tests: its books, its PSA, its organization here, and the worker that works off nudges."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.quickbooks.tokens import secrets_from
from domain.preferences import InvoiceOrigin
from domain.words import Words
from models.connections import Connection, ConnectionStatus, Role
from models.decisions import DecisionRow
from models.effects import Effect, effects_of
from models.invoices import Invoice
from models.organizations import Organization
from models.payments import Allocation, payments_by_external_id, register_own_payments
from sandbox.connectwise import ConnectWiseSandbox
from sandbox.connectwise.truth import PaymentTruth
from sandbox.quickbooks import QuickBooksSandbox
from sandbox.server import serve
from tasks.catch_up.step import catch_up
from tasks.context import Context, Step
from tasks.copying.step import copy
from tasks.ingest.step import ingest
from tasks.look_again.step import look_again
from tasks.match.step import match
from tasks.notify.step import notify
from tasks.preview.step import preview
from tasks.push.step import push
from tasks.reconcile.step import reconcile
from tasks.replay.step import replay
from tasks.sweep import sweep
from tasks.undo.step import undo
from tasks.watch.step import watch
from tests.contexts import CLIENT_ID, CLIENT_SECRET, RecordingNudge, TestClock, make_context
from tests.queries import current_decision

REALM = "9130357766"
CUSTOMER = "Cascade Dental"
STEPS = {
    Step.INGEST: ingest,
    Step.MATCH: match,
    Step.PUSH: push,
    Step.CATCH_UP: catch_up,
    Step.LOOK_AGAIN: look_again,
    Step.COPY: copy,
    Step.PREVIEW: preview,
    Step.RECONCILE: reconcile,
    Step.WATCH: watch,
    Step.NOTIFY: notify,
    Step.UNDO: undo,
    Step.REPLAY: replay,
}


# The steps that decide and send: where nothing new is told for hours, the others only find that out again and again.
SENDERS = (Step.MATCH, Step.PUSH)
# Those, and the step that looks again at what was sent: what people do in ConnectWise is found, and QuickBooks not asked.
LOOKERS = (Step.LOOK_AGAIN, *SENDERS)


@dataclass(frozen=True)
class BothInvoices:
    """One invoice as both systems know it."""

    number: str
    quickbooks_id: str
    connectwise_id: int | None


@dataclass
class World:
    clock: TestClock
    quickbooks: QuickBooksSandbox
    connectwise: ConnectWiseSandbox
    context: Context
    organization_id: int = 0
    source_id: int = 0
    target_id: int = 0
    customer_id: str = ""

    @property
    def quickbooks_url(self) -> str:
        return self.context.platform.vendors["quickbooks"].settings.api_url

    # --- what people do ---

    def invoice(
        self,
        number: str,
        total: str = "100.00",
        *,
        origin: InvoiceOrigin | None = InvoiceOrigin.SYNC_TOOL,
        in_connectwise: bool = True,
        connectwise_total: str | None = None,
        customer: str = CUSTOMER,
        currency: str = "USD",
        at: datetime | None = None,
    ) -> BothInvoices:
        """An invoice in QuickBooks, in ConnectWise and in the platform, unless told otherwise."""
        quickbooks_id = self.quickbooks.add_invoice(self.customer_id, total, number, at=at)
        connectwise_id = None
        if in_connectwise:
            connectwise_id = self.connectwise.add_invoice(
                number, connectwise_total or total, company_name=customer, currency=currency
            )
        if origin is not None:
            with self.context.database.writing() as session:
                session.add(
                    Invoice(
                        organization_id=self.organization_id,
                        number=number,
                        origin=origin.value,
                        source_id=quickbooks_id,
                        total=Decimal(total),
                        currency="USD",
                        customer=CUSTOMER,
                        updated_at=self.clock.now(),
                    )
                )
        return BothInvoices(number, quickbooks_id, connectwise_id)

    def pay(self, total: str, *lines: tuple[BothInvoices, str], on: str = "2026-11-20", **more: Any) -> str:
        """The accountant records a payment; the id that QuickBooks gives it."""
        return self.quickbooks.record_payment(
            self.customer_id,
            total,
            [(invoice.quickbooks_id, amount) for invoice, amount in lines],
            payment_date=date.fromisoformat(on),
            **more,
        )

    def choose(self, **preferences: Any) -> None:
        """The partner changes preferences (as the dashboard stores them)."""
        from models.payments import match_organization_again

        with self.context.database.writing() as session:
            organization = session.get_one(Organization, self.organization_id)
            for name, value in preferences.items():
                setattr(organization, name, value)
            match_organization_again(session, self.organization_id, self.clock.now())
        self.context.nudge(Step.MATCH, self.organization_id)

    def is_own(self, payment_id: str) -> None:
        with self.context.database.writing() as session:
            register_own_payments(session, self.source_id, [payment_id], self.clock.now())

    # --- what the workers do ---

    def notice(self, *only: Step) -> None:
        """Catch-up runs, and everything that follows from it."""
        catch_up(self.context, self.source_id)
        self.settle(*only)

    @property
    def words(self) -> Words:
        """The words for the two systems that every world is connected to."""
        return self.context.platform.words(self.context.platform.vendors)

    def settle(self, *only: Step) -> None:
        """Works off nudges until nobody is nudged any more; where steps are named, the nudges of others get lost."""
        nudge = self.context.nudge
        assert isinstance(nudge, RecordingNudge)
        for _ in range(200):
            if not nudge.waiting:
                return
            step, owner_id = nudge.waiting.popleft()
            if not only or step in only:
                STEPS[step](self.context, owner_id)
        raise AssertionError(f"the steps nudge each other for ever: {nudge.waiting}")

    def learn_our_name(self) -> None:
        """From the answer to any payment we know under which name ConnectWise enters ours."""
        self.pay("10.00", (self.invoice("INV-0"), "10.00"))
        self.notice()

    def later(self, *only: Step, **duration: float) -> None:
        """Time passes, and the sweep finds what is due."""
        self.clock.move(**duration)
        sweep(self.context)
        self.settle(*only)

    # --- what is the case ---

    def decision(self, payment_id: str, invoice: BothInvoices | None = None, kind: str = "") -> DecisionRow:
        """The current decision about a payment's allocation to an invoice (or its only allocation)."""
        allocation = self.allocation(payment_id, invoice, kind)
        with self.context.database.reading() as session:
            decision = current_decision(session, allocation.id)
        assert decision is not None, "nothing was decided"
        return decision

    def reason(self, payment_id: str, invoice: BothInvoices | None = None, kind: str = "") -> str:
        return self.decision(payment_id, invoice, kind).reason

    def allocation(self, payment_id: str, invoice: BothInvoices | None = None, kind: str = "") -> Allocation:
        with self.context.database.reading() as session:
            payment = payments_by_external_id(session, self.source_id, [payment_id])[payment_id]
            found = [
                one
                for one in payment.allocations
                if (invoice is None or one.document_id == invoice.quickbooks_id) and kind in ("", one.kind)
            ]
        assert len(found) == 1, f"{len(found)} allocations"
        return found[0]

    def effects(self, payment_id: str, invoice: BothInvoices | None = None) -> list[Effect]:
        allocation = self.allocation(payment_id, invoice)
        with self.context.database.reading() as session:
            return list(effects_of(session, allocation.id))

    def on(self, invoice: BothInvoices) -> list[PaymentTruth]:
        """The payments on the ConnectWise invoice."""
        assert invoice.connectwise_id is not None
        return list(self.connectwise.invoice(invoice.connectwise_id).payments)

    def amounts_on(self, invoice: BothInvoices) -> list[str]:
        return sorted(str(payment.amount) for payment in self.on(invoice))

    def balance_of(self, invoice: BothInvoices) -> str:
        assert invoice.connectwise_id is not None
        return str(self.connectwise.invoice(invoice.connectwise_id).balance)

    def calls(self, route: str) -> int:
        return self.connectwise.calls.count(route)


@contextmanager
def open_world(database_url: str, clock: Any = None, **context_options: Any) -> Iterator[World]:
    clock = clock or TestClock()
    quickbooks = QuickBooksSandbox(CLIENT_ID, CLIENT_SECRET, clock=clock.now)
    connectwise = ConnectWiseSandbox(clock=clock.now)
    with serve(quickbooks) as quickbooks_server, serve(connectwise) as connectwise_server:
        context = make_context(database_url, clock=clock, quickbooks_url=quickbooks_server.url, **context_options)
        world = World(clock, quickbooks, connectwise, context)
        _set_up(world, connectwise_server.url)
        try:
            yield world
        finally:
            context.database.close()


def _set_up(world: World, connectwise_url: str) -> None:
    now = world.clock.now()
    world.quickbooks.add_company(REALM, "Northwind MSP")
    world.customer_id = world.quickbooks.add_customer(CUSTOMER)
    tokens = world.quickbooks.issue_tokens()
    keyring = world.context.keyring
    with world.context.database.writing() as session:
        organization = Organization(slug="northwind", name="Northwind MSP", sync_enabled=True, created_at=now)
        session.add(organization)
        session.flush()
        source = Connection(
            organization_id=organization.id,
            role=Role.SOURCE.value,
            vendor="quickbooks",
            account_id=REALM,
            status=ConnectionStatus.ACTIVE.value,
            settings={"home_currency": "USD"},
            sealed_secrets=keyring.seal(secrets_from(tokens, now)),
            connected_at=now,
        )
        target = Connection(
            organization_id=organization.id,
            role=Role.TARGET.value,
            vendor="connectwise",
            account_id=f"{connectwise_url}/acme",
            status=ConnectionStatus.ACTIVE.value,
            settings={"site_url": connectwise_url, "company": "acme", "home_currency": "USD"},
            sealed_secrets=keyring.seal({"public_key": "sandbox-public-key", "private_key": "sandbox-private-key"}),
            connected_at=now,
        )
        session.add_all([source, target])
        session.flush()
        world.organization_id, world.source_id, world.target_id = organization.id, source.id, target.id
