"""Links to the pages of the two systems."""

from collections.abc import Mapping

from connectors.vendor import Vendor
from models.connections import Connection


def invoice_link(vendors: Mapping[str, Vendor], connection: Connection | None, invoice_id: str | None) -> str | None:
    """Where the invoice is in one of the two systems, if its vendor can be linked to."""
    vendor = vendors.get(connection.vendor) if connection is not None else None
    if vendor is None or connection is None or invoice_id is None:
        return None
    return vendor.invoice_link(connection.account_id, connection.settings, invoice_id)
