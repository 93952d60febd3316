"""`user`: who may use the dashboard, and the API tokens of programs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import Refusal
from cli.groups import new_group
from cli.opening import find_organization, opened_context, opened_session, public_address, read_settings
from cli.output import AsJson, examples, moment_text, print_json, print_table, say
from cli.secret_input import warn_if_open_to_others
from domain.users import API_TOKEN_DAYS, API_TOKEN_DAYS_MAX, TokenScope
from workers.terminal import Column

if TYPE_CHECKING:
    from models.users import User
    from usecases.results import Rejected

app = new_group()

PASSWORD_VARIABLE = "DASHBOARD_PASSWORD"  # noqa: S105 - the name of a variable

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The user's e-mail address.")]
Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]
TokenName = Annotated[str, typer.Option("--name", help="What uses the token, such as 'billing'.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", metavar="FILE", help="A file with the password; - reads it from the pipe."),
]


@app.command(
    epilog=examples(
        "user add books@northwind.example --org northwind",
        "user add admin@example.com --operator",
        "user add admin@example.com --operator --no-password",
    )
)
def add(
    email: Email,
    org: Annotated[str | None, typer.Option(help="Makes a partner, who works in this organization only.")] = None,
    operator: Annotated[bool, typer.Option("--operator", help="Makes an operator, who may choose any.")] = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Only one-time links let this user in; see `user login-link`.")
    ] = False,
    password_file: PasswordFile = None,
) -> None:
    """Adds a user. The password is asked for, or read from DASHBOARD_PASSWORD or a file; never an argument."""
    from usecases.results import Rejected
    from usecases.users import create_user

    if (org is None) == (not operator):
        raise Refusal("say either --org ORG (a partner) or --operator")
    password = None if no_password else _read_password(password_file)
    with opened_context() as context:
        user = create_user(context, email, password, org)
    if isinstance(user, Rejected):
        raise Refusal(user.message)
    say(f"Added {user.email}, {user.role}{f' of {org}' if org else ''}.")


@app.command("list", epilog=examples("user list", "user list --json"))
def list_(as_json: AsJson = False) -> None:
    """Lists all users."""
    from domain.users import UserRole
    from models.users import users_with_organizations

    with opened_session() as session:
        found = users_with_organizations(session)
    if as_json:
        print_json(
            [
                {
                    "email": user.email,
                    "role": UserRole(user.role),
                    "org": organization.slug if organization else None,
                    "has_password": user.password_hash is not None,
                    "created_at": user.created_at,
                    "disabled_at": user.disabled_at,
                }
                for user, organization in found
            ]
        )
        return
    rows = [
        (
            user.email,
            user.role,
            organization.slug if organization else "all",
            moment_text(user.created_at),
            moment_text(user.disabled_at),
        )
        for user, organization in found
    ]
    print_table(
        ["email", "role", "org", "added", "disabled"], rows, "There is no user yet; see: python -m cli user add --help"
    )


@app.command("set-password", epilog=examples("user set-password books@northwind.example"))
def set_password_(email: Email, password_file: PasswordFile = None) -> None:
    """Sets another password and logs the user out everywhere."""
    from usecases.results import Rejected
    from usecases.users import set_password

    password = _read_password(password_file)
    with opened_context() as context:
        user = set_password(context, email, password)
    if isinstance(user, Rejected):
        raise Refusal(user.message)
    say(f"The password of {user.email} is changed, and every session has ended.")


@app.command(epilog=examples("user disable books@northwind.example"))
def disable(email: Email) -> None:
    """Lets the user in no more, by password or link; every session and login link ends at once.

    API tokens belong to the organization, not to a user: see `user api-tokens` for those that this user may know.
    """
    from usecases.users import disable_user

    with opened_context() as context:
        user = _accepted(disable_user(context, email))
    say(f"{user.email} is disabled, and every session and login link has ended.{_about_tokens(user)}")


@app.command(epilog=examples("user enable books@northwind.example"))
def enable(email: Email) -> None:
    """Lets a disabled user in again, with the password from before."""
    from usecases.users import enable_user

    with opened_context() as context:
        user = _accepted(enable_user(context, email))
    say(f"{user.email} may log in again.")


@app.command(epilog=examples("user remove books@northwind.example"))
def remove(email: Email) -> None:
    """Removes the user; every session and login link ends at once."""
    from usecases.users import forget_user

    with opened_context() as context:
        user = _accepted(forget_user(context, email))
    say(f"{user.email} is removed, and every session and login link has ended.{_about_tokens(user)}")


def _accepted(user: User | Rejected) -> User:
    from usecases.results import Rejected

    if isinstance(user, Rejected):
        raise Refusal(user.message)
    return user


def _about_tokens(user: User) -> str:
    if user.organization_id is None:
        return ""
    return " The organization's API tokens go on; see: python -m cli user api-tokens --help"


@app.command("login-link", epilog=examples("user login-link admin@example.com"))
def login_link(email: Email, as_json: AsJson = False) -> None:
    """Prints a link that logs this user in: once, within five minutes."""
    from usecases.results import Rejected
    from usecases.users import create_login_link

    settings = read_settings()
    address = public_address(settings)
    with opened_context() as context:
        token = create_login_link(context, settings.secret_key.get_secret_value(), email)
    if isinstance(token, Rejected):
        raise Refusal(token.message)
    link = f"{address}/login/once?token={token}"
    if as_json:
        print_json({"link": link})
    else:
        say(link)


@app.command(
    "api-token",
    epilog=examples(
        "user api-token northwind --name billing", "user api-token northwind --name report --scope read --days 30"
    ),
)
def api_token(
    org: Org,
    name: TokenName,
    scope: Annotated[TokenScope, typer.Option(help="`read`, or `write`, which may read as well.")] = TokenScope.WRITE,
    days: Annotated[int, typer.Option(min=1, max=API_TOKEN_DAYS_MAX, help="It ends after so many.")] = API_TOKEN_DAYS,
    as_json: AsJson = False,
) -> None:
    """Makes an API token of the organization and prints it; it is never shown again."""
    from usecases.results import Rejected
    from usecases.users import create_api_token

    with opened_context() as context:
        token = create_api_token(context, org, name, scope, days)
    if isinstance(token, Rejected):
        raise Refusal(token.message)
    if as_json:
        print_json({"org": org, "name": name, "scope": scope, "days": days, "token": token})
        return
    say(token)
    sys.stderr.write("Keep it now: only its hash is stored. Send it as: Authorization: Bearer TOKEN\n")


@app.command("api-tokens", epilog=examples("user api-tokens northwind", "user api-tokens northwind --json"))
def api_tokens(org: Org, as_json: AsJson = False) -> None:
    """Lists the organization's API tokens, without the tokens themselves."""
    from models.users import tokens_of

    with opened_session() as session:
        found = tokens_of(session, find_organization(session, org).id)
    if as_json:
        print_json(
            [
                {
                    "id": token.id,
                    "name": token.name,
                    "scope": token.scope,
                    "created_at": token.created_at,
                    "expires_at": token.expires_at,
                    "last_used_at": token.last_used_at,
                    "revoked_at": token.revoked_at,
                }
                for token in found
            ]
        )
        return
    rows = [
        (
            one.id,
            one.name,
            one.scope,
            moment_text(one.created_at),
            moment_text(one.expires_at),
            moment_text(one.last_used_at),
            moment_text(one.revoked_at),
        )
        for one in found
    ]
    print_table(
        ["id", Column("name", wraps=True), "scope", "made", "ends", "last used", "revoked"],
        rows,
        f"'{org}' has no API token.",
    )


