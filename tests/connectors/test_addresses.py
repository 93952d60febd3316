"""Whose addresses we call: a server's own word decides nothing but a name of its domain, and no name leads inside."""

import json
import socket
from typing import Any

import pytest

from connectors.addresses import AddressRules, host_told
from connectors.base import Failure, Got
from connectors.connectwise.client import Client
from connectors.connectwise.target import ConnectWiseTarget
from connectors.connectwise.vendor import ConnectWiseOptions
from connectors.http import NeverSent, Wire
from connectors.limits import Limiter
from connectors.options import Options
from connectors.quickbooks.vendor import QuickBooksOptions
from tests.connectors.vendors import KEYS, NO_LIMIT, PATIENCE, Clock, ConnectWise, wire_to
from tests.peers import OK, peer, whole

CLOUD = "https://na.myconnectwise.net"
HOUSE = "https://psa.example.com:8443"
HERE = "http://127.0.0.1:9002"


@pytest.mark.parametrize(
    ("site", "told", "host"),
    [
        (CLOUD, "api-na.myconnectwise.net", "api-na.myconnectwise.net"),
        (CLOUD, "https://api-na.myconnectwise.net/", "api-na.myconnectwise.net"),
        (CLOUD, "API-EU.MyConnectWise.net:443", "api-eu.myconnectwise.net"),
        (CLOUD, "na.myconnectwise.net", "na.myconnectwise.net"),
        (HOUSE, "psa.example.com", "psa.example.com:8443"),
        (HOUSE, "psa.example.com:8443", "psa.example.com:8443"),
        (HOUSE, "api.example.com", "api.example.com"),
        (HERE, "127.0.0.1:9002", "127.0.0.1:9002"),
        ("https://psa.corp.internal", "psa.corp.internal", "psa.corp.internal"),
        ("https://[2001:db8::1]", "[2001:db8::1]", "[2001:db8::1]"),
        ("https://psa.msp.co.uk", "api.msp.co.uk", "api.msp.co.uk"),
    ],
)
def test_a_host_of_its_own_domain_is_taken(site: str, told: str, host: str) -> None:
    assert host_told(told, site, AddressRules()) == host


@pytest.mark.parametrize(
    "told",
    [
        "evil.example.org",
        "myconnectwise.net.evil.org",
        "evilmyconnectwise.net",
        "169.254.169.254",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "localhost",
        "[::1]",
        "metadata.google.internal",
        "user@na.myconnectwise.net",
        "user:password@na.myconnectwise.net",
        "evil.org@na.myconnectwise.net",
        "na.myconnectwise.net@evil.org",
        "na.myconnectwise.net:22",
        "na.myconnectwise.net:8443",
        "na.myconnectwise.net:0",
        "na.myconnectwise.net:port",
        "na.myconnectwise.net/internal",
        "na.myconnectwise.net?a=b",
        "na.myconnectwise.net#",
        "na.myconnectwise.net\\@evil.org",
        "na.myconnectwise.net evil.org",
        "na.myconnectwise.net\r\nX: y",
        "na.myconnectwise.net%2f@evil.org",
        "ftp://na.myconnectwise.net",
        "//evil.org",
        "https://https://evil.org",
        "nа.myconnectwise.net",  # a Cyrillic letter
        ".",
        "-",
        ".net",
        "net",
    ],
)
def test_anything_else_is_not(told: str) -> None:
    assert host_told(told, CLOUD, AddressRules()) is None


@pytest.mark.parametrize(
    ("site", "told"),
    [
        ("https://msp.co.uk", "other.co.uk"),
        ("https://one.azurewebsites.net", "two.azurewebsites.net"),
        ("https://10.0.0.5", "10.0.0.6"),
        ("https://psa.corp.internal", "other.corp.internal"),
        (HERE, "127.0.0.1:22"),
        (HERE, "127.0.0.2:9002"),
        (HERE, "localhost:9002"),
    ],
)
def test_a_neighbour_is_not_of_the_same_house(site: str, told: str) -> None:
    assert host_told(told, site, AddressRules()) is None


def test_an_operator_may_allow_a_host_and_what_is_below_one() -> None:
    rules = AddressRules(allowed_hosts=("api.partner.org", ".hosting.example"))
    assert host_told("api.partner.org", CLOUD, rules) == "api.partner.org"
    assert host_told("a.hosting.example", CLOUD, rules) == "a.hosting.example"
    for told in ("partner.org", "x.api.partner.org", "badhosting.example", "evil.org"):
        assert host_told(told, CLOUD, rules) is None
    assert host_told("evil.org", CLOUD, AddressRules(allowed_hosts=("", ".", " "))) is None


# --- what the client does with it ---


def told_by(information: Any) -> Any:
    return lambda _: whole(OK, json.dumps(information).encode())


