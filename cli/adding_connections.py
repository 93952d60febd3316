"""`connection add`: connecting QuickBooks and ConnectWise with existing secrets."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from cli.connection_output import print_connection, print_report
from cli.failures import Refusal
from cli.opening import find_organization, opened_context
from cli.output import AsJson, examples
from cli.secret_input import SecretsFile, Wanted, read_secrets
from connectors.quickbooks.tokens import secrets_from
from models.connections import Connection
from settings import load_settings
from tasks.context import Context
from usecases.connections import ConnectionReport, add_source, add_target, test_connection
from usecases.proving import Unproved
from usecases.results import Rejected

app = typer.Typer(no_args_is_help=True, help="Connects QuickBooks or ConnectWise, or connects it again.")

Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]
HomeCurrency = Annotated[
    str | None, typer.Option(help="What stands in where the system names no currency. USD unless set before.")
]
Test = Annotated[bool, typer.Option("--test/--no-test", help="Call the system first; what it refuses is not stored.")]

_TOKENS = (
    Wanted("refresh_token", "QUICKBOOKS_REFRESH_TOKEN", "Refresh token"),
    Wanted("access_token", "QUICKBOOKS_ACCESS_TOKEN", "Access token", optional=True),
)
_KEYS = (
    Wanted("public_key", "CONNECTWISE_PUBLIC_KEY", "Public key"),
    Wanted("private_key", "CONNECTWISE_PRIVATE_KEY", "Private key"),
    Wanted("client_id", "CONNECTWISE_CLIENT_ID", "Client id", optional=True),
)


@app.command(
    epilog=examples(
        "connection add quickbooks northwind --realm-id 9130357766",
        "connection add quickbooks northwind --realm-id 9130357766 --secrets-file tokens.json",
        "connection add quickbooks northwind --realm-id 9130357766 --secrets-file - < tokens.json",
    )
)
def quickbooks(
    slug: Org,
    realm_id: Annotated[str, typer.Option(help="The company's id at QuickBooks.")],
    home_currency: HomeCurrency = None,
    secrets_file: SecretsFile = None,
    test: Test = True,
    as_json: AsJson = False,
) -> None:
    """Connects a QuickBooks company.

    The tokens come from QUICKBOOKS_REFRESH_TOKEN and QUICKBOOKS_ACCESS_TOKEN, from a file (refresh_token, access_token;
    the answer of Intuit's token endpoint is one), or from a prompt.
    """
    if not (realm_id.isascii() and realm_id.isdigit()):
        raise Refusal(f"'{realm_id}' is not a realm id; it is a number")
    given = {} if home_currency is None else {"home_currency": home_currency}
    secrets = _tokens(read_secrets(_TOKENS, secrets_file))
    with opened_context() as context:
        http = load_settings().allows_plain_http
        organization_id = _organization_id(context, slug)
        added = add_source(
            context, organization_id, "quickbooks", realm_id, given, secrets, allows_plain_http=http, verify=test
        )
        _finish(context, added, test, as_json)


@app.command(
    epilog=examples(
        "connection add connectwise northwind --site https://na.myconnectwise.net --company northwind",
        "connection add connectwise northwind --site https://psa.example.com --company acme --secrets-file keys.json",
    )
)
def connectwise(
    slug: Org,
    site: Annotated[str, typer.Option(help="The address that people log in at, such as https://na.myconnectwise.net")],
    company: Annotated[str, typer.Option(help="The company's id, as on the login page.")],
    home_currency: HomeCurrency = None,
    payment_hour_utc: Annotated[
        int | None, typer.Option(help="The hour of a payment's day; 12 keeps the date on screens far to the west.")
    ] = None,
    secrets_file: SecretsFile = None,
    test: Test = True,
    as_json: AsJson = False,
) -> None:
    """Connects a ConnectWise company.

    The keys come from CONNECTWISE_PUBLIC_KEY, CONNECTWISE_PRIVATE_KEY and, if it is not the platform's,
    CONNECTWISE_CLIENT_ID, from a file (public_key, private_key, client_id), or from a prompt.
    """
    given: dict[str, Any] = {"site_url": site.strip().rstrip("/"), "company": company.strip()}
    given |= {} if home_currency is None else {"home_currency": home_currency}
    given |= {} if payment_hour_utc is None else {"payment_hour_utc": payment_hour_utc}
    if not given["company"] or "/" in given["company"]:
        raise Refusal(f"'{company}' is not a company id")
    secrets = {name: value for name, value in read_secrets(_KEYS, secrets_file).items() if value}
    with opened_context() as context:
        http = load_settings().allows_plain_http
        account_id = f"{_host(given['site_url'])}/{given['company']}"
        organization_id = _organization_id(context, slug)
        added = add_target(
            context, organization_id, "connectwise", account_id, given, secrets, allows_plain_http=http, verify=test
        )
        _finish(context, added, test, as_json)


def _organization_id(context: Context, slug: str) -> int:
    with context.database.reading() as session:
        return find_organization(session, slug).id


def _finish(context: Context, added: Connection | Rejected, test: bool, as_json: bool) -> None:
    if isinstance(added, Unproved):
        print_report(ConnectionReport(ok=False, lines=added.lines), as_json)
        return
    if isinstance(added, Rejected):
        raise Refusal(added.message)
    if not test:
        print_connection(added, as_json)
        return
    report = test_connection(context, added.id, patient=True)
    if not as_json:
        print_connection(added, as_json=False)
    print_report(report, as_json)


def _tokens(given: dict[str, Any]) -> dict[str, str]:
    """The tokens as the connector stores them. An access token of unknown age counts as new until it is refused."""
    lives = [value for name, value in given.items() if name.endswith("expires_in") and value is not None]
    if not all(isinstance(life, int) for life in lives):
        raise Refusal("the secrets file has a lifetime that is not a number of seconds")
    if given.get("access_token"):
        return secrets_from(given, datetime.now(UTC))
    return {"refresh_token": str(given["refresh_token"])}


def _host(site_url: str) -> str:
    try:
        return urlsplit(site_url).netloc.lower()
    except ValueError:
        raise Refusal(f"'{site_url}' is not an address") from None
