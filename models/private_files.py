"""Files that only their owner may read: the embedded database, the settings, the state directory."""

import os
import stat
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_FILE_MODE, _DIRECTORY_MODE = 0o600, 0o700


def is_open_to_others(path: Path) -> bool:
    """True if another user of this machine may read or change it; a missing file is open to no user."""
    try:
        found = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and bool(found.st_mode & _OTHERS)


def keep_private(path: Path) -> bool:
    """Takes access to the file from all but its owner; False if it is open to others and stays so."""
    if not is_open_to_others(path):
        return True
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
    except OSError:
        return False
    return not is_open_to_others(path)


def make_private_file(path: Path) -> None:
    """Creates the file if there is none, for its owner only; SQLite gives its other files the same rights."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, _FILE_MODE))
    except OSError:
        # The code that opens it reports why that fails.
        return
    for one in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        keep_private(one)


def make_private_directory(path: Path) -> None:
    """Creates the directory and its missing parents; existing ones keep their owner and permissions."""
    if path.is_dir():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=_DIRECTORY_MODE, exist_ok=True)