@pytest.mark.parametrize(
    "information",
    [
        {"Codebase": "v2025_1/", "SiteUrl": "ELSEWHERE"},
        {"Codebase": "v2025_1/", "SiteUrl": "x@ELSEWHERE"},
        {"Codebase": "../../internal?x="},
        {"Codebase": "@ELSEWHERE/"},
        {"Codebase": "v2025_1/../admin/"},
        {"Codebase": ".."},
        {"Codebase": "v2025_1?x=/"},
        {"Codebase": "v2025_1#/"},
        {"Codebase": "%2e%2e/"},
        {"Codebase": {"a": 1}},
        {"Codebase": "a" * 5000},
        {"Codebase": "v2025_1\r\nX: y/"},
    ],
)
def test_no_key_goes_where_only_the_answer_leads(information: Any) -> None:
    with peer(told_by([])) as elsewhere:
        place = elsewhere.url.removeprefix("http://")
        information = {name: str(value).replace("ELSEWHERE", place) for name, value in information.items()}
        with peer(told_by(information)) as site:
            client = Client(site.url, KEYS, "2025.16", wire_to("connectwise"), Clock().now)
            target = ConnectWiseTarget(client, "USD", 0)
            for result in (target.check(), target.list_payments("1"), client.identity()):
                assert isinstance(result, Failure)
                assert place not in result.detail
            assert elsewhere.asked == []
            assert all(line.startswith("GET /login/companyinfo/") for line in site.asked)


def test_the_account_is_not_called_as_a_server_pleases() -> None:
    information = {"Codebase": "v2025_1/", "CompanyID": "\x1b[2Jother/../company" + "x" * 500}
    with peer(told_by(information)) as site:
        client = Client(site.url, KEYS, "2025.16", wire_to("connectwise"), Clock().now)
        found = client.identity()
    assert isinstance(found, Got)
    assert found.value.endswith("/acme")


def test_a_codebase_as_the_sandbox_has_it_works(connectwise: ConnectWise) -> None:
    assert isinstance(connectwise.target.check(), Got)


# --- at connect time ---

INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "2001:db8::1",
    "192.0.2.1",
    "no address",
]


@pytest.mark.parametrize("address", INSIDE)
def test_in_production_nothing_inside_is_connected_to(address: str) -> None:
    assert AddressRules(public_only=True).why_refused("psa.example.com", address)
    assert (
        AddressRules(public_only=True, allowed_hosts=("psa.example.com",)).why_refused("psa.example.com", address)
        is None
    )
    assert AddressRules().why_refused("psa.example.com", address) is None


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_is_public_is(address: str) -> None:
    assert AddressRules(public_only=True).why_refused("psa.example.com", address) is None


def guarded(rules: AddressRules) -> Wire:
    return Wire("connectwise", Limiter(None), "k", NO_LIMIT, PATIENCE, addresses=rules)


def test_the_address_counts_that_is_connected_to_and_not_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is a public one; what it means at this moment is not."""
    real = socket.getaddrinfo

    def resolved(host: Any, port: Any, *arguments: Any, **more: Any) -> Any:
        return real(
            "127.0.0.1" if host == "psa.example.com" and not more.get("flags") else host, port, *arguments, **more
        )

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    with peer(told_by([])) as inside:
        url = inside.url.replace("127.0.0.1", "psa.example.com")
        refused = guarded(AddressRules(public_only=True)).exchange("GET", url, route="x", headers={"a": "secret"})
        assert isinstance(refused, NeverSent)
        assert "OUTSIDE_HOSTS" in refused.detail
        assert inside.asked == []
        rules = AddressRules(public_only=True, allowed_hosts=("psa.example.com",))
        assert not isinstance(guarded(rules).exchange("GET", url, route="x", headers={}), NeverSent)
        assert len(inside.asked) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "localhost", "[::ffff:127.0.0.1]"])
def test_no_spelling_of_an_address_inside_is_connected_to(host: str) -> None:
    with peer(told_by([])) as inside:
        url = inside.url.replace("127.0.0.1", host)
        result = guarded(AddressRules(public_only=True)).exchange("GET", url, route="x", headers={})
        assert isinstance(result, NeverSent)
        assert inside.asked == []


# --- what a person types ---


@pytest.mark.parametrize(
    "url",
    [
        "https://user:password@psa.example.com",
        "https://psa.example.com/?a=b",
        "https://psa.example.com/#x",
        "https://psa.example.com/internal/path",
        "http://psa.example.com",
        "file:///etc/passwd",
        "gopher://psa.example.com",
        "https://",
        "https://[",
    ],
)
@pytest.mark.parametrize(("options", "name"), [(ConnectWiseOptions, "site_url"), (QuickBooksOptions, "api_url")])
def test_a_typed_address_is_a_host_and_nothing_more(options: type[Options], name: str, url: str) -> None:
    assert options.problem_with({name: url}, allows_plain_http=False)
    assert options.problem_with({name: "https://psa.example.com:8443"}, allows_plain_http=False) is None
