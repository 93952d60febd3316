"""The words for an organization's two systems, for whoever prints a sentence about its payments.

Called by: pages, the JSON API, the command line. Reads the organization's connections; changes nothing.
"""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from connectors.registry import VENDORS, words_for
from connectors.vendor import Vendor
from domain.words import Words
from models.connections import connections_of


def words_of(session: Session, organization_id: int, vendors: Iterable[type[Vendor]] = VENDORS) -> Words:
    """The names and the advice of the vendors that the organization is connected to."""
    return words_for({one.vendor for one in connections_of(session, organization_id)}, vendors)
