"""Who may ask, in which version, and of which tenant."""

import pytest
import requests


@pytest.fixture(autouse=True)
def _one_invoice(connectwise):
    connectwise.add_invoice("INV-1", "500.00")


def test_a_request_without_credentials_is_not_authenticated(api):
    response = requests.get(f"{api.url}/v4_6_release/apis/3.0/finance/invoices", timeout=120)
    assert response.status_code == 401
    assert response.json() == {"code": "ConnectWiseApi", "message": "UserNotAuthenticated"}


@pytest.mark.parametrize(
    "keys",
    [
        ("acme+wrong", "sandbox-private-key"),
        ("acme+sandbox-public-key", "wrong"),
        ("stranger+sandbox-public-key", "sandbox-private-key"),
        ("sandbox-public-key", "sandbox-private-key"),
    ],
)
def test_bad_credentials_are_unauthorized(api, keys):
    response = api.get("/finance/invoices", auth=keys)
    assert response.status_code == 401
    assert response.json()["code"] == "Unauthorized"


def test_bad_credentials_may_look_like_a_missing_endpoint(api, connectwise):
    connectwise.set_switches(bad_credentials=404)
    response = api.get("/finance/invoices", auth=("acme+wrong", "wrong"))
    assert response.status_code == 404
    assert response.json() == {"code": "ConnectWiseApi", "message": "The endpoint does not exist."}


@pytest.mark.parametrize("client_id", [None, "somebody else's"])
def test_a_missing_or_foreign_client_id_is_forbidden(api, client_id):
    response = api.get("/finance/invoices", headers={"clientId": client_id})
    assert response.status_code == 403
    assert "clientId" in response.json()["message"]


def test_a_role_without_edit_reads_but_posts_no_payment(api, connectwise):
    connectwise.set_permissions(edit=False)
    assert api.get("/finance/invoices/200/payments").status_code == 200
    assert api.post("/finance/invoices/200/payments", json={"amount": 1}).status_code == 403
    assert connectwise.invoice(200).payments == ()


def test_a_role_without_inquire_reads_nothing(api, connectwise):
    connectwise.set_permissions(inquire=False)
    for path in ("/finance/invoices", "/finance/invoices/200", "/finance/invoices/200/payments"):
        assert api.get(path).status_code == 403


def test_a_role_without_delete_keeps_the_payment(api, connectwise):
    payment = connectwise.type_payment(200, "1.00")
    connectwise.set_permissions(delete=False)
    assert api.delete(f"/finance/invoices/200/payments/{payment}").status_code == 403
    assert len(connectwise.invoice(200).payments) == 1


def test_a_pinned_version_is_echoed_and_the_current_one_named(api):
    pinned = "application/vnd.connectwise.com+json; version=2025.16"
    response = api.get("/finance/invoices", headers={"Accept": pinned})
    assert response.headers["Content-Type"] == pinned
    assert response.headers["api-current-version"] == "2026.4"
    assert api.get("/finance/invoices").headers["Content-Type"] == "application/json"


def test_company_info_needs_no_login_and_names_the_site_and_the_codebase(api):
    info = requests.get(f"{api.url}/login/companyinfo/acme", timeout=120).json()
    assert f"http://{info['SiteUrl']}" == api.url
    assert info["Codebase"] == "v4_6_release/"
    assert info["CompanyID"] == "acme"
    assert info["IsCloud"] == "True"


def test_company_info_of_a_stranger_is_null(api):
    response = requests.get(f"{api.url}/login/companyinfo/stranger", timeout=120)
    assert response.status_code == 200
    assert response.json() is None


def test_system_info_answers_any_valid_login(api, connectwise):
    connectwise.set_permissions(inquire=False)
    assert api.get("/system/info").json()["isCloud"] is True
    assert api.get("/system/info", auth=("acme+wrong", "wrong")).status_code == 401


def test_companies_see_only_their_own_invoices(api, connectwise):
    connectwise.add_company("globex", public_key="p", private_key="q", client_id="c")
    theirs = connectwise.add_invoice("INV-1", "70.00", company_id="globex")
    login = {"auth": ("globex+p", "q"), "headers": {"clientId": "c"}}
    [invoice] = api.get("/finance/invoices", **login).json()
    assert (invoice["id"], invoice["total"]) == (theirs, 70.0)
    connectwise.set_permissions("globex", edit=False)
    assert api.post("/finance/invoices/200/payments", json={"amount": 1}).status_code == 201
    assert connectwise.invoice(theirs, company_id="globex").payments == ()


@pytest.mark.parametrize("path", ["/finance/nothing", "/finance/invoices/200/payments/count", "/finance/invoices/abc"])
def test_an_unknown_endpoint_is_said_to_not_exist(api, path):
    response = api.get(path)
    assert response.status_code == 404
    assert response.json() == {"code": "ConnectWiseApi", "message": "The endpoint does not exist."}


def test_an_unsupported_verb_is_refused(api):
    assert api.delete("/finance/invoices/200").status_code == 405


def test_an_address_beyond_two_thousand_characters_is_too_long(api):
    numbers = ",".join(f'"INV-{number}"' for number in range(300))
    response = api.get("/finance/invoices", params={"conditions": f"invoiceNumber in ({numbers})"})
    assert response.status_code == 414
