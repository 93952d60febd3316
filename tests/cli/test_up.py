from pathlib import Path

import pytest

from cli.up import environment_for
from settings import Settings
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("scale", "message"),
    [
        ("push", "'push' is not NAME=COUNT, such as push=2"),
        ("push=two", "'push=two' is not NAME=COUNT, such as push=2"),
        ("=2", "'=2' is not NAME=COUNT, such as push=2"),
    ],
)
def test_a_scale_that_cannot_be_one_is_refused_before_anything_starts(run: Run, scale: str, message: str) -> None:
    ended = run("up", "--scale", scale)
    assert (ended.code, ended.err) == (2, f"error: {message}\n")


def test_the_children_see_the_file_and_the_environment_goes_before_it(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text('# a comment\nFROM_FILE="a b"\nFROM_BOTH=file\nEMPTY=\nREDIS_URL=\n')
    environment.setenv("FROM_BOTH", "environment")
    settings = Settings(database_url="", state_dir=Path("state"))
    seen = environment_for(settings, "redis://127.0.0.1:6379/0")
    assert (seen["FROM_FILE"], seen["FROM_BOTH"]) == ("a b", "environment")
    assert "EMPTY" not in seen
    assert seen["REDIS_URL"] == "redis://127.0.0.1:6379/0"
    assert seen["STATE_DIR"] == str(tmp_path / "state")
    assert seen["DATABASE_URL"] == settings.effective_database_url