@app.command(
    "revoke-api-token",
    epilog=examples("user revoke-api-token northwind --name billing", "user revoke-api-token northwind --id 3"),
)
def revoke_api_token(
    org: Org,
    name: Annotated[str | None, typer.Option(help="Every live token of this name.")] = None,
    token_id: Annotated[int | None, typer.Option("--id", min=1, max=2**31, help="This one; see `api-tokens`.")] = None,
) -> None:
    """Makes the tokens of this name, or the one with this id, useless at once."""
    from usecases.results import Rejected
    from usecases.users import revoke_api_tokens

    with opened_context() as context:
        revoked = revoke_api_tokens(context, org, name, token_id=token_id)
    if isinstance(revoked, Rejected):
        raise Refusal(revoked.message)
    if not revoked:
        which = f"named '{name}'" if token_id is None else f"with the id {token_id}"
        raise Refusal(f"'{org}' has no live token {which}; see: python -m cli user api-tokens {org}")
    say(f"Revoked: {revoked}.")


def _read_password(file: Path | None) -> str:
    """The password from the file, else from the environment, else typed twice at a prompt."""
    if file is not None:
        warn_if_open_to_others(file)
        try:
            text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise Refusal("the password file cannot be read") from None
        # An editor adds the newline at the end; blanks inside or at the start are part of the password.
        return text.rstrip("\r\n")
    if password := os.environ.get(PASSWORD_VARIABLE):
        return password
    if not sys.stdin.isatty():
        raise Refusal(f"{PASSWORD_VARIABLE} is not set; set it, or use --password-file, or run this at a terminal")
    entered: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return entered
