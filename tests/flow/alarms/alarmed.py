"""A small MSP whose people want to be told when something is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from domain.alarms.hours import Hours
from domain.notices.channels import PeopleChannel
from domain.notices.kinds import ALARM_KINDS, NoticeKind
from models.connections import change_connection
from models.notices import Notice
from tasks.context import Step
from tasks.sweep import sweep
from tests.mailbox import Mailbox
from tests.world import World
from usecases.endpoints import Wanted, WithSecret, add_endpoint

BOOKS = "books@northwind.example"


@dataclass
class Alarmed:
    world: World
    mailbox: Mailbox
    invoices: int = 0
    endpoints: list[int] = field(default_factory=list)

    def ask(
        self,
        channel: str = PeopleChannel.MAIL,
        address: str = BOOKS,
        hours: Hours | None = None,
        kinds: Sequence[NoticeKind] = ALARM_KINDS,
    ) -> int:
        """An admin adds a channel."""
        context = replace(self.world.context, actor="admin@northwind.example")
        wanted = Wanted("Bookkeeping", address, kinds, hours or Hours(), channel)
        added = add_endpoint(context, self.world.organization_id, wanted)
        assert isinstance(added, WithSecret), added
        self.endpoints.append(added.endpoint.id)
        return added.endpoint.id

    def hold(self, payments: int = 1) -> None:
        """The accountant records payments of invoices whose totals differ."""
        for _ in range(payments):
            self.invoices += 1
            invoice = self.world.invoice(f"INV-{self.invoices}", "50.00", connectwise_total="60.00")
            self.world.pay("50.00", (invoice, "50.00"))
        silent = tuple(step for step in Step if step not in (Step.NOTIFY, Step.WATCH))
        self.world.notice(*silent)

    def change_source(self, **news: Any) -> None:
        with self.world.context.database.writing() as session:
            change_connection(session, self.world.source_id, news)

    def change_target(self, **news: Any) -> None:
        with self.world.context.database.writing() as session:
            change_connection(session, self.world.target_id, news)

    def later(self, **duration: float) -> None:
        """Time passes; whoever is to be told is told. Nothing else works meanwhile."""
        self.world.clock.move(**(duration or {"seconds": 31}))
        sweep(self.world.context)
        self.world.settle(Step.WATCH, Step.NOTIFY)

    def it_is_over(self) -> None:
        """What was wrong has just been put right, and stays so for long enough."""
        self.later()
        self.later(minutes=10)

    # --- what is the case ---

    @property
    def subjects(self) -> list[str]:
        """Of the mails so far, without the organization's name."""
        return [one.removeprefix("Northwind MSP: ") for one in self.mailbox.subjects]

    @property
    def notices(self) -> list[Notice]:
        with self.world.context.database.reading() as session:
            return list(session.scalars(select(Notice).order_by(Notice.id)))

    @property
    def states(self) -> list[tuple[str, str]]:
        return [(one.facts["phase"] if one.facts else "", one.state) for one in self.notices]
