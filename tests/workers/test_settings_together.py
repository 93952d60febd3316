"""Wrong settings are told all at once; each process is asked for what it needs, and for nothing else; secrets in files."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.registry import VENDORS
from settings import Settings
from settings.problems import secret_settings, what_to_repair
from settings.processes import NEEDS, Process, secrets_of

ROOT = Path(__file__).parents[2]
KEY = "c29tZS1rZXktb2YtMzItYnl0ZXMtZm9yLXRlc3RzISE="
EVERYTHING: dict[str, Any] = {
    "database_url": "postgresql+psycopg://payments:secret@postgres/payments",
    "redis_url": "redis://redis:6379/0",
    "secret_key": "a-key-of-production",
    "encryption_keys": KEY,
    "public_url": "https://payments.example.com",
    "flower_basic_auth": "operator:secret",
    "quickbooks_client_secret": "secret",
    "quickbooks_verifier_tokens": "token",
}
SECRETS_OF_VENDORS = [
    (f"{vendor.name}_{field}", scope) for vendor in VENDORS for field, scope in vendor.form.secrets.items()
]


def needed_by(process: Process) -> set[str]:
    vendors = {name for name, scope in SECRETS_OF_VENDORS if scope in NEEDS[process].of_vendors}
    return {*NEEDS[process].own, *vendors}


def in_production(process: Process, **given: Any) -> Settings:
    return Settings(
        _env_file=None,
        environment="production",
        process_name=process,
        quickbooks_client_id="registered",
        **given,
    )


def refused(**given: Any) -> str:
    with pytest.raises(ValidationError) as error:
        Settings(_env_file=None, **given)
    return what_to_repair(error.value)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = refused(
        environment="production",
        process_name="web",
        sweep_seconds="soon",
        port=0,
        lease_seconds=1,
        encryption_keys=f"{KEY},abc",
        redis_url="memcached://host",
        public_url="http://payments.example.com",
    )
    assert told.splitlines()[0] == "the settings cannot be used; 8 things are to be repaired:"
    assert [line.split()[0].rstrip(":") for line in told.splitlines()[1:]] == [
        "PORT",
        "SWEEP_SECONDS",
        "REDIS_URL",
        "ENCRYPTION_KEYS",
        "LEASE_SECONDS",
        "SECRET_KEY",
        "DATABASE_URL",
        "PUBLIC_URL",
    ]
    assert "its key number 2 is no Fernet key; make one: python -c" in told
    assert "its default is 5" in told


def test_a_setting_that_is_wrong_by_itself_is_told_once() -> None:
    assert refused(read_timeout_seconds=-1, lease_seconds=1) == (
        "the settings cannot be used: READ_TIMEOUT_SECONDS: Input should be greater than 0; its default is 60"
    )


def test_no_problem_repeats_a_value() -> None:
    told = refused(
        database_url="no-address-hunter2",
        redis_url="hunter2://hunter2",
        broker_url="redis://hunter2:hunter2@",
        encryption_keys="hunter2",
        flower_basic_auth="hunter2",
        sweep_seconds="hunter2",
    )
    assert len(told.splitlines()) == 7
    assert "hunter2" not in told


@pytest.mark.parametrize("process", Process)
def test_each_process_starts_with_what_it_needs_and_not_without(process: Process) -> None:
    needed = needed_by(process)
    given = {name: value for name, value in EVERYTHING.items() if name in needed}
    assert given.keys() == needed
    in_production(process, **given)
    with pytest.raises(ValidationError) as error:
        in_production(process)
    told = {str(one["loc"][0]) for one in error.value.errors()}
    assert told == needed


def test_the_command_line_finds_its_database_and_redis_by_itself() -> None:
    Settings(_env_file=None, environment="production", secret_key="a-key-of-production", encryption_keys=KEY)


def test_only_who_opens_sealed_secrets_has_the_keys_and_only_the_door_can_check_webhooks() -> None:
    given = {process: secrets_of(process, SECRETS_OF_VENDORS) for process in Process}
    has = {name: {process.value for process in Process if name in given[process]} for name in EVERYTHING}
    assert has["secret_key"] == has["quickbooks_verifier_tokens"] == {"web"}
    assert has["encryption_keys"] == {"web", "ingest", "match", "push", "copy", "notify"}
    assert has["quickbooks_client_secret"] == {"web", "ingest", "copy"}
    assert has["flower_basic_auth"] == {"flower"}
    assert has["database_url"] == {"web", "ingest", "match", "push", "copy", "notify", "beat", "migrate"}
    assert has["public_url"] == set(), "an address is no secret"


def test_every_setting_that_is_secret_is_known_as_one() -> None:
    typed = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert typed == {name for name in secret_settings(Settings.vendor_forms) if not name.endswith("_url")}


def test_every_line_of_the_procfile_says_which_process_it_is() -> None:
    lines = [line for line in (ROOT / "Procfile").read_text().splitlines() if line and not line.startswith("#")]
    names = [line.partition(":")[0] for line in lines]
    assert set(names) == set(Process) - {Process.MIGRATE}
    for name, line in zip(names, lines, strict=True):
        assert line.startswith(f'{name}: export PROCESS_NAME="${{PROCESS_NAME:-{name}}}"; ')


# --- settings in files ---


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_a_setting_may_stand_in_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY_FILE", written(folder / "key", "of-the-file\n"))
    monkeypatch.setenv("ENCRYPTION_KEYS_FILE", written(folder / "keys", f"{KEY}\n{KEY}\n"))
    settings = Settings()
    assert settings.secret_key == SecretStr("of-the-file")
    assert settings.encryption_keys == [SecretStr(KEY)] * 2


def test_the_environment_goes_before_the_file_of_settings_in_either_form(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text("SECRET_KEY=of-env\nLOG_LEVEL_FILE=/nowhere\n")
    monkeypatch.setenv("SECRET_KEY_FILE", written(folder / "key", "of-the-file"))
    monkeypatch.setenv("LOG_LEVEL", "debug")
    settings = Settings()
    assert (settings.secret_key, settings.log_level) == (SecretStr("of-the-file"), "DEBUG")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "SECRET_KEY_FILE: file cannot be used: No such file or directory"),
        (b"\xff\xfe", "SECRET_KEY_FILE: file cannot be used: it is not text"),
        (b"x" * 70_000, "SECRET_KEY_FILE: file cannot be used: it is too large for a setting"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_the_rest(
    folder: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, told: str
) -> None:
    if content is not None:
        (folder / "file").write_bytes(content)
    monkeypatch.setenv("SECRET_KEY_FILE", "file")
    monkeypatch.setenv("PORT", "0")
    with pytest.raises(ValidationError) as error:
        Settings()
    lines = what_to_repair(error.value).splitlines()
    assert lines[1].strip() == told
    assert lines[2].strip().startswith("PORT: ")


def test_an_empty_file_counts_as_not_set_like_an_empty_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUICKBOOKS_CLIENT_SECRET_FILE", written(folder / "file", " \n"))
    assert Settings().quickbooks_client_secret == SecretStr("")  # type: ignore[attr-defined]


def test_a_setting_that_stands_in_two_places_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever replaces a leaked key in one of the two would believe that it is replaced."""
    monkeypatch.setenv("SECRET_KEY", "direct")
    monkeypatch.setenv("SECRET_KEY_FILE", written(folder / "key", "of-the-file"))
    with pytest.raises(ValidationError, match="is set, and SECRET_KEY_FILE as well: keep one of the two"):
        Settings()
