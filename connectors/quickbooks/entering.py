"""What a person enters to connect a QuickBooks company without the consent page: its realm id and tokens."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.entering import AskedSecret, AskedValue, ByHand, Entered


def _read(values: Mapping[str, Any]) -> Entered | str:
    realm_id = values["realm_id"]
    if not (realm_id.isascii() and realm_id.isdigit()):
        return f"'{realm_id}' is not a realm id; it is a number"
    return Entered(realm_id)


def _kept(given: Mapping[str, Any]) -> Mapping[str, Any] | str:
    """The tokens as the connector stores them. An access token of unknown age counts as new until it is refused."""
    # Imported only now: a help page, which shows what is asked for, comes without all that speaks HTTP.
    from connectors.quickbooks.tokens import secrets_from

    lives = [value for name, value in given.items() if name.endswith("expires_in") and value is not None]
    if not all(isinstance(life, int) for life in lives):
        return "the secrets file has a lifetime that is not a number of seconds"
    if given.get("access_token"):
        return secrets_from(given, datetime.now(UTC))
    return {"refresh_token": str(given["refresh_token"])}


BY_HAND = ByHand(
    account="a QuickBooks company",
    secrets_help=(
        "The tokens come from QUICKBOOKS_REFRESH_TOKEN and QUICKBOOKS_ACCESS_TOKEN, from a file (refresh_token, "
        "access_token; the answer of Intuit's token endpoint is one), or from a prompt."
    ),
    examples=(
        "--realm-id 9130357766",
        "--realm-id 9130357766 --secrets-file tokens.json",
        "--realm-id 9130357766 --secrets-file - < tokens.json",
    ),
    values=(AskedValue("realm_id", "--realm-id", "The company's id at QuickBooks.", required=True),),
    secrets=(
        AskedSecret("refresh_token", "QUICKBOOKS_REFRESH_TOKEN", "Refresh token"),
        AskedSecret("access_token", "QUICKBOOKS_ACCESS_TOKEN", "Access token", optional=True),
    ),
    read=_read,
    kept=_kept,
)
