"""`user api-token`: the API tokens of programs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli.failures import Refusal
from cli.opening import find_organization, opened_context, opened_session
from cli.output import AsJson, moment_text, print_json, print_table, say
from domain.users import API_TOKEN_DAYS, API_TOKEN_DAYS_MAX, TokenScope
from workers.terminal import Column

Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]
TokenName = Annotated[str, typer.Option("--name", help="What uses the token, such as 'billing'.")]


def make(
    org: Org,
    name: TokenName,
    scope: Annotated[TokenScope, typer.Option(help="`read`, or `write`, which may read as well.")] = TokenScope.WRITE,
    days: Annotated[int, typer.Option(min=1, max=API_TOKEN_DAYS_MAX, help="It ends after so many.")] = API_TOKEN_DAYS,
    as_json: AsJson = False,
) -> None:
    """Makes an API token of the organization and prints it; it is never shown again."""
    from usecases.api_tokens import create_api_token
    from usecases.results import Rejected

    with opened_context() as context:
        token = create_api_token(context, org, name, scope, days)
    if isinstance(token, Rejected):
        raise Refusal(token.message)
    if as_json:
        print_json({"org": org, "name": name, "scope": scope, "days": days, "token": token})
        return
    say(token)
    sys.stderr.write("Keep it now: only its hash is stored. Send it as: Authorization: Bearer TOKEN\n")


def list_(org: Org, as_json: AsJson = False) -> None:
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
                    "made_by": token.made_by,
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
            one.made_by,
            moment_text(one.created_at),
            moment_text(one.expires_at),
            moment_text(one.last_used_at),
            moment_text(one.revoked_at),
        )
        for one in found
    ]
    print_table(
        [
            "id",
            Column("name", wraps=True),
            "scope",
            Column("made by", wraps=True),
            "made",
            "ends",
            "last used",
            "revoked",
        ],
        rows,
        f"'{org}' has no API token.",
    )


def revoke(
    org: Org,
    name: Annotated[str | None, typer.Option(help="Every live token of this name.")] = None,
    token_id: Annotated[int | None, typer.Option("--id", min=1, max=2**31, help="This one; see `api-tokens`.")] = None,
) -> None:
    """Makes the tokens of this name, or the one with this id, useless at once."""
    from usecases.api_tokens import revoke_api_tokens
    from usecases.results import Rejected

    with opened_context() as context:
        revoked = revoke_api_tokens(context, org, name, token_id=token_id)
    if isinstance(revoked, Rejected):
        raise Refusal(revoked.message)
    if not revoked:
        which = f"named '{name}'" if token_id is None else f"with the id {token_id}"
        raise Refusal(f"'{org}' has no live token {which}; see: python -m cli user api-tokens {org}")
    say(f"Revoked: {revoked}.")
