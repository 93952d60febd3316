"""A partner's choices for the Sync Tool: items, taxes and limits, and which customer of the books a company is."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import structlog

from domain.activity import ActivityKind, Change
from domain.copying.billed import LineKind
from domain.copying.booked import NameOwner
from domain.copying.terms import CopyTerms, DebtorChoice, LineDetail, TaxAs
from models.customer_links import CustomerLink, all_links, links_of
from models.locks import lock_organization
from models.organizations import organization_by_id
from tasks.context import Context, Step
from usecases.activity import note
from usecases.results import Rejected

log = structlog.get_logger()

ROUNDING_MAX = Decimal(100)
CUSTOMER_NAME_CHARACTERS_MAX = 500
# The books do not take these in a name.
_NOT_IN_A_NAME = (":", "\t", "\n", "\r")


def change_terms(context: Context, organization_id: int, changes: Mapping[str, Any]) -> CopyTerms | Rejected:
    """Sets the choices that are named, and leaves the others.

    Args:
        changes: fields of `CopyTerms`, their values as text or as they are; `items` by kind of line.
    """
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        organization = organization_by_id(session, organization_id)
        changed = _changed(organization.copy_terms, changes)
        if isinstance(changed, Rejected):
            return changed
        told = _told(organization.copy_terms, changed)
        organization.copy_choices = changed.as_stored()
        if told:
            note(context, session, organization_id, ActivityKind.COPY_CHOICES_CHANGED, changes=told)
    log.info("copy.terms_changed", organization_id=organization_id, fields=sorted(changes))
    context.nudge(Step.COPY, organization_id)
    return changed


def _told(before: CopyTerms, after: CopyTerms) -> list[Change]:
    stored = before.as_stored(), after.as_stored()
    names = sorted(set(stored[0]) | set(stored[1]))
    values = [(name, *(_value_words(one.get(name)) for one in stored)) for name in names]
    return [Change(name.replace("_", " "), was, now) for name, was, now in values if was != now]


def _value_words(value: Any) -> str:
    match value:
        case None | "":
            return ""
        case bool():
            return "on" if value else "off"
        case Mapping():
            return ", ".join(f"{name}: {one}" for name, one in sorted(value.items()))
        case _:
            return str(value)


def _changed(terms: CopyTerms, changes: Mapping[str, Any]) -> CopyTerms | Rejected:
    values: dict[str, Any] = {}
    for name, value in changes.items():
        read = _READERS.get(name)
        if read is None:
            return Rejected(f"There is no choice called {name}.")
        try:
            values[name] = read(value)
        except (ValueError, TypeError, InvalidOperation):
            return Rejected(_PROBLEMS.get(name, f"The value for {name.replace('_', ' ')} cannot be used."))
    return replace(terms, **values)


def _day(value: Any) -> date | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, date) else date.fromisoformat(str(value).strip())


def _limit(value: Any) -> Decimal:
    amount = Decimal(str(value).strip() or "0")
    if not amount.is_finite() or not 0 <= amount <= ROUNDING_MAX:
        raise ValueError(value)
    return amount


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return str(value).strip().lower() in ("1", "true", "yes", "on")


def _items(value: Any) -> dict[LineKind, str]:
    return {LineKind(kind): str(item).strip() for kind, item in dict(value).items() if str(item).strip()}


def _codes(value: Any) -> dict[str, str]:
    return {str(code).strip(): str(one).strip() for code, one in dict(value).items() if str(code).strip() and str(one)}


def _prefix(value: Any) -> str:
    text = str(value).strip()
    if not (1 <= len(text) <= _PREFIX_MAX and text.isascii() and text.isalnum()):
        raise ValueError(value)
    return text


_PREFIX_MAX = 8
_READERS = {
    "start_on": _day,
    "line_detail": LineDetail,
    "tax_as": TaxAs,
    "debtor": DebtorChoice,
    "items": _items,
    "tax_item_id": lambda value: str(value).strip(),
    "taxable_code_id": lambda value: str(value).strip(),
    "exempt_code_id": lambda value: str(value).strip(),
    "tax_codes": _codes,
    "rounding_max": _limit,
    "adopt": _flag,
    "zero_totals": _flag,
    "online_payment": _flag,
    "automatic": _flag,
    "prefix": _prefix,
}
_PROBLEMS = {
    "start_on": "Write the start date as 2026-01-31.",
    "rounding_max": f"Enter a rounding limit from 0 to {ROUNDING_MAX}.",
    "prefix": f"The prefix of batches has 1 to {_PREFIX_MAX} letters or digits.",
}


# --- customers ---


def link_customer(
    context: Context, organization_id: int, company_id: str, customer_id: str, customer: str, by: str
) -> CustomerLink | Rejected:
    """The company is this customer of the books."""
    if not customer_id.strip():
        return Rejected("Choose a customer.")
    return _choose(context, organization_id, company_id, by, customer_id=customer_id.strip(), customer=customer)


def create_customer_as(
    context: Context, organization_id: int, company_id: str, name: str, by: str
) -> CustomerLink | Rejected:
    """A customer with this name is created before the first copy."""
    name = " ".join(name.split(" "))
    if not name.strip() or len(name) > CUSTOMER_NAME_CHARACTERS_MAX or any(one in name for one in _NOT_IN_A_NAME):
        return Rejected(f"Enter a name of at most {CUSTOMER_NAME_CHARACTERS_MAX} characters, without colons.")
    return _choose(context, organization_id, company_id, by, create_as=name.strip())


def unlink_customer(context: Context, organization_id: int, company_id: str, by: str) -> CustomerLink | Rejected:
    """Takes the choice back; invoices of the company are held until there is another one."""
    return _choose(context, organization_id, company_id, by)


def accept_proposals(
    context: Context, organization_id: int, by: str, company_ids: Collection[str] | None = None, *, create: bool = False
) -> int:
    """Links each company without a choice to the active customer of its name. Returns how many choices were made.

    Args:
        company_ids: only these companies; None takes all.
        create: where nobody in the books has the name, a customer with it is created before the first copy.
    """
    now, made = context.clock.now(), 0
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        for link in all_links(session, organization_id):
            is_chosen = link.customer_id is not None or link.create_as is not None
            if is_chosen or (company_ids is not None and link.company_id not in company_ids):
                continue
            found = link.proposal
            if found is not None and found.owner is NameOwner.CUSTOMER and found.active:
                link.customer_id, link.customer = found.external_id, found.name
            elif found is None and create and link.looked_at is not None and ":" not in link.company:
                link.create_as = link.company
            else:
                continue
            link.chosen_by, link.chosen_at = by, now
            made += 1
        if made:
            about = f"{made} companies: the customers of their names"
            note(context, session, organization_id, ActivityKind.CUSTOMER_CHOSEN, about=about)
    return made


def _choose(
    context: Context,
    organization_id: int,
    company_id: str,
    by: str,
    *,
    customer_id: str | None = None,
    customer: str = "",
    create_as: str | None = None,
) -> CustomerLink | Rejected:
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        link = links_of(session, organization_id, [company_id]).get(company_id)
        if link is None:
            return Rejected("There is no such company.")
        link.customer_id, link.create_as = customer_id, create_as
        link.customer = customer[:CUSTOMER_NAME_CHARACTERS_MAX]
        link.chosen_by, link.chosen_at = by, context.clock.now()
        if create_as is not None:
            # Another name: who has it is looked up anew, and a new customer has a request id of its own.
            link.looked_at, link.found_id, link.found_owner, link.found = None, None, None, ""
            link.generation += 1
        about = f"{link.company}: {customer or create_as or customer_id or 'nobody chosen'}"
        note(context, session, organization_id, ActivityKind.CUSTOMER_CHOSEN, about=about)
    return link
