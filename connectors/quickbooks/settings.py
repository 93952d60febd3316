"""QuickBooks' settings: our registration at Intuit, and where Intuit is. QUICKBOOKS_ stands before each variable."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, SecretStr

from connectors.quickbooks.tokens import Application
from connectors.vendor import LinkTemplate, SecretList, SecretScope, VendorSettings


class QuickBooksSettings(VendorSettings):
    registered_as: ClassVar[str] = "client_id"
    secrets: ClassVar[Mapping[str, SecretScope]] = {
        "client_secret": SecretScope.CALLS,
        "verifier_tokens": SecretScope.DOOR,
    }

    api_url: str = "https://quickbooks.api.intuit.com"
    token_url: str = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105
    authorize_url: str = "https://appcenter.intuit.com/connect/oauth2"
    revoke_url: str = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    verifier_tokens: SecretList = Field(default=[])
    # Metered reads in a month for all companies together; Intuit's free tier blocks every read beyond. Zero: no cap.
    monthly_reads_max: int = Field(default=500_000, ge=0)
    # Where a person sees an invoice; {account} is the company's realm id, {id} the invoice's. Empty: no link.
    invoice_link: LinkTemplate = "https://app.qbo.intuit.com/app/invoice?txnId={id}&companyId={account}"

    @property
    def application(self) -> Application:
        return Application(
            client_id=self.client_id,
            client_secret=self.client_secret.get_secret_value(),
            token_url=self.token_url,
            authorize_url=self.authorize_url,
            revoke_url=self.revoke_url,
        )
