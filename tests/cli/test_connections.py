from pathlib import Path
from typing import Any

import pytest
import simplejson

from models.connections import Connection, Role, connection_in_role, stop_connection
from models.organizations import organization_by_slug
from sandbox.faults import Fault
from tests.cli.conftest import Ended, Run
from tests.world import REALM, World

COMPANY = "4620816365"


@pytest.fixture
def site(world: World) -> str:
    """The address of ConnectWise, where a second company has an account."""
    world.connectwise.add_company("south", public_key="south-public", private_key="south-private", client_id="x" * 8)
    with world.context.database.reading() as session:
        target = connection_in_role(session, world.organization_id, Role.TARGET)
        assert target is not None
        return str(target.settings["site_url"])


def add_quickbooks(run: Run, world: World, *more: str, secrets: Any = None) -> Ended:
    if COMPANY not in world.quickbooks.companies:
        world.quickbooks.add_company(COMPANY, "Southwind Books")
    given = world.quickbooks.issue_tokens(realm_id=COMPANY) if secrets is None else secrets
    command = ["connection", "add", "quickbooks", "southwind", "--realm-id", COMPANY, "--secrets-file", "-", *more]
    return run(*command, stdin=simplejson.dumps(given))


def stored(world: World, role: Role) -> Connection:
    with world.context.database.reading() as session:
        organization = organization_by_slug(session, "southwind")
        assert organization is not None
        found = connection_in_role(session, organization.id, role)
    assert found is not None
    return found


# --- adding ---


def test_quickbooks_is_added_with_the_answer_of_the_token_endpoint_and_tested(
    run: Run, world: World, organization: str
) -> None:
    added = add_quickbooks(run, world, "--home-currency", "CAD")
    assert added.code == 0, added.err
    assert "The account answers: Southwind Books." in added.out
    connection = stored(world, Role.SOURCE)
    assert (connection.account_id, connection.settings) == (COMPANY, {"home_currency": "CAD"})
    assert set(world.context.keyring.open(connection.sealed_secrets)) >= {
        "access_token",
        "access_expires_at",
        "refresh_token",
    }


def test_a_refresh_token_alone_is_enough(run: Run, world: World, organization: str) -> None:
    world.quickbooks.add_company(COMPANY, "Southwind Books")
    refresh_token = world.quickbooks.issue_tokens(realm_id=COMPANY)["refresh_token"]
    added = add_quickbooks(run, world, secrets={"refresh_token": refresh_token})
    assert added.code == 0, added.err


def test_tokens_come_from_the_environment(
    run: Run, world: World, organization: str, environment: pytest.MonkeyPatch
) -> None:
    world.quickbooks.add_company(COMPANY, "Southwind Books")
    tokens = world.quickbooks.issue_tokens(realm_id=COMPANY)
    environment.setenv("QUICKBOOKS_ACCESS_TOKEN", tokens["access_token"])
    environment.setenv("QUICKBOOKS_REFRESH_TOKEN", tokens["refresh_token"])
    added = run("connection", "add", "quickbooks", "southwind", "--realm-id", COMPANY)
    assert added.code == 0, added.err


