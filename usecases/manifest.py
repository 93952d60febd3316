"""A manifest of files, and whether the files beside it are still those that it names.

The manifest is JSON: {"files": [{"name": "statement.csv", "sha256": "..."}]}.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from connectors.json_reader import JsonUnreadable, read_json
from usecases.results import Rejected

_CHUNK_BYTES = 1024 * 1024
_MANIFEST_BYTES_MAX = 16 * 1024 * 1024


class FileState(StrEnum):
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class CheckedFile:
    name: str
    state: FileState


def check_manifest(path: Path) -> tuple[CheckedFile, ...] | Rejected:
    """What has become of each file that the manifest names, which lies beside it."""
    try:
        if path.stat().st_size > _MANIFEST_BYTES_MAX:
            return Rejected(f"{path.name} is too long to be a manifest")
        named = _named_in(read_json(path.read_bytes()))
    except OSError as error:
        return Rejected(f"{path.name} cannot be read: {error.strerror or error}")
    except JsonUnreadable as error:
        return Rejected(f"{path.name} is not a manifest: {error}")
    if named is None:
        return Rejected(
            f'{path.name} is not a manifest; it has to look like {{"files": [{{"name": ..., "sha256": ...}}]}}'
        )
    return tuple(CheckedFile(name, _state_of(path.parent / name, sha256)) for name, sha256 in named)


def _named_in(parsed: Any) -> list[tuple[str, str]] | None:
    """The names and hashes; None if it is no manifest. A name with a folder in it would lead elsewhere."""
    listed = parsed.get("files") if isinstance(parsed, dict) else None
    if not isinstance(listed, list) or not listed:
        return None
    named = [(one.get("name"), one.get("sha256")) if isinstance(one, dict) else (None, None) for one in listed]
    is_whole = all(
        isinstance(name, str) and isinstance(sha256, str) and name == Path(name).name and name not in ("", "..")
        for name, sha256 in named
    )
    return [(str(name), str(sha256).lower()) for name, sha256 in named] if is_whole else None


def _state_of(path: Path, sha256: str) -> FileState:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError:
        return FileState.MISSING
    return FileState.UNCHANGED if digest.hexdigest() == sha256 else FileState.CHANGED
