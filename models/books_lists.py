"""The books' own lists, as last read: rules, items and tax codes. For the preferences, and to spare metered reads."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import ForeignKey, Select, Text, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.copying.booked import BooksRules, Item, TaxCode, TaxMode
from models.base import AT, Base, BigId, Json, UtcTime, add_or_change


class BooksLists(Base):
    __tablename__ = "books_lists"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    # The connection to the books.
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"), unique=True)
    rules: Mapped[dict[str, Any] | None] = mapped_column(Json)
    rules_read_at: Mapped[datetime | None] = mapped_column(UtcTime)
    items: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    tax_codes: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    lists_read_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # When the lists are to be read again; None if nobody has asked.
    due_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    # Why they could not be read, in words; "" if they could.
    failure: Mapped[str] = mapped_column(Text, default="")

    @property
    def known_rules(self) -> BooksRules | None:
        if self.rules is None:
            return None
        closed_on = self.rules["closed_on"]
        return BooksRules(
            custom_numbers=self.rules["custom_numbers"],
            home_currency=self.rules["home_currency"],
            many_currencies=self.rules["many_currencies"],
            tax_mode=TaxMode(self.rules["tax_mode"]),
            closed_on=date.fromisoformat(closed_on) if closed_on else None,
        )

    @property
    def item_names(self) -> dict[str, str]:
        """The active items: names by id."""
        return {one[0]: one[1] for one in self.items}

    @property
    def tax_code_names(self) -> dict[str, str]:
        return {one[0]: one[1] for one in self.tax_codes}


def books_lists_of(session: Session, connection_id: int) -> BooksLists | None:
    return session.scalar(_of_connection(), {"of_connection": connection_id})


@cache
def _of_connection() -> Select[BooksLists]:
    return select(BooksLists).where(BooksLists.connection_id == bindparam("of_connection"))


def keep_rules(session: Session, organization_id: int, connection_id: int, rules: BooksRules, now: datetime) -> None:
    stored = {
        "custom_numbers": rules.custom_numbers,
        "home_currency": rules.home_currency,
        "many_currencies": rules.many_currencies,
        "tax_mode": rules.tax_mode.value,
        "closed_on": rules.closed_on.isoformat() if rules.closed_on else None,
    }
    _keep(session, organization_id, connection_id, {"rules": stored, "rules_read_at": now})


def keep_lists(
    session: Session,
    organization_id: int,
    connection_id: int,
    items: Sequence[Item],
    tax_codes: Sequence[TaxCode],
    now: datetime,
) -> None:
    values = {
        "items": [[one.external_id, one.name] for one in items],
        "tax_codes": [[one.external_id, one.name] for one in tax_codes],
    }
    _keep(session, organization_id, connection_id, {**values, "lists_read_at": now, "due_at": None, "failure": ""})


def want_lists(session: Session, organization_id: int, connection_id: int, at: datetime, failure: str = "") -> None:
    """Asks the worker to read the lists again.

    Args:
        failure: why they could not be read just now.
    """
    _keep(session, organization_id, connection_id, {"due_at": at, "failure": failure})


def organizations_with_lists_to_read() -> Select[int]:
    return select(BooksLists.organization_id).where(BooksLists.due_at <= AT)


def _keep(session: Session, organization_id: int, connection_id: int, change: dict[str, Any]) -> None:
    row = {
        "organization_id": organization_id,
        "connection_id": connection_id,
        "items": [],
        "tax_codes": [],
        "failure": "",
    }
    add_or_change(session, BooksLists, row | change, unique=["connection_id"], change=change)
