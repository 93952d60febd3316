"""OAuth over HTTP: consent, tokens, rotation, revocation."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.sandbox.quickbooks.support import REALM

CLIENT = ("sandbox-client-id", "sandbox-client-secret")
REDIRECT = "http://127.0.0.1:1/callback?from=qbo"


def authorize(api, **changes):
    params = {
        "client_id": CLIENT[0],
        "response_type": "code",
        "scope": "com.intuit.quickbooks.accounting",
        "redirect_uri": REDIRECT,
        "state": "s & 1",
    } | changes
    return api.session.get(f"{api.url}/connect/oauth2", params=params, allow_redirects=False, timeout=120)


def callback(response):
    assert response.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def token(api, auth=CLIENT, headers=None, **form):
    # Not the session: its bearer header would win over the client's own credentials.
    return requests.post(f"{api.url}/oauth2/v1/tokens/bearer", data=form, auth=auth, headers=headers, timeout=120)


def refresh(api, value, **options):
    return token(api, grant_type="refresh_token", refresh_token=value, **options)


def exchange(api, code, redirect_uri=REDIRECT):
    return token(api, grant_type="authorization_code", code=code, redirect_uri=redirect_uri)


def test_a_company_is_connected_by_consent(sandbox, api):
    back = callback(authorize(api))
    assert (back["state"], back["realmId"], back["from"]) == ("s & 1", REALM, "qbo")
    tokens = exchange(api, back["code"]).json()
    assert tokens["token_type"] == "bearer"
    assert (tokens["expires_in"], tokens["x_refresh_token_expires_in"]) == (3600, 8640000)
    assert "x_refresh_token_hard_expires_in" not in tokens
    api.use(tokens["access_token"])
    assert api.get("preferences").status_code == 200


def test_the_consent_page_offers_the_companies(sandbox, api):
    sandbox.set_switches(authorize="page")
    sandbox.add_company("2", "Fish & Chips")
    page = authorize(api).text
    assert "Fish &amp; Chips" in page
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    form = {name: value.replace("&amp;", "&") for name, value in form.items()}
    assert callback(authorize(api, **form | {"decision": "connect", "realm_id": "2"}))["realmId"] == "2"
    assert callback(authorize(api, **form | {"decision": "deny"})) == {
        "error": "access_denied",
        "state": "s & 1",
        "from": "qbo",
    }


def test_the_user_may_say_no_and_the_company_may_be_chosen_by_switch(sandbox, api):
    sandbox.set_switches(authorize="deny")
    assert callback(authorize(api))["error"] == "access_denied"
    sandbox.add_company("2")
    sandbox.set_switches(authorize="redirect", authorize_realm_id="2")
    assert callback(authorize(api))["realmId"] == "2"


@pytest.mark.parametrize(
    "change", [{"client_id": "x"}, {"response_type": "token"}, {"scope": "openid"}, {"redirect_uri": ""}]
)
def test_a_wrong_consent_request_is_never_redirected(api, change):
    assert authorize(api, **change).status_code == 400


def test_a_code_works_once_at_its_own_address_within_ten_minutes(sandbox, api):
    code = callback(authorize(api))["code"]
    assert exchange(api, code, "http://elsewhere/").json()["error"] == "invalid_grant"
    assert exchange(api, code).status_code == 400, "a wrong try used it up"
    code = callback(authorize(api))["code"]
    assert exchange(api, code).status_code == 200
    assert exchange(api, code).status_code == 400
    code = callback(authorize(api))["code"]
    sandbox.clock.advance(601)
    assert exchange(api, code).status_code == 400


def test_a_wrong_client_is_401_invalid_client(sandbox, api):
    value = sandbox.issue_tokens()["refresh_token"]
    for auth in ((CLIENT[0], "wrong"), None):
        response = refresh(api, value, auth=auth)
        assert (response.status_code, response.json()) == (401, {"error": "invalid_client"})
        assert "intuit_tid" in response.headers


def test_unknown_values_and_grants_are_refused(api):
    response = refresh(api, "RT1-nonsense")
    assert response.status_code == 400
    assert response.json() == {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"}
    assert token(api, grant_type="password").json() == {"error": "unsupported_grant_type"}


def test_the_refresh_value_rotates_and_the_old_one_dies_at_once(sandbox, api):
    first = sandbox.issue_tokens()["refresh_token"]
    second = refresh(api, first).json()
    assert second["refresh_token"] != first
    assert refresh(api, first).json()["error"] == "invalid_grant"
    assert refresh(api, second["refresh_token"]).status_code == 200


def test_the_old_value_may_still_work_by_switch(sandbox, api):
    sandbox.set_switches(replaced_refresh="still_works")
    first = sandbox.issue_tokens()["refresh_token"]
    refresh(api, first)
    assert refresh(api, first).status_code == 200


def test_a_second_concurrent_refresh_may_kill_both_by_switch(sandbox, api):
    sandbox.set_switches(replaced_refresh="kills_both")
    first = sandbox.issue_tokens()["refresh_token"]
    winner = refresh(api, first).json()
    assert refresh(api, first).status_code == 400
    dead = refresh(api, winner["refresh_token"])
    assert dead.json() == {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    api.use(winner["access_token"])
    assert api.get("preferences").status_code == 401


def test_rotation_once_a_day_or_never_by_switch(sandbox, api):
    sandbox.set_switches(refresh_rotation="daily")
    first = sandbox.issue_tokens()["refresh_token"]
    assert refresh(api, first).json()["refresh_token"] == first
    sandbox.clock.advance(86400)
    second = refresh(api, first).json()["refresh_token"]
    assert second != first
    sandbox.set_switches(refresh_rotation="never")
    sandbox.clock.advance(86400 * 3)
    assert refresh(api, second).json()["refresh_token"] == second


def test_a_refresh_token_lives_100_days_from_its_last_use_and_five_years_at_most(sandbox, api):
    value = sandbox.issue_tokens()["refresh_token"]
    for _ in range(20):
        sandbox.clock.advance(90 * 86400)
        value = refresh(api, value).json()["refresh_token"]
    hard = refresh(api, value, headers={"x-include-refresh-token-hard-expires-in": "true"}).json()
    assert hard["x_refresh_token_hard_expires_in"] == 25 * 86400
    sandbox.clock.advance(26 * 86400)
    assert refresh(api, hard["refresh_token"]).json()["error"] == "invalid_grant"
    idle = sandbox.issue_tokens()["refresh_token"]
    sandbox.clock.advance(101 * 86400)
    assert refresh(api, idle).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_a_revoked_token_ends_the_connection(sandbox, api, which):
    tokens = sandbox.issue_tokens()
    url = f"{api.url}/v2/oauth2/tokens/revoke"
    assert requests.post(url, json={"token": tokens[which]}, timeout=120).status_code == 401
    assert requests.post(url, json={}, auth=CLIENT, timeout=120).status_code == 400
    assert requests.post(url, json={"token": tokens[which]}, auth=CLIENT, timeout=120).status_code == 200
    assert requests.post(url, json={"token": tokens[which]}, auth=CLIENT, timeout=120).status_code == 400
    assert refresh(api, tokens["refresh_token"]).json()["error"] == "invalid_grant"
    api.use(tokens["access_token"])
    assert api.get("preferences").status_code == 401


def test_the_discovery_document_names_this_server(api):
    for name in ("openid_configuration", "openid_sandbox_configuration/"):
        document = api.session.get(f"{api.url}/.well-known/{name}", timeout=120).json()
        assert document["token_endpoint"] == f"{api.url}/oauth2/v1/tokens/bearer"
        assert document["authorization_endpoint"] == f"{api.url}/connect/oauth2"
        assert document["revocation_endpoint"] == f"{api.url}/v2/oauth2/tokens/revoke"