def test_connectwise_is_added_with_keys_from_a_file(
    run: Run, world: World, site: str, organization: str, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(
        simplejson.dumps({"public_key": "south-public", "private_key": "south-private", "client_id": "x" * 8})
    )
    added = run(
        "connection", "add", "connectwise", "southwind", "--site", f"{site}/", "--company", "south",
        "--payment-hour-utc", "12", "--secrets-file", str(keys), "--json",
    )  # fmt: skip
    assert added.code == 0, added.err
    assert added.json["ok"] is True
    connection = stored(world, Role.TARGET)
    assert connection.account_id == f"{site.removeprefix('http://')}/south"
    assert connection.settings == {
        "site_url": site,
        "company": "south",
        "home_currency": "USD",
        "payment_hour_utc": 12,
    }


def test_a_refused_test_says_why_and_stores_nothing(
    run: Run, world: World, site: str, organization: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("CONNECTWISE_PUBLIC_KEY", "south-public")
    environment.setenv("CONNECTWISE_PRIVATE_KEY", "mistyped-private-key")
    added = run("connection", "add", "connectwise", "southwind", "--site", site, "--company", "south")
    assert added.code == 2
    assert "does not accept the secrets" in added.out
    assert "Nothing was stored" in added.out
    assert "mistyped-private-key" not in added.out + added.err
    assert "southwind" not in run("connection", "list").out


def add_south(run: Run, site: str, *more: str, key: str, client_id: str = "x" * 8) -> Ended:
    keys = simplejson.dumps({"public_key": "south-public", "private_key": key, "client_id": client_id})
    command = ["connection", "add", "connectwise", "southwind", "--site", site, "--company", "south", *more]
    return run(*command, "--secrets-file", "-", stdin=keys)


def test_a_wrong_key_replaces_no_good_one(run: Run, world: World, site: str, organization: str) -> None:
    assert add_south(run, site, key="south-private").code == 0
    before = stored(world, Role.TARGET)
    refused = add_south(run, site, "--payment-hour-utc", "12", key="mistyped")
    assert refused.code == 2
    assert "stays as it is" in refused.out
    after = stored(world, Role.TARGET)
    assert (after.sealed_secrets, after.settings, after.status) == (before.sealed_secrets, before.settings, "active")
    assert run("connection", "test", "southwind", "connectwise").code == 0


def test_wrong_tokens_replace_no_good_ones(run: Run, world: World, organization: str) -> None:
    assert add_quickbooks(run, world).code == 0
    before = stored(world, Role.SOURCE)
    refused = add_quickbooks(run, world, "--json", secrets={"refresh_token": "another"})
    assert (refused.code, refused.json["ok"]) == (2, False)
    after = stored(world, Role.SOURCE)
    assert (after.sealed_secrets, after.status) == (before.sealed_secrets, "active")
    assert run("connection", "test", "southwind", "quickbooks").code == 0


def test_tokens_that_were_refreshed_by_the_test_are_the_ones_that_are_stored(
    run: Run, world: World, organization: str
) -> None:
    world.quickbooks.set_switches(refresh_rotation="always")
    world.quickbooks.add_company(COMPANY, "Southwind Books")
    given = world.quickbooks.issue_tokens(realm_id=COMPANY)["refresh_token"]
    assert add_quickbooks(run, world, secrets={"refresh_token": given}).code == 0
    assert world.context.keyring.open(stored(world, Role.SOURCE).sealed_secrets)["refresh_token"] != given


@pytest.mark.parametrize("setting", ["CONNECTWISE_CLIENT_ID", "QUICKBOOKS_CLIENT_ID"])
def test_a_missing_client_id_is_named_before_any_call(
    run: Run, world: World, site: str, organization: str, environment: pytest.MonkeyPatch, setting: str
) -> None:
    environment.setenv(setting, "")
    calls = world.connectwise.calls.total, world.quickbooks.calls.total
    refused = (
        add_south(run, site, key="south-private", client_id="")
        if "CONNECTWISE" in setting
        else add_quickbooks(run, world)
    )
    assert refused.code != 0
    assert setting in refused.err
    assert (world.connectwise.calls.total, world.quickbooks.calls.total) == calls


def test_without_a_test_nothing_is_called(run: Run, world: World, organization: str) -> None:
    added = add_quickbooks(run, world, "--no-test", "--json", secrets={"refresh_token": "rt"})
    assert added.code == 0, added.err
    assert added.json["account_id"] == COMPANY
    assert added.json["status"] == "active"
    assert "rt" not in added.json.values()


@pytest.mark.parametrize(
    ("stdin", "message"),
    [
        ("", "error: the secrets file is not JSON"),
        ("[]", "error: the secrets file must hold one JSON object"),
        ("{}", "error: the secrets file lacks refresh_token"),
        ('{"access_token": "at"}', "error: the secrets file lacks refresh_token"),
        ('{"refresh_token": "r\\u0000t"}', "error: The secret 'refresh_token' has characters that cannot be part of a key or token; check what you copied."),
        ('{"access_token": "a", "refresh_token": "r", "expires_in": "soon"}', "error: the secrets file has a lifetime that is not a number of seconds"),
    ],
)  # fmt: skip
def test_secrets_that_cannot_be_any_are_refused(run: Run, organization: str, stdin: str, message: str) -> None:
    ended = run(
        "connection", "add", "quickbooks", "southwind", "--realm-id", COMPANY, "--secrets-file", "-", stdin=stdin
    )
    assert (ended.code, ended.err.strip()) == (2, message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["quickbooks", "southwind", "--realm-id", "abc"], "'abc' is not a realm id; it is a number"),
        (["quickbooks", "southwind", "--realm-id", "1"], "QUICKBOOKS_REFRESH_TOKEN is not set; set it, or use --secrets-file, or run this at a terminal"),
        (["connectwise", "southwind", "--site", "https://x", "--company", "a/b"], "'a/b' is not a company id"),
        (["connectwise", "southwind", "--site", "https://x", "--company", "a", "--secrets-file", "none.json"], "the secrets file cannot be read: No such file or directory"),
    ],
)  # fmt: skip
def test_what_cannot_be_connected_is_one_line(run: Run, organization: str, arguments: list[str], message: str) -> None:
    ended = run("connection", "add", *arguments)
    assert (ended.code, ended.out, ended.err) == (2, "", f"error: {message}\n")


