"""What a person enters to connect a ConnectWise company: the address and company of the login page, and API keys."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.entering import AskedSecret, AskedValue, ByHand, Entered


def _read(values: Mapping[str, Any]) -> Entered | str:
    site_url, company = values["site"].strip().rstrip("/"), values["company"].strip()
    if not company or "/" in company:
        return f"'{values['company']}' is not a company id"
    try:
        host = urlsplit(site_url).netloc.lower()
    except ValueError:
        return f"'{site_url}' is not an address"
    chosen = {"site_url": site_url, "company": company}
    if values.get("payment_hour_utc") is not None:
        chosen["payment_hour_utc"] = values["payment_hour_utc"]
    return Entered(f"{host}/{company}", chosen)


def _kept(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in given.items() if value}


BY_HAND = ByHand(
    account="a ConnectWise company",
    secrets_help=(
        "The keys come from CONNECTWISE_PUBLIC_KEY, CONNECTWISE_PRIVATE_KEY and, if it is not the platform's, "
        "CONNECTWISE_CLIENT_ID, from a file (public_key, private_key, client_id), or from a prompt."
    ),
    examples=(
        "--site https://na.myconnectwise.net --company northwind",
        "--site https://psa.example.com --company acme --secrets-file keys.json",
    ),
    values=(
        AskedValue(
            "site", "--site", "The address where people log in, such as https://na.myconnectwise.net", required=True
        ),
        AskedValue("company", "--company", "The company's id, as you enter it on the login page.", required=True),
        AskedValue(
            "payment_hour_utc",
            "--payment-hour-utc",
            "The hour of a payment's day; 12 keeps the date on screens far to the west.",
            kind=int,
        ),
    ),
    secrets=(
        AskedSecret("public_key", "CONNECTWISE_PUBLIC_KEY", "Public key"),
        AskedSecret("private_key", "CONNECTWISE_PRIVATE_KEY", "Private key"),
        AskedSecret("client_id", "CONNECTWISE_CLIENT_ID", "Client id", optional=True),
    ),
    read=_read,
    kept=_kept,
)
