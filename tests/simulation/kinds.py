"""The kinds of ConnectWise tenant that a world may have, and whether our setting fits them."""

from dataclasses import dataclass
from enum import StrEnum

from domain.preferences import CorrectionPolicy, TwinPolicy
from domain.push.strategy import PaymentStrategy
from models.connections import connection_by_id
from models.organizations import organization_by_id
from tests.world import World


class Kind(StrEnum):
    APPEND = "append"
    # One payment per invoice is our setting; the tenant would take a second one, refuses it, or replaces the first.
    SINGLE_ADDS = "single_adds"
    SINGLE_REFUSES = "single_refuses"
    SINGLE_REPLACES = "single_replaces"
    # A setting that does not fit: the tenant refuses what we add.
    APPEND_REFUSES = "append_refuses"


@dataclass(frozen=True)
class Tenant:
    strategy: PaymentStrategy
    second_payment: str


TENANTS = {
    Kind.APPEND: Tenant(PaymentStrategy.APPEND, "accept"),
    Kind.SINGLE_ADDS: Tenant(PaymentStrategy.SINGLE, "accept"),
    Kind.SINGLE_REFUSES: Tenant(PaymentStrategy.SINGLE, "reject"),
    Kind.SINGLE_REPLACES: Tenant(PaymentStrategy.SINGLE, "overwrite"),
    Kind.APPEND_REFUSES: Tenant(PaymentStrategy.APPEND, "reject"),
}
# In turn, seed by seed: half of the worlds are the usual tenant.
TURNS = (
    Kind.APPEND,
    Kind.SINGLE_REPLACES,
    Kind.APPEND,
    Kind.SINGLE_ADDS,
    Kind.APPEND,
    Kind.SINGLE_REFUSES,
    Kind.APPEND,
    Kind.APPEND_REFUSES,
)


def kind_of(seed: int) -> Kind:
    return TURNS[seed % len(TURNS)]


def choose_policies(world: World, seed: int) -> None:
    """Every third partner wants to look at twins, every fifth at corrections."""
    with world.context.database.writing() as session:
        organization = organization_by_id(session, world.organization_id)
        organization.twin_policy = (TwinPolicy.ADOPT if seed % 3 else TwinPolicy.HOLD).value
        organization.correction_policy = (CorrectionPolicy.AUTOMATIC if seed % 5 else CorrectionPolicy.HOLD).value


def move_in(world: World, kind: Kind) -> None:
    """Makes the world's ConnectWise a tenant of this kind, and our connection's setting the one for it."""
    tenant = TENANTS[kind]
    world.connectwise.set_switches(second_payment=tenant.second_payment)
    choose_strategy(world, tenant.strategy)


def choose_strategy(world: World, strategy: PaymentStrategy) -> None:
    with world.context.database.writing() as session:
        connection = connection_by_id(session, world.target_id)
        connection.settings = {**connection.settings, "strategy": strategy.value}
