"""`user`: who may use the dashboard, and the API tokens of programs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import api_tokens
from cli.failures import Refusal
from cli.groups import new_group
from cli.opening import find_organization, opened_context, opened_session, public_address, read_settings
from cli.output import AsJson, examples, moment_text, print_json, print_table, say
from cli.secret_input import warn_if_open_to_others
from domain.users import ROLES_OF_AN_ORGANIZATION, UserRole

if TYPE_CHECKING:
    from models.users import User
    from usecases.results import Rejected

app = new_group()

PASSWORD_VARIABLE = "DASHBOARD_PASSWORD"  # noqa: S105 - the name of a variable

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The user's e-mail address.")]
# An operator's role is no choice: it comes with --operator.
OrganizationRole = Annotated[UserRole, typer.Option("--role", help="What the person may do there.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", metavar="FILE", help="A file with the password; - reads it from the pipe."),
]


@app.command(
    epilog=examples(
        "user add owner@northwind.example --org northwind",
        "user add books@northwind.example --org northwind --role bookkeeper",
        "user add admin@example.com --operator",
        "user add admin@example.com --operator --no-password",
    )
)
def add(
    email: Email,
    org: Annotated[str | None, typer.Option(help="Makes a person of this organization only.")] = None,
    role: Annotated[
        UserRole | None, typer.Option(help="admin (unless said), bookkeeper or viewer; only with --org.")
    ] = None,
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
        raise Refusal("say either --org ORG (a person of an organization) or --operator")
    if role is not None and (operator or role not in ROLES_OF_AN_ORGANIZATION):
        raise Refusal("--role admin, bookkeeper or viewer goes with --org; an operator has no role in an organization")
    password = None if no_password else _read_password(password_file)
    with opened_context() as context:
        user = create_user(context, email, password, org, role or UserRole.ADMIN)
    if isinstance(user, Rejected):
        raise Refusal(user.message)
    say(f"Added {user.email}, {user.role}{f' of {org}' if org else ''}.")


@app.command("list", epilog=examples("user list", "user list --json"))
def list_(as_json: AsJson = False) -> None:
    """Lists all users."""
    from models.second_factors import with_second_factor
    from models.users import users_with_organizations

    with opened_session() as session:
        found = users_with_organizations(session)
        protected = with_second_factor(session, [user.id for user, _ in found])
    if as_json:
        print_json(
            [
                {
                    "email": user.email,
                    "role": UserRole(user.role),
                    "org": organization.slug if organization else None,
                    "has_password": user.password_hash is not None,
                    "has_second_factor": user.id in protected,
                    "last_login_at": user.last_login_at,
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
            "on" if user.id in protected else "off",
            moment_text(user.last_login_at),
            moment_text(user.disabled_at),
        )
        for user, organization in found
    ]
    print_table(
        ["email", "role", "org", "code", "login", "disabled"],
        rows,
        "There is no user yet; see: python -m cli user add --help",
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


@app.command(
    "invite",
    epilog=examples(
        "user invite owner@northwind.example --org northwind",
        "user invite books@northwind.example --org northwind --role bookkeeper",
    ),
)
def invite_(
    email: Email,
    org: Annotated[str, typer.Option(help="The organization's short name.")],
    role: OrganizationRole = UserRole.ADMIN,
    as_json: AsJson = False,
) -> None:
    """Prints a link by which this person joins the organization: once, within seven days. No mail is sent."""
    from usecases.invitations import invite
    from usecases.results import Rejected

    if role not in ROLES_OF_AN_ORGANIZATION:
        raise Refusal("nobody is invited as an operator; see: python -m cli user add --help")
    address = public_address(read_settings())
    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, org).id
        invited = invite(context, organization_id, "the operator", email, role)
    if isinstance(invited, Rejected):
        raise Refusal(invited.message)
    link = f"{address}/invitation?token={invited.token}"
    if as_json:
        print_json({"email": invited.email, "org": org, "role": role, "link": link})
        return
    say(link)
    sys.stderr.write("Pass it on yourself: no mail is sent, and only its hash is stored.\n")


@app.command("set-role", epilog=examples("user set-role books@northwind.example viewer"))
def set_role_(
    email: Email, role: Annotated[UserRole, typer.Argument(metavar="ROLE", help="admin, bookkeeper or viewer.")]
) -> None:
    """Gives the user another role in the organization, and logs the user out everywhere."""
    from usecases.users import set_role

    with opened_context() as context:
        user = _accepted(set_role(context, email, role))
    say(f"{user.email} has the role {user.role} now, and every session has ended.")


@app.command("reset-second-factor", epilog=examples("user reset-second-factor books@northwind.example"))
def reset_second_factor_(email: Email) -> None:
    """Takes the second factor away from a user who has lost the phone and the recovery codes.

    Every session ends; the password alone lets this user in, who can then set up another second factor.
    """
    from usecases.second_factor import reset_second_factor

    with opened_context() as context:
        user = _accepted(reset_second_factor(context, email))
    say(f"The second factor of {user.email} is gone, and every session has ended.")


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
    from usecases.logins import create_login_link
    from usecases.results import Rejected

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


app.command(
    "api-token",
    epilog=examples(
        "user api-token northwind --name billing", "user api-token northwind --name report --scope read --days 30"
    ),
)(api_tokens.make)
app.command("api-tokens", epilog=examples("user api-tokens northwind", "user api-tokens northwind --json"))(
    api_tokens.list_
)
app.command(
    "revoke-api-token",
    epilog=examples("user revoke-api-token northwind --name billing", "user revoke-api-token northwind --id 3"),
)(api_tokens.revoke)
