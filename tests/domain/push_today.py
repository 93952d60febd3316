"""Today's push as one question: the facts of a row go into Delivery, and what it records comes out as a verdict."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import tasks.delivery
import tasks.settling
from domain.before_image import image_of
from domain.push.verdict import (
    DecideAgain,
    Done,
    GiveUp,
    Gone,
    Held,
    InvoiceNotFound,
    Link,
    Look,
    Owed,
    Replaced,
    Send,
    StayInDoubt,
    Terms,
    Verdict,
)
from domain.records import TargetPayment
from models.effects import Effect
from tasks.delivery import Delivery


@dataclass
class Spy:
    """A recorder that remembers what it was told to record."""

    owed: Owed
    look: Look
    terms: Terms
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def connection(self) -> Any:
        return SimpleNamespace(author=self.terms.author)

    @property
    def states(self) -> Any:
        return SimpleNamespace(strategy=self.terms.strategy)

    def hold(self, _effect: Effect, reason: Any, detail: str = "", seen: Any = ()) -> None:
        self.verdicts.append(Held(reason, detail, tuple(seen)))

    def is_linked(self, _effect: Effect, payment: TargetPayment | None) -> bool:
        """As the ledger answers: a payment that stands for something else, and stays so, is not linked."""
        if payment is None or isinstance(self.look, InvoiceNotFound):
            return False
        if payment.external_id in self.look.claimed and payment.external_id not in self.look.outlived:
            return False
        self.verdicts.append(Link(payment))
        return True

    def hold_beside(self, _effect: Effect, reason: Any, similar: Any) -> None:
        self.verdicts.append(Held(reason, beside=tuple(similar)))

    def hold_gone(self, _effect: Effect, payment_id: str) -> None:
        self.verdicts.append(Gone(payment_id))

    def hold_replaced(self, _effect: Effect, payment_ids: Any) -> None:
        self.verdicts.append(Replaced(tuple(payment_ids)))

    def settle(self, _effect: Effect, payment_id: str, *, ours: bool = True, replaced: Any = ()) -> None:
        self.verdicts.append(Done(payment_id, ours, tuple(replaced)))

    def doubt_longer(self, _effect: Effect) -> None:
        self.verdicts.append(StayInDoubt())

    def give_up(self, _effect: Effect) -> None:
        self.verdicts.append(GiveUp())

    def is_decided_again(self, _effect: Effect, *, always: bool = False) -> bool:
        if self.owed.changed_since or always:
            self.verdicts.append(DecideAgain())
            return True
        return False


def verdict_of_today(owed: Owed, look: Look, terms: Terms) -> Verdict:
    spy = Spy(owed, look, terms)
    delivery = Delivery(
        context=_context(),
        lease=None,
        connection=None,
        organization=SimpleNamespace(twin_policy=terms.twin_policy.value, sync_enabled=terms.sync_enabled),
        target=None,
        recorder=spy,
        ends=1e9,
    )
    invoice = None if isinstance(look, InvoiceNotFound) else look.invoice
    with _answers(look, spy):
        delivery._deliver(_effect_of(owed), invoice)
    assert len(spy.verdicts) == 1, spy.verdicts
    return spy.verdicts[0]


def _context() -> Any:
    @contextmanager
    def reading() -> Iterator[None]:
        yield None

    return SimpleNamespace(database=SimpleNamespace(reading=reading), reached=lambda _point: None)


def _effect_of(owed: Owed) -> Effect:
    image = [TargetPayment(one.external_id, one.amount, one.paid_on) for one in owed.image]
    return Effect(
        id=1,
        kind=owed.wanted.kind.value,
        state=owed.state.value,
        reason=owed.reason.value if owed.reason else "",
        connection_id=1,
        allocation_id=owed.wanted.allocation_id,
        target_invoice_id="1",
        target_payment_id=owed.wanted.payment_id,
        amount=owed.wanted.amount,
        paid_on=owed.wanted.paid_on,
        currency=owed.currency,
        attempts=owed.attempts,
        maybe_sent=owed.maybe_sent,
        sent_into=owed.sent_into,
        before_image=image_of(image),
    )


@contextmanager
def _answers(look: Look, spy: Spy) -> Iterator[None]:
    if isinstance(look, InvoiceNotFound):
        yield
        return
    other = list(look.other_money)
    allocation = SimpleNamespace(
        similar_payment_ids=other, ignore_twins=bool(other), same_money_id=spy.owed.same_money_id
    )
    with (
        patch.object(tasks.settling, "claimed_payment_ids", lambda *_: set(look.claimed)),
        patch.object(tasks.settling, "outlived_payment_ids", lambda *_: set(look.outlived)),
        patch.object(tasks.settling, "was_found_by_a_look", lambda _s, _c, _i, one: one in look.found_by_look),
        patch.object(tasks.settling, "entries_on_invoice", lambda *_: list(look.entries)),
        patch.object(tasks.settling, "allocation_with_payment", lambda *_: (allocation, None)),
        patch.object(tasks.delivery, "entries_on_invoice", lambda *_: list(look.entries)),
        patch.object(Delivery, "_look", lambda *_: look.payments),
        patch.object(Delivery, "_send", lambda _self, _effect, change, _payments: spy.verdicts.append(Send(change))),
    ):
        yield
