"""Two MSPs of the demo: one on good days, one whose ConnectWise has its bad days. Set up through the use cases."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from connectors.quickbooks.tokens import secrets_from
from domain.preferences import SyncMode
from sandbox.endings import CannotGoOn
from sandbox.stack import CONNECTWISE_CLIENT_ID, OutsideSystems
from tasks.context import Context
from usecases.connections import add_source, add_target
from usecases.organizations import PreferenceChanges, change_preferences, create_organization
from usecases.results import Rejected

T = TypeVar("T")


class Doing(Protocol):
    """Does something that needs the database, in its own way."""

    def __call__(self, action: Callable[[], T], /) -> T:
        """Returns what the action returns."""


def at_once(action: Callable[[], T], /) -> T:
    return action()


@dataclass(frozen=True)
class Tenant:
    """One MSP: its organization here, its company in QuickBooks, its company in ConnectWise."""

    name: str
    organization_id: int
    source_id: int
    target_id: int
    realm_id: str
    customer_id: str
    customer: str
    company_id: str


def set_up_tenant(
    systems: OutsideSystems,
    context: Context,
    slug: str,
    name: str,
    customer: str,
    realm_id: str,
    *,
    older_invoices: int = 0,
    do: Doing = at_once,
) -> Tenant:
    """An organization with both connections, the Sync Tool and the mode 'Synced Invoices Only'.

    Args:
        older_invoices: invoices that exist already. Every ConnectWise company numbers its invoices from one, and a
            fault is planned for an invoice's address, which names no company: two companies must not share one.
        do: how to run each use case, for instance again when the database is busy.
    """
    with systems.quickbooks() as quickbooks, systems.connectwise() as connectwise:
        quickbooks.add_company(realm_id, name)
        customer_id = quickbooks.add_customer(customer, realm_id=realm_id)
        tokens = quickbooks.issue_tokens(realm_id=realm_id)
        keys = {"public_key": f"{slug}-public", "private_key": f"{slug}-private"}
        connectwise.add_company(
            slug,
            public_key=keys["public_key"],
            private_key=keys["private_key"],
            client_id=CONNECTWISE_CLIENT_ID,
            name=name,
        )
        for older in range(older_invoices):
            connectwise.add_invoice(f"OLD-{older}", "1.00", company_id=slug)
    organization = _accepted(do(lambda: create_organization(context, slug, name)))
    source = _accepted(
        do(
            lambda: add_source(
                context,
                organization.id,
                "quickbooks",
                realm_id,
                {"home_currency": "USD"},
                secrets_from(tokens, context.clock.now()),
                allows_plain_http=True,
            )
        )
    )
    target = _accepted(
        do(
            lambda: add_target(
                context,
                organization.id,
                "connectwise",
                f"{systems.connectwise_url}/{slug}",
                {"site_url": systems.connectwise_url, "company": slug, "home_currency": "USD"},
                keys,
                allows_plain_http=True,
            )
        )
    )
    changes = PreferenceChanges(sync_enabled=True, sync_tool_enabled=True, sync_mode=SyncMode.SYNCED_ONLY)
    do(lambda: change_preferences(context, organization.id, changes))
    return Tenant(name, organization.id, source.id, target.id, realm_id, customer_id, customer, slug)


def _accepted(result: T | Rejected) -> T:
    if isinstance(result, Rejected):
        raise CannotGoOn(
            f"{result.message} A play needs a database of its own: give it an empty one and an empty folder."
        )
    return result
