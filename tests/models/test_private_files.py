"""What only its owner may read: the embedded database with all its files, the settings, files with secrets."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from models.database import Database, upgrade
from models.private_files import is_open_to_others, keep_private, make_private_directory
from settings import Settings
from workers.composition import build_context


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """As most systems have it: everybody may read what is made."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def files_of(url: str) -> dict[str, int]:
    database = Database(url)
    with database.writing() as session:
        session.execute(text("UPDATE organization SET name = name"))
        found = {path.name: mode(path) for path in Path(database.engine.url.database or "").parent.iterdir()}
    database.close()
    return found


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/state/payments.sqlite"


def test_the_embedded_database_is_made_for_its_owner_only(tmp_path: Path, url: str) -> None:
    upgrade(url)
    assert mode(tmp_path / "state") == 0o700
    found = files_of(url)
    assert set(found) >= {"payments.sqlite", "payments.sqlite-wal"}
    assert set(found.values()) == {0o600}


def test_one_that_is_open_to_others_is_taken_away_from_them(tmp_path: Path, url: str) -> None:
    upgrade(url)
    for path in (tmp_path / "state").iterdir():
        path.chmod(0o664)
    assert set(files_of(url).values()) == {0o600}


def test_a_database_that_is_not_there_is_made_private_by_the_first_who_opens_it(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new.sqlite")
    database.ping()
    database.close()
    assert mode(tmp_path / "new.sqlite") == 0o600


def test_a_directory_that_somebody_made_stays_theirs(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_private_directory(tmp_path)
    assert mode(tmp_path) == 0o755


def test_the_settings_are_taken_away_from_others_when_a_process_starts(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("SECRET_KEY=x\n")
    build_context(Settings(_env_file=None, database_url=url, redis_url=""), None).database.close()
    assert mode(tmp_path / ".env") == 0o600


def test_what_cannot_be_changed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("x")

    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "chmod", refused)
    assert not keep_private(file)
    assert not is_open_to_others(tmp_path / "nothing")
