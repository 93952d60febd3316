"""Which customer of the books a company of the biller is: chosen by a person, once."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from secrets import token_hex

from sqlalchemy import ForeignKey, Select, String, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.copying.billed import Debtor
from domain.copying.booked import NamedParty, NameOwner
from domain.copying.names import folded
from domain.copying.verdict import CustomerChoice, Linked, NotChosen, ToBeCreated
from models.base import Base, BigId, UtcTime, insert_new
from models.billed_invoices import NAME_CHARACTERS_MAX


class CustomerLink(Base):
    __tablename__ = "customer_link"
    __table_args__ = (UniqueConstraint("organization_id", "company_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    # The biller's company.
    company_id: Mapped[str] = mapped_column(String(50))
    identifier: Mapped[str] = mapped_column(String(NAME_CHARACTERS_MAX), default="")
    company: Mapped[str] = mapped_column(String(NAME_CHARACTERS_MAX))
    # The customer that was chosen; None while none is.
    customer_id: Mapped[str | None] = mapped_column(String(50))
    customer: Mapped[str] = mapped_column(String(500), default="")
    # The name under which a person wants a new customer; None if nobody does.
    create_as: Mapped[str | None] = mapped_column(String(500))
    # Who in the books has the company's name, as last looked up; proposes and decides nothing.
    found_id: Mapped[str | None] = mapped_column(String(50))
    found: Mapped[str] = mapped_column(String(500), default="")
    found_owner: Mapped[str | None] = mapped_column(String(20))
    found_active: Mapped[bool] = mapped_column(default=True)
    looked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    chosen_by: Mapped[str] = mapped_column(String(200), default="")
    chosen_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # As for an invoice (`models/billed_invoices.py`).
    token: Mapped[str] = mapped_column(String(16))
    # Grows with each new customer that we ask for, so that each has its own request id.
    generation: Mapped[int] = mapped_column(default=1)

    @property
    def proposal(self) -> NamedParty | None:
        if self.found_id is None or self.found_owner is None:
            return None
        return NamedParty(self.found_id, self.found, NameOwner(self.found_owner), self.found_active)

    def choice(self, customers: Mapping[str, NamedParty]) -> CustomerChoice:
        """What has been chosen, with the customers as the books have them now."""
        if self.customer_id is not None:
            return Linked(self.customer_id, customers.get(self.customer_id))
        if self.create_as is not None:
            return ToBeCreated(self.create_as, self.proposal)
        return NotChosen(self.proposal)


def links_of(session: Session, organization_id: int, company_ids: Collection[str]) -> dict[str, CustomerLink]:
    """The links of these companies, by company."""
    asked = {"of_organization": organization_id, "companies": list(company_ids)}
    return {link.company_id: link for link in session.scalars(_of_companies(), asked)}


@cache
def _of_companies() -> Select[CustomerLink]:
    return select(CustomerLink).where(
        CustomerLink.organization_id == bindparam("of_organization"),
        CustomerLink.company_id.in_(bindparam("companies", expanding=True)),
    )


def all_links(session: Session, organization_id: int) -> Sequence[CustomerLink]:
    """Those without a choice first, then by name."""
    chosen = CustomerLink.customer_id.is_not(None) | CustomerLink.create_as.is_not(None)
    statement = (
        select(CustomerLink)
        .where(CustomerLink.organization_id == organization_id)
        .order_by(chosen, CustomerLink.company, CustomerLink.id)
    )
    return session.scalars(statement).all()


def new_links(session: Session, organization_id: int, limit: int) -> dict[str, CustomerLink]:
    """Companies without a choice whose names nobody has looked up in the books, by company."""
    statement = (
        select(CustomerLink)
        .where(CustomerLink.organization_id == organization_id, CustomerLink.looked_at.is_(None))
        .where(CustomerLink.customer_id.is_(None))
        .order_by(CustomerLink.id)
        .limit(limit)
    )
    return {link.company_id: link for link in session.scalars(statement)}


def add_links(session: Session, organization_id: int, debtors: Collection[Debtor]) -> None:
    """Adds a link without a choice for each company that has none."""
    rows = [
        {
            "organization_id": organization_id,
            "company_id": one.external_id,
            "identifier": one.identifier[:NAME_CHARACTERS_MAX],
            "company": one.name[:NAME_CHARACTERS_MAX],
            "customer": "",
            "found": "",
            "found_active": True,
            "chosen_by": "",
            "generation": 1,
            "token": token_hex(6),
        }
        for one in {debtor.external_id: debtor for debtor in debtors}.values()
    ]
    insert_new(session, CustomerLink, rows)


def note_found(session: Session, names: Mapping[int, str], parties: Collection[NamedParty], now: datetime) -> None:
    """Keeps who in the books has the name of each link; a customer comes before others of the same name."""
    by_name: dict[str, NamedParty] = {}
    for party in sorted(parties, key=lambda one: (one.owner is not NameOwner.CUSTOMER, not one.active)):
        by_name.setdefault(folded(party.name), party)
    for link in session.scalars(select(CustomerLink).where(CustomerLink.id.in_(names))):
        found = by_name.get(folded(names[link.id]))
        link.looked_at = now
        link.found_id, link.found = (found.external_id, found.name[:500]) if found else (None, "")
        link.found_owner, link.found_active = (found.owner.value, found.active) if found else (None, True)


def link_to(session: Session, link_id: int, customer: NamedParty, now: datetime) -> None:
    """The company is this customer, unless a person has chosen another one meanwhile."""
    link = session.get_one(CustomerLink, link_id)
    if link.create_as is None:
        return
    link.customer_id, link.customer, link.create_as = customer.external_id, customer.name[:500], None
    link.chosen_at = link.chosen_at or now


def take_back_creation(session: Session, link_id: int) -> None:
    """The books refused to create the customer: a person chooses again."""
    link = session.get_one(CustomerLink, link_id)
    link.create_as, link.looked_at = None, None
    link.generation += 1
