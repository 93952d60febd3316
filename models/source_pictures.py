"""The source's invoices as last seen, for code that only reads them."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, select, union
from sqlalchemy.orm import Session, aliased

from domain.records import SourceInvoice
from models.base import one_of
from models.invoices import SourceInvoiceRow

_PICTURE = (
    SourceInvoiceRow.external_id,
    SourceInvoiceRow.version,
    SourceInvoiceRow.changed_at,
    SourceInvoiceRow.number,
    SourceInvoiceRow.total,
    SourceInvoiceRow.balance,
    SourceInvoiceRow.currency,
    SourceInvoiceRow.customer_name,
    SourceInvoiceRow.deleted,
    SourceInvoiceRow.deletion_inferred,
)


def source_pictures(session: Session, connection_id: int, external_ids: Collection[str]) -> dict[str, SourceInvoice]:
    """The source's invoices as last seen, for code that only reads them."""
    if not external_ids:
        return {}
    statement = select(*_PICTURE).where(
        SourceInvoiceRow.connection_id == connection_id, one_of(SourceInvoiceRow.external_id, external_ids)
    )
    return {row.external_id: SourceInvoice(*row) for row in session.execute(statement)}


# Beyond so many, PostgreSQL plans one statement about invoices and their namesakes badly, and takes longer for it than
# for two plain ones; below, a round trip more costs more than both. A batch of match has fifty at most.
_FEW = 100


def source_pictures_with_namesakes(
    session: Session, connection_id: int, external_ids: Collection[str]
) -> Sequence[SourceInvoice]:
    """These invoices of the source, and all others with the number of one of them; those of a number oldest first."""
    if not external_ids:
        return ()
    if len(external_ids) > _FEW:
        return _many_with_namesakes(session, connection_id, external_ids)
    asked = {"of_connection": connection_id, "external_ids": list(external_ids)}
    return [SourceInvoice(*row) for row in session.execute(_with_namesakes(), asked)]


@cache
def _with_namesakes() -> Select[*tuple[Any, ...]]:
    """Made once: every batch of match asks this, and making it takes longer than the answer."""
    one, other = aliased(SourceInvoiceRow), aliased(SourceInvoiceRow)
    these = and_(one.connection_id == bindparam("of_connection"), one_of(one.external_id, named="external_ids"))
    # Looked up first, whatever the planner thinks: where it has no statistics yet, it went through all invoices of the
    # connection for each of them, which took 150 ms with the first thousand.
    own = select(one.id, one.number).where(these).cte("own").prefix_with("MATERIALIZED")
    has_the_number = and_(other.number == own.c.number, own.c.number != "")
    of_numbers = select(other.id).join(own, has_the_number).where(other.connection_id == bindparam("of_connection"))
    # Not joined by "or": then neither database would use the index of the numbers.
    ids = union(select(own.c.id), of_numbers)
    return select(*_PICTURE).where(SourceInvoiceRow.id.in_(ids)).order_by(SourceInvoiceRow.id)


def _many_with_namesakes(
    session: Session, connection_id: int, external_ids: Collection[str]
) -> Sequence[SourceInvoice]:
    here = SourceInvoiceRow.connection_id == connection_id
    these = here & one_of(SourceInvoiceRow.external_id, external_ids)
    own_numbers = session.execute(select(SourceInvoiceRow.external_id, SourceInvoiceRow.number).where(these))
    numbers = {external_id: number for external_id, number in own_numbers}  # noqa: C416
    of_numbers = here & one_of(SourceInvoiceRow.number, {number for number in numbers.values() if number})
    numbered = session.execute(select(*_PICTURE).where(of_numbers).order_by(SourceInvoiceRow.id))
    without_number = [external_id for external_id, number in numbers.items() if not number]
    others = source_pictures(session, connection_id, without_number)
    return [*others.values(), *(SourceInvoice(*row) for row in numbered)]
