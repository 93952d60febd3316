"""The OAuth endpoints: authorize, token, revoke and the discovery document."""

import base64
import binascii
from collections.abc import Iterable
from html import escape
from typing import Any
from urllib.parse import urlencode

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from sandbox.quickbooks.oauth.tokens import InvalidGrant, Tokens, TokenStore
from sandbox.quickbooks.switches import Switches
from sandbox.quickbooks.world.company import Company
from sandbox.replies import json_response, read_json

SCOPE = "com.intuit.quickbooks.accounting"

_PAGE = """<!doctype html><html lang="en"><head><title>Authorize</title></head><body>
<h1>Authorize Intuit to share your data</h1><form method="get" action="/connect/oauth2">{hidden}
<label>Company <select name="realm_id">{options}</select></label>
<button name="decision" value="connect">Connect</button>
<button name="decision" value="deny">No thanks</button></form></body></html>"""


class OAuthEndpoints:
    def __init__(self, client_id: str, client_secret: str, switches: Switches, tokens: TokenStore) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self._switches = switches
        self._tokens = tokens

    def authorize(self, request: Request, companies: Iterable[Company]) -> Response:
        """Shows the consent page, or decides at once; either way the answer goes to the redirect_uri."""
        asked = request.args
        if asked.get("client_id") != self.client_id or asked.get("response_type") != "code":
            return Response("Sorry, but the app didn't connect: invalid_request", 400, content_type="text/plain")
        if SCOPE not in asked.get("scope", "").split() or not asked.get("redirect_uri"):
            return Response("Sorry, but the app didn't connect: invalid_scope", 400, content_type="text/plain")
        decision = asked.get("decision") or self._switches.authorize
        known = {company.realm_id: company for company in companies}
        if decision == "page":
            return Response(_consent_page(request, known.values()), content_type="text/html; charset=utf-8")
        realm_id = asked.get("realm_id") or self._switches.authorize_realm_id or next(iter(known), "")
        if decision == "deny" or realm_id not in known:
            return _back(request, {"error": "access_denied"})
        code = self._tokens.issue_code(realm_id, asked["redirect_uri"])
        return _back(request, {"code": code, "realmId": realm_id})

    def token(self, request: Request) -> Response:
        if not self._client_is_known(request):
            return json_response({"error": "invalid_client"}, 401)
        form = request.form
        try:
            match form.get("grant_type"):
                case "authorization_code":
                    tokens = self._tokens.exchange_code(form.get("code", ""), form.get("redirect_uri", ""))
                case "refresh_token":
                    tokens = self._tokens.refresh(form.get("refresh_token", ""))
                case _:
                    return json_response({"error": "unsupported_grant_type"}, 400)
        except InvalidGrant as error:
            return json_response({"error": "invalid_grant", "error_description": str(error)}, 400)
        hard = request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true"
        return json_response(token_json(tokens, with_hard_expiry=hard), headers={"Cache-Control": "no-store"})

    def revoke(self, request: Request) -> Response:
        if not self._client_is_known(request):
            return json_response({"error": "invalid_client"}, 401)
        try:
            body = read_json(request) if request.is_json else request.form
            token = str(body["token"])
        except (BadRequest, KeyError, TypeError):
            return json_response({"error": "invalid_request"}, 400)
        return Response(status=200 if self._tokens.revoke(token) else 400)

    def discovery(self, request: Request) -> Response:
        """The document of Intuit, with every endpoint on this server."""
        base = request.host_url.rstrip("/")
        return json_response(
            {
                "issuer": "https://oauth.platform.intuit.com/op/v1",
                "authorization_endpoint": f"{base}/connect/oauth2",
                "token_endpoint": f"{base}/oauth2/v1/tokens/bearer",
                "userinfo_endpoint": f"{base}/v1/openid_connect/userinfo",
                "revocation_endpoint": f"{base}/v2/oauth2/tokens/revoke",
                "jwks_uri": f"{base}/op/v1/jwks",
                "response_types_supported": ["code"],
                "scopes_supported": ["openid", "email", "profile", "address", "phone", SCOPE],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            }
        )

    def _client_is_known(self, request: Request) -> bool:
        kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "basic":
            return False
        try:
            given = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        return given == f"{self.client_id}:{self.client_secret}"


def token_json(tokens: Tokens, *, with_hard_expiry: bool = False) -> dict[str, Any]:
    body: dict[str, Any] = {
        "token_type": "bearer",
        "access_token": tokens.access_token,
        "expires_in": tokens.expires_in,
        "refresh_token": tokens.refresh_token,
        "x_refresh_token_expires_in": tokens.refresh_expires_in,
    }
    if with_hard_expiry:
        body["x_refresh_token_hard_expires_in"] = tokens.hard_expires_in
    return body


def _consent_page(request: Request, companies: Iterable[Company]) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in request.args.items()
    )
    options = "".join(f'<option value="{escape(one.realm_id)}">{escape(one.name)}</option>' for one in companies)
    return _PAGE.format(hidden=hidden, options=options)


def _back(request: Request, answer: dict[str, str]) -> Response:
    address = request.args["redirect_uri"]
    if "state" in request.args:
        answer = answer | {"state": request.args["state"]}
    separator = "&" if "?" in address else "?"
    return Response(status=302, headers={"Location": f"{address}{separator}{urlencode(answer)}"})
