"""The releases, and the program of each, taken out of the history of this repository."""

import io
import subprocess
import tarfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIST = ROOT / "models/migrations/releases.toml"


@dataclass(frozen=True)
class Release:
    """A row of the list (`models/migrations/releases.toml`)."""

    version: str
    commit: str
    schema: str
    left_behind: frozenset[str]

    def __str__(self) -> str:
        return self.version


class NoHistory(Exception):
    """The release is not in the history that is here; the message says what to do."""


def releases() -> list[Release]:
    """All, oldest first."""
    rows = tomllib.loads(LIST.read_text())["release"]
    return [Release(**row | {"left_behind": frozenset(row["left_behind"])}) for row in rows]


def last_release() -> Release:
    return releases()[-1]


def is_shallow() -> bool:
    """Whether this is a clone that was asked to leave history out."""
    asked = _git("rev-parse", "--is-shallow-repository")
    return asked.returncode == 0 and asked.stdout.strip() == b"true"


def program_of(release: Release, folder: Path) -> Path:
    """Puts the release's files into the folder.

    Raises:
        NoHistory: its commit is not here.
    """
    packed = _git("archive", "--format=tar", release.commit)
    if packed.returncode != 0:
        why = packed.stderr.decode().strip()
        raise NoHistory(
            f"release {release} ({release.commit}) is not in the history here: {why}; git fetch --unshallow"
        )
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def text_in(release: Release, path: str) -> str:
    """A file as it was in the release; NoHistory as above."""
    found = _git("show", f"{release.commit}:{path}")
    if found.returncode != 0:
        raise NoHistory(f"release {release} ({release.commit}) has no {path} here: {found.stderr.decode().strip()}")
    return found.stdout.decode()


def _git(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["git", *arguments], cwd=ROOT, check=False, capture_output=True)
