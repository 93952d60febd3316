"""The rows that the outcomes of some effects change, read together, so that many outcomes cost as much as one.

Everything here happens inside the caller's transaction, in which the caller alone holds the organization
(`models/locks.py`): no other transaction changes these rows between the read and the commit. Changes to the rows go to
the database when the transaction ends, in few statements for each table.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.daily_numbers import class_of
from domain.later_looks import Finding, interval_after
from domain.ledger_changes import EntryChange
from domain.push.before_image import seen_in
from domain.push.effect import OPEN_ON_THE_WIRE, EffectState, may_move
from domain.reasons import Reason
from domain.records import TargetPayment
from models.attempts import Attempt
from models.breakers import Breaker
from models.claims import unwanted_and_staying
from models.connections import Connection
from models.decisions import Action, DecisionRow, NewDecision, write_decision
from models.delivery_reading import EffectFound, effects_found, entries_about
from models.effects import DETAIL_CHARACTERS_MAX, Effect
from models.ledger import LedgerEntry
from models.ledger_changes import Cause, note_change
from models.looks import KEEP, Others, begin_looks
from models.organizations import organization_by_id
from models.payment_statuses import store_outcomes_of_only_parts
from models.payments import Allocation


@dataclass(slots=True, frozen=True)
class NewClaim:
    """A payment at the target that will stand for an effect's allocation.

    Attributes:
        amount: in the currency of the effect.
        shared: it also stands for other allocations of the invoice.
    """

    payment_id: str
    amount: Decimal
    paid_on: date
    ours: bool
    shared: bool = False


@dataclass
class DeliveryRows:
    """The rows that one transaction needs about the effects with these ids, all of one target connection."""

    session: Session
    connection_id: int
    effect_ids: Collection[int]
    now: datetime
    # The invoices whose later looks start over, with the sum of other people's payments on each.
    looks_begun: dict[str, Others] = field(default_factory=dict)

    # --- the rows ---

    @cached_property
    def _found(self) -> Sequence[EffectFound]:
        return effects_found(self.session, self.effect_ids)

    @cached_property
    def effects(self) -> dict[int, Effect]:
        return {one.effect.id: one.effect for one in self._found}

    @cached_property
    def allocations(self) -> dict[int, Allocation]:
        """With their payments, by id."""
        return {one.allocation.id: one.allocation for one in self._found}

    @cached_property
    def decisions(self) -> dict[int, DecisionRow]:
        """The current decision of each allocation."""
        return {one.allocation.id: one.decision for one in self._found if one.decision is not None}

    @cached_property
    def connection(self) -> Connection:
        """As this transaction sees it; the caller has found at least one effect."""
        return self._found[0].connection

    @cached_property
    def write_breaker(self) -> Breaker | None:
        """The breaker of the connection's writes, if any has failed."""
        return self._found[0].write_breaker

    @cached_property
    def is_paused(self) -> bool:
        """Whether a person has paused sending: for all, for this organization, or for this connection."""
        # The transaction holds the organization, so its row is at hand, and nobody pauses it meanwhile.
        organization = organization_by_id(self.session, self.connection.organization_id)
        return self._found[0].is_all_paused or bool(organization.paused_at or self.connection.paused_at)

    @cached_property
    def entries(self) -> list[LedgerEntry]:
        """All entries, old ones too, on the invoices, and of the allocations anywhere; oldest first."""
        if not self._in_the_ledger:
            return []
        return entries_about(self.session, self.connection_id, self._invoice_ids, self._allocation_ids)

    @cached_property
    def attempt_numbers(self) -> dict[int, int]:
        """The highest attempt number so far, by effect."""
        return {one.effect.id: one.attempts for one in self._found}

    def is_in_the_ledger(self, effect: Effect) -> bool:
        """Whether any payment on its invoice stands or stood for an allocation, or any payment for its own."""
        return effect.id in self._in_the_ledger

    @cached_property
    def _in_the_ledger(self) -> set[int]:
        return {one.effect.id for one in self._found if one.is_in_ledger}

    @property
    def _allocation_ids(self) -> set[int]:
        return {effect.allocation_id for effect in self.effects.values()}

    @property
    def _invoice_ids(self) -> set[str]:
        return {effect.target_invoice_id for effect in self.effects.values()}

    # --- effects and their attempts ---

    def move(self, effect: Effect, wanted: EffectState, **values: Any) -> None:
        """Moves the effect to its next state.

        Raises:
            ValueError: an effect cannot go from its state to that one.
        """
        if not may_move(EffectState(effect.state), wanted):
            raise ValueError(f"an effect cannot go from {effect.state} to {wanted}")
        if "detail" in values:
            values["detail"] = values["detail"][:DETAIL_CHARACTERS_MAX]
        for name, value in {"state": wanted.value, **values}.items():
            setattr(effect, name, value)

    def start_attempt(self, effect: Effect) -> int:
        """The attempt's number. Counts all attempts, including those that use up none of the allowed ones."""
        number = self.attempt_numbers[effect.id] + 1
        self.attempt_numbers[effect.id] = number
        self.session.add(Attempt(effect_id=effect.id, number=number, started_at=self.now))
        return number

    # --- the ledger ---

    def live_entry(self, allocation_id: int) -> LedgerEntry | None:
        return next(
            (one for one in self.entries if one.allocation_id == allocation_id and one.removed_at is None), None
        )

    def live_entries_of(self, invoice_id: str, payment_id: str) -> list[LedgerEntry]:
        """The entries that the payment stands for now."""
        return [one for one in self._entries_of(invoice_id, payment_id) if one.removed_at is None]

    def _entries_of(self, invoice_id: str, payment_id: str) -> list[LedgerEntry]:
        key = (self.connection_id, invoice_id, payment_id)
        return [one for one in self.entries if one.payment_key == key]

    def claim(self, effect: Effect, claim: NewClaim) -> bool:
        """Enters that the payment stands for the effect's allocation; False if it already stands for another one.

        We keep ids: a payment that once stood for something never stands for another payment later.
        """
        if self.live_entry(effect.allocation_id) is not None:
            return False
        known = self._entries_of(effect.target_invoice_id, claim.payment_id)
        if claim.shared:
            # An entry that stood for its allocation alone, made under the other setting, is shared from now on.
            for entry in known:
                if entry.removed_at is None and not entry.shared:
                    entry.shared = True
                    self._note(entry, EntryChange.SHARED, effect)
        elif any(not entry.shared and not entry.handed_over for entry in known):
            return False
        payment = self.allocations[effect.allocation_id].payment
        entry = LedgerEntry(
            organization_id=effect.organization_id,
            connection_id=effect.connection_id,
            allocation_id=effect.allocation_id,
            target_invoice_id=effect.target_invoice_id,
            target_payment_id=claim.payment_id,
            amount=claim.amount,
            currency=payment.currency,
            paid_on=claim.paid_on,
            within_seconds=class_of((self.now - payment.known_since).total_seconds()),
            ours=claim.ours,
            shared=claim.shared,
            harmed=False,
            finding="",
            created_at=self.now,
            removed_by_hand=False,
            handed_over=False,
        )
        self.session.add(entry)
        self.entries.append(entry)
        self._note(entry, EntryChange.ENTERED, effect)
        return True

    def _note(self, entry: LedgerEntry, kind: EntryChange, effect: Effect | None = None) -> None:
        cause = Cause(kind, self.now, effect.id if effect is not None else None)
        note_change(self.session, entry, cause)

    def change_entry(self, effect: Effect, amount: Decimal, paid_on: date) -> None:
        """The effect has changed the payment that stands for its allocation. A double beside it stays on record."""
        entry = self.live_entry(effect.allocation_id)
        if entry is None:
            return
        entry.amount, entry.paid_on = amount, paid_on
        if entry.finding not in ("", Finding.DOUBLED):
            entry.finding, entry.found = "", None
        self._note(entry, EntryChange.CORRECTED, effect)

    def remove_entry(self, effect: Effect) -> None:
        """The effect has removed the payment that stood for its allocation."""
        entry = self.live_entry(effect.allocation_id)
        if entry is not None:
            entry.removed_at, entry.removed_by_hand = self.now, False
            self._note(entry, EntryChange.REMOVED, effect)

    def is_doubled(self, allocation_id: int) -> bool:
        """Whether a look found another payment like it beside the newest payment of this allocation."""
        entries = [one for one in self.entries if one.allocation_id == allocation_id]
        return bool(entries) and entries[-1].finding == Finding.DOUBLED

    def mark_gone(self, invoice_id: str, payment_id: str) -> list[int]:
        """Records that a look did not find the payment on the invoice; returns the allocations that this changes."""
        news = [one for one in self.live_entries_of(invoice_id, payment_id) if one.finding != Finding.GONE]
        for entry in news:
            entry.finding, entry.found = Finding.GONE.value, None
            self._note(entry, EntryChange.LOOKED_AT)
        return [entry.allocation_id for entry in news]

    def hand_over(self, effect: Effect, payment_id: str) -> LedgerEntry | None:
        """Ends the payment's former entry, so that it can stand for the effect's allocation.

        Returns:
            The former entry; only one that outlived its own payment may be ended. None if there is none.

        Raises:
            StillStands: it still stands for that allocation, or something is on its way there.
        """
        known = [one for one in self._entries_of(effect.target_invoice_id, payment_id) if not one.handed_over]
        if not known:
            return None
        former = known[-1]
        outlived = unwanted_and_staying(self.session, self.connection_id, [effect.target_invoice_id])
        if former.shared or payment_id not in outlived.get(effect.target_invoice_id, ()):
            raise StillStands
        if self._is_on_the_wire(former.allocation_id):
            raise StillStands
        former.handed_over = True
        if former.removed_at is None:
            former.removed_at, former.removed_by_hand = self.now, True
        self._note(former, EntryChange.HANDED_OVER, effect)
        # The unique claim must be free before the new one is written.
        self.session.flush()
        return former

    def _is_on_the_wire(self, allocation_id: int) -> bool:
        states = [state.value for state in OPEN_ON_THE_WIRE]
        statement = select(Effect.id).where(Effect.allocation_id == allocation_id, Effect.state.in_(states))
        return self.session.scalar(statement.limit(1)) is not None

    # --- the next look at an invoice ---

    def look_soon(self, effect: Effect) -> None:
        """Something was written to the invoice: the later looks at it start over."""
        self.looks_begun.setdefault(effect.target_invoice_id, KEEP)

    def remember_others(self, effect: Effect) -> None:
        """Records other people's payments on the invoice at the time of this send; we know none if nothing was sent."""
        if effect.before_image is None:
            self.looks_begun[effect.target_invoice_id] = None
            return
        claimed = {one.target_payment_id for one in self.entries if self._is_live_on(one, effect.target_invoice_id)}
        image = seen_in(effect.before_image)
        others = sum((one.amount for one in image if one.external_id not in claimed), Decimal(0))
        self.looks_begun[effect.target_invoice_id] = others

    def store(self) -> None:
        """Writes down what is left to write; called once, at the end of the transaction."""
        only_parts = [one.allocation for one in self._found if one.parts == 1]
        decided = [(one, self.decisions[one.id]) for one in only_parts if one.id in self.decisions]
        store_outcomes_of_only_parts(self.session, decided)
        begin_looks(self.session, self.connection_id, self.looks_begun, self.now + interval_after(0))

    def _is_live_on(self, entry: LedgerEntry, invoice_id: str) -> bool:
        on_it = (entry.connection_id, entry.target_invoice_id) == (self.connection_id, invoice_id)
        return on_it and entry.removed_at is None

    # --- decisions, and what is decided again ---

    def decide(
        self, effect: Effect, action: Action, reason: Reason, detail: str = "", seen: Sequence[TargetPayment] = ()
    ) -> None:
        """Records the effect's outcome as the current decision about its allocation.

        Args:
            seen: the payments on the invoice that led to it.
        """
        new = NewDecision(
            allocation_id=effect.allocation_id,
            action=action,
            reason=reason,
            detail=detail[:DETAIL_CHARACTERS_MAX],
            seen=tuple(seen),
        )
        write_decision(self.session, self.decisions, new, self.now)

    def match_again(self, allocation_ids: Iterable[int]) -> None:
        """Something has changed for these allocations: match decides them again, now."""
        others = set()
        for allocation_id in allocation_ids:
            allocation = self.allocations.get(allocation_id)
            if allocation is None:
                others.add(allocation_id)
            else:
                allocation.match_due_at = self.now
        if others:
            statement = update(Allocation).where(Allocation.id.in_(others)).values(match_due_at=self.now)
            self.session.execute(statement)

    def match_no_later_than(self, allocation_id: int, at: datetime) -> None:
        """Looked at again by then. An earlier time stays, because news that match has not read yet set it."""
        allocation = self.allocations[allocation_id]
        if allocation.match_due_at is None or allocation.match_due_at > at:
            allocation.match_due_at = at


class StillStands(Exception):
    """The payment still stands for its former allocation."""
