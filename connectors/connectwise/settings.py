"""ConnectWise's settings: who we are to it, and how much we ask. CONNECTWISE_ stands before each variable."""

from pydantic import Field

from connectors.vendor import LinkTemplate, VendorSettings


class ConnectWiseSettings(VendorSettings):
    client_id: str = ""
    api_version: str = "2025.16"
    # For one tenant. ConnectWise "likely" throttles above 1,000 a minute, over all of the tenant's integrations.
    calls_per_minute: int = Field(default=600, ge=1)
    # Where a person sees an invoice; {site}, {company} and {id}. No source tells how ConnectWise links to invoices.
    invoice_link: LinkTemplate = ""
