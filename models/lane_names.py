"""Whose lanes there are, in words for people who watch the workers."""

from collections.abc import Mapping

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session

from models.connections import Connection
from models.endpoints import Endpoint
from models.locks import Owner
from models.organizations import Organization


def lane_names(session: Session) -> Mapping[tuple[Owner, int], str]:
    """The names of all owners of lanes, such as `northwind quickbooks`, in one statement."""
    organizations = select(literal(Owner.ORGANIZATION.name), Organization.id, Organization.slug, literal(""))
    connections = select(literal(Owner.CONNECTION.name), Connection.id, Organization.slug, Connection.vendor).join(
        Organization, Organization.id == Connection.organization_id
    )
    endpoints = select(literal(Owner.ENDPOINT.name), Endpoint.id, Organization.slug, Endpoint.channel).join(
        Organization, Organization.id == Endpoint.organization_id
    )
    rows = session.execute(union_all(organizations, connections, endpoints))
    return {(Owner[owner], owner_id): f"{slug} {what}".strip() for owner, owner_id, slug, what in rows}
