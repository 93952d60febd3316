"""Reads what the outcomes of some effects may change: one statement for the effects, one for the ledger about them."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from domain.breaker import CallKind
from models.attempts import Attempt
from models.base import one_of
from models.breakers import Breaker
from models.connections import Connection
from models.decisions import DecisionRow
from models.effects import Effect
from models.ledger import LedgerEntry
from models.pausable import everything_is_paused
from models.payments import Allocation, number_of_parts


@dataclass(frozen=True, slots=True)
class EffectFound:
    """One effect with what its outcome may change.

    Attributes:
        decision: the one in force.
        write_breaker: of its connection.
        is_all_paused: nothing is sent for anybody.
        is_in_ledger: the ledger has, or had, something about its invoice or its allocation.
        attempts: the highest number of an attempt so far.
        parts: how many its payment has.
    """

    effect: Effect
    allocation: Allocation
    decision: DecisionRow | None
    connection: Connection
    write_breaker: Breaker | None
    is_all_paused: bool
    is_in_ledger: bool
    attempts: int
    parts: int


def effects_found(session: Session, effect_ids: Collection[int]) -> list[EffectFound]:
    """These effects with what they are about, in the order of their ids."""
    return [EffectFound(*row) for row in session.execute(_about_effects(), {"ids": list(effect_ids)})]


def entries_about(
    session: Session, connection_id: int, target_invoice_ids: Collection[str], allocation_ids: Collection[int]
) -> list[LedgerEntry]:
    """All entries, old ones too, on these invoices, and of the allocations anywhere; oldest first."""
    asked = {
        "of_connection": connection_id,
        "invoice_ids": list(target_invoice_ids),
        "allocation_ids": list(allocation_ids),
    }
    return list(session.scalars(_entries_about(), asked))


# The statements are made once: every batch asks, and making them takes longer than the answers.


@cache
def _about_effects() -> Select[
    Effect, Allocation, DecisionRow | None, Connection, Breaker | None, bool, bool, int, int
]:
    on_invoice = exists().where(
        LedgerEntry.connection_id == Effect.connection_id, LedgerEntry.target_invoice_id == Effect.target_invoice_id
    )
    in_ledger = or_(on_invoice, exists().where(LedgerEntry.allocation_id == Allocation.id))
    tries = select(func.max(Attempt.number)).where(Attempt.effect_id == Effect.id).scalar_subquery()
    is_current = and_(DecisionRow.allocation_id == Allocation.id, DecisionRow.current)
    of_writes = and_(Breaker.connection_id == Connection.id, Breaker.kind == CallKind.WRITE.value)
    return (
        select(
            *(Effect, Allocation, DecisionRow, Connection, Breaker),
            *(everything_is_paused(), in_ledger, func.coalesce(tries, 0), number_of_parts()),
        )
        .join(Allocation, Allocation.id == Effect.allocation_id)
        .join(Allocation.payment)
        .options(contains_eager(Allocation.payment))
        .join(Connection, Connection.id == Effect.connection_id)
        .outerjoin(DecisionRow, is_current)
        .outerjoin(Breaker, of_writes)
        .where(one_of(Effect.id, named="ids"))
        .order_by(Effect.id)
    )


@cache
def _entries_about() -> Select[LedgerEntry]:
    on_invoices = and_(
        LedgerEntry.connection_id == bindparam("of_connection"),
        one_of(LedgerEntry.target_invoice_id, named="invoice_ids"),
    )
    of_allocations = one_of(LedgerEntry.allocation_id, named="allocation_ids")
    return select(LedgerEntry).where(or_(on_invoices, of_allocations)).order_by(LedgerEntry.id)
