"""A small MSP that wants to be told what becomes of its payments."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select

from domain.notices.kinds import PAYMENT_KINDS, NoticeKind
from models.activity import ActivityFilter, list_activity
from models.endpoints import Endpoint
from models.notices import Notice, NoticeTry
from tasks.context import Step
from tasks.sweep import sweep
from tests.receiver import Receiver
from tests.world import BothInvoices, World
from usecases.endpoints import Wanted, WithSecret, add_endpoint

# Every step but the one that tells.
SILENT = tuple(step for step in Step if step is not Step.NOTIFY)


@dataclass
class Told:
    world: World
    receiver: Receiver
    endpoint_id: int = 0
    secret: str = field(default="", repr=False)
    invoices: list[BothInvoices] = field(default_factory=list)

    def add(self, url: str, kinds: Sequence[NoticeKind] = PAYMENT_KINDS, name: str = "Ticket system") -> int:
        context = replace(self.world.context, actor="admin@northwind.example")
        added = add_endpoint(context, self.world.organization_id, Wanted(name, url, kinds))
        assert isinstance(added, WithSecret), added
        if not self.endpoint_id:
            self.endpoint_id, self.secret = added.endpoint.id, added.secret
        return added.endpoint.id

    def pay_one(self, amount: str = "100.00", *, in_connectwise: bool = True) -> str:
        """A payment of one invoice that both systems have, unless told otherwise."""
        invoice = self.world.invoice(f"INV-{len(self.invoices) + 1}", amount, in_connectwise=in_connectwise)
        self.invoices.append(invoice)
        return self.world.pay(amount, (invoice, amount))

    def news_waits(self) -> None:
        """A payment was synced, and nobody has been told."""
        self.pay_one()
        self.work_in_silence()

    def work_in_silence(self) -> None:
        """Everything happens to the payments, and nobody is told."""
        self.world.notice(*SILENT)

    def tell(self, **later: float) -> None:
        """Time passes, and the endpoints are told what is due."""
        self.world.clock.move(**(later or {"seconds": 1}))
        sweep(self.world.context)
        self.world.settle(Step.NOTIFY)

    # --- what is the case ---

    @property
    def endpoint(self) -> Endpoint:
        with self.world.context.database.reading() as session:
            return session.get_one(Endpoint, self.endpoint_id)

    @property
    def notices(self) -> list[Notice]:
        with self.world.context.database.reading() as session:
            return list(session.scalars(select(Notice).order_by(Notice.id)))

    @property
    def states(self) -> list[tuple[str, str]]:
        return [(one.kind, one.state) for one in self.notices]

    @property
    def tries(self) -> list[NoticeTry]:
        with self.world.context.database.reading() as session:
            return list(session.scalars(select(NoticeTry).order_by(NoticeTry.id)))

    @property
    def activity(self) -> list[tuple[str, str, str]]:
        """Kind, actor and object of everything that was done, the latest first."""
        with self.world.context.database.reading() as session:
            found = list_activity(session, self.world.organization_id, ActivityFilter(), 100)
        return [(one.kind, one.actor, one.about) for one in found]