def test_plain_http_is_refused_in_production(run: Run, organization: str, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ENVIRONMENT", "production")
    environment.setenv("SECRET_KEY", "k" * 50)
    environment.setenv("ENCRYPTION_KEYS", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    environment.setenv("CONNECTWISE_PUBLIC_KEY", "p")
    environment.setenv("CONNECTWISE_PRIVATE_KEY", "p")
    ended = run("connection", "add", "connectwise", "southwind", "--site", "http://na.example.com", "--company", "a")
    assert ended.code == 2
    assert ended.err == "error: 'http://na.example.com' is not encrypted; start it with https.\n"


def test_another_organizations_account_is_refused(run: Run, world: World, organization: str) -> None:
    command = ["connection", "add", "quickbooks", "southwind", "--realm-id", REALM, "--secrets-file", "-"]
    ended = run(*command, stdin='{"refresh_token": "r"}')
    assert ended.code == 2
    assert "another organization" in ended.err


# --- afterwards ---


def test_the_list_shows_health_and_never_a_secret(run: Run, world: World) -> None:
    world.notice()
    listed = run("connection", "list", "northwind", "--json")
    assert [one["vendor"] for one in listed.json] == ["quickbooks", "connectwise"]
    assert listed.json[0]["caught_up_at"] is not None
    assert {"sealed_secrets", "secrets"}.isdisjoint(listed.json[0])
    assert "northwind  quickbooks" in run("connection", "list").out


def test_a_test_that_fails_ends_with_exit_code_2(run: Run, world: World) -> None:
    assert run("connection", "test", "northwind", "connectwise").code == 0
    world.connectwise.faults.add(Fault("error", status=503, times=None))
    failed = run("connection", "test", "northwind", "connectwise", "--json")
    assert (failed.code, failed.json["ok"]) == (2, False)


def test_settings_are_changed_one_by_one(run: Run, world: World) -> None:
    changed = run("connection", "set", "northwind", "quickbooks", "--home-currency", "CAD", "--json")
    assert changed.json["settings"]["home_currency"] == "CAD"
    assert run("connection", "set", "northwind", "quickbooks", "--home-currency", "dollars").code == 2
    assert run("connection", "set", "northwind", "quickbooks", "--payment-hour-utc", "3").code == 2
    assert run("connection", "set", "northwind", "connectwise", "--payment-hour-utc", "12").code == 0
    single = run("connection", "set", "northwind", "connectwise", "--strategy", "single", "--json")
    assert single.json["settings"]["strategy"] == "single"
    assert run("connection", "set", "northwind", "quickbooks", "--strategy", "single").code == 2
    assert run("connection", "set", "northwind", "connectwise").code == 2


def test_the_list_says_why_a_connection_was_stopped(run: Run, world: World) -> None:
    with world.context.database.writing() as session:
        stop_connection(session, world.target_id, "target_stopped", "payment 7 vanished")
    line = next(one for one in run("connection", "list").out.splitlines() if "connectwise" in one)
    assert "stopped" in line
    assert line.endswith("target_stopped payment 7 vanished")


def test_disconnecting_needs_a_person_or_a_yes(run: Run, world: World) -> None:
    kept = run("connection", "disconnect", "northwind", "connectwise", stdin="y\n")
    assert (kept.code, kept.err) == (2, "error: nobody is at the terminal to be asked; add --yes\n")
    assert run("connection", "test", "northwind", "connectwise").code == 0
    gone = run("connection", "disconnect", "northwind", "connectwise", "--yes", "--json")
    assert gone.json["status"] == "disconnected"
    assert run("connection", "test", "northwind", "connectwise").code == 2


def test_a_vendor_that_is_not_connected_says_how_to_connect_it(run: Run, organization: str) -> None:
    ended = run("connection", "test", "southwind", "quickbooks")
    assert ended.err == (
        "error: 'southwind' has no connection to quickbooks; see: python -m cli connection add --help\n"
    )
