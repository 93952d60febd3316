"""An organization is written down as a whole, without a secret; and erased as a whole, without a trace."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Table, update

from domain.push.effect import Doubt, EffectState
from models.billed_invoices import BilledInvoiceRow
from models.connections import Connection, ConnectionStatus
from models.effects import Effect
from models.organizations import Organization
from models.ownership import SECRET_COLUMNS, owned_tables, rows_of
from models.users import DashboardSession, User
from tasks.context import Context, lane_owners
from tests.queries import count_rows
from tests.usecases.everything import NOW, add_a_row_everywhere
from usecases.erasing import erase_organization
from usecases.exporting import export_organization
from usecases.independent_proof import NotComparable
from usecases.manifest import FileState, check_manifest
from usecases.results import Rejected

OURS, OTHERS = 1, 2
LOOKS_SECRET = ("secret", "hash", "password", "nonce", "sealed")


@pytest.fixture
def filled(context: Context) -> Context:
    """Two organizations with a row in every table; nothing of them is connected, switched on or under way."""
    with context.database.writing() as session:
        for number in (OURS, OTHERS):
            add_a_row_everywhere(session, number)
        session.execute(update(Connection).values(status=ConnectionStatus.DISCONNECTED.value))
        session.execute(update(Effect).values(state=EffectState.DELIVERED.value, doubt=Doubt.NONE.value))
    return context


def rows(context: Context, organization_id: int) -> dict[str, int]:
    with context.database.reading() as session:
        return {
            table.name: count_rows(session, table, rows_of(table, organization_id, lane_owners()))
            for table in owned_tables()
        }


def every_row(context: Context) -> int:
    with context.database.reading() as session:
        return sum(count_rows(session, table) for table in owned_tables())


def silent(_: str) -> None:
    return None


def test_every_table_belongs_to_an_organization_but_those_of_the_operators() -> None:
    others = set(Organization.metadata.sorted_tables) - set(owned_tables())
    assert {table.name for table in others} == {"installation", "measure", "replay", "running_process"}


def test_an_organization_is_erased_from_every_table_and_another_one_from_none(filled: Context) -> None:
    others = rows(filled, OTHERS)
    assert set(rows(filled, OURS).values()) == set(others.values()) == {1}
    erased = erase_organization(filled, OURS, f"slug-{OURS}", silent)
    assert erased == len(owned_tables())
    assert set(rows(filled, OURS).values()) == {0}
    assert rows(filled, OTHERS) == others
    assert every_row(filled) == len(owned_tables())


def test_erasing_goes_on_where_it_was_cut_off(filled: Context) -> None:
    class Killed(Exception):
        pass

    def die_after(tables: int) -> object:
        told: list[str] = []

        def tell(text: str) -> None:
            told.append(text)
            if len(told) == tables:
                raise Killed

        return tell

    for tables in (1, 5, 20):
        with pytest.raises(Killed):
            erase_organization(filled, OURS, f"slug-{OURS}", die_after(tables))  # type: ignore[arg-type]
        assert rows(filled, OURS)["organization"] == 1
    assert not isinstance(erase_organization(filled, OURS, f"slug-{OURS}", silent), Rejected)
    assert every_row(filled) == len(owned_tables())


def test_who_only_looked_at_the_organization_stays(filled: Context) -> None:
    with filled.database.writing() as session:
        session.add(User(id=9, email="operator@example.com", role="operator", created_at=NOW))
        session.flush()
        session.add(
            DashboardSession(id=9, key_hash="k", user_id=9, organization_id=OURS, created_at=NOW, expires_at=NOW)
        )
    erase_organization(filled, OURS, f"slug-{OURS}", silent)
    with filled.database.reading() as session:
        kept = session.get(DashboardSession, 9)
    assert kept is not None
    assert kept.organization_id is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (update(Organization).values(sync_enabled=True), "org set slug-1 --sync off"),
        (update(Connection).values(status=ConnectionStatus.ACTIVE.value), "connection disconnect slug-1"),
        (update(Connection).values(status=ConnectionStatus.NEEDS_RECONNECT.value), "connection disconnect slug-1"),
        (update(Effect).values(state=EffectState.SENDING.value), "1 changes in the other systems"),
        (update(Effect).values(state=EffectState.IN_DOUBT.value), "1 changes in the other systems"),
        (
            update(Effect).values(state=EffectState.HELD.value, doubt=Doubt.UNANSWERED.value),
            "1 changes in the other systems",
        ),
        (update(BilledInvoiceRow).values(state="creating"), "1 changes in the other systems"),
    ],
    ids=["switched on", "connected", "keys refused", "on the wire", "in doubt", "held in doubt", "copying"],
)
def test_what_could_still_reach_a_system_is_not_erased(filled: Context, change: object, said: str) -> None:
    with filled.database.writing() as session:
        session.execute(change)  # type: ignore[call-overload]
        session.execute(update(Connection).values(role="source"))
    refused = erase_organization(filled, OURS, f"slug-{OURS}", silent)
    assert isinstance(refused, Rejected)
    assert said in refused.message
    assert set(rows(filled, OURS).values()) == {1}


def test_nobody_erases_by_a_slip_of_the_hand(filled: Context) -> None:
    refused = erase_organization(filled, OURS, f"slug-{OTHERS}", silent)
    assert isinstance(refused, Rejected)
    assert f"Type slug-{OURS} to confirm" in refused.message


def test_an_export_has_every_row_and_no_secret(filled: Context, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    made = export_organization(filled, OURS, folder, silent)
    assert not isinstance(made, Rejected)
    assert {one.name: one.rows for one in made[:-1]} == {f"{table.name}.jsonl": 1 for table in owned_tables()}
    for table in owned_tables():
        (row,) = map(json.loads, (folder / f"{table.name}.jsonl").read_text().splitlines())
        assert row.keys() == set(table.columns.keys()) - SECRET_COLUMNS.get(table.name, set())
        assert not [name for name in row if any(word in name for word in LOOKS_SECRET) and name != "secrets_version"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_manifest_of_an_export_tells_what_was_changed_since(filled: Context, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    export_organization(filled, OURS, folder, silent)
    (folder / "payment.jsonl").write_text("{}\n")
    checked = check_manifest(folder / "manifest.json")
    assert not isinstance(checked, Rejected | NotComparable)
    assert {one.name for one in checked if one.state is not FileState.UNCHANGED} == {"payment.jsonl"}


def test_an_export_never_writes_over_anything(filled: Context, tmp_path: Path) -> None:
    (tmp_path / "of somebody").touch()
    refused = export_organization(filled, OURS, tmp_path, silent)
    assert isinstance(refused, Rejected)
    assert [path.name for path in tmp_path.iterdir()] == ["of somebody"]


def test_every_column_that_is_kept_back_exists() -> None:
    tables: dict[str, Table] = {table.name: table for table in owned_tables()}
    assert [name for name, columns in SECRET_COLUMNS.items() if not columns <= set(tables[name].columns.keys())] == []
