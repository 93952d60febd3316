"""Everything that is stored about one organization, as files; but no key and nothing that would let somebody in.

Called by: the command line.
Does: reads the organization's rows of every table in one transaction, some at a time, and writes them down. Changes
nothing.
Leaves behind: a folder for its owner's eyes only, with one file for each table, a JSON document on each line, and a
manifest with the hash of each file.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session

from domain.reconciliation.statement_files import MANIFEST, document_bytes, sha256_of
from models.organizations import organization_by_id
from models.ownership import SECRET_COLUMNS, owned_tables, read_rows, rows_of
from models.private_files import make_private_directory, make_private_file
from tasks.context import Context, lane_owners
from usecases.results import Rejected

ROWS_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class Exported:
    """One file of the export."""

    name: str
    rows: int
    sha256: str


def export_organization(
    context: Context, organization_id: int, folder: Path, tell: Callable[[str], None]
) -> list[Exported] | Rejected:
    """Writes the files into the folder, which must be new or empty.

    Args:
        tell: hears how far it has come.

    Raises:
        OSError: the files cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        return Rejected(f"{folder} is there already and not empty; name a new folder.")
    make_private_directory(folder)
    with context.database.reading() as session:
        slug = organization_by_id(session, organization_id).slug
        made = [_export(session, table, organization_id, folder, tell) for table in owned_tables()]
    manifest = {
        "organization": slug,
        "exported_at": context.clock.now().isoformat(),
        "left_out": {name: sorted(columns) for name, columns in sorted(SECRET_COLUMNS.items())},
        "files": [{"name": one.name, "rows": one.rows, "sha256": one.sha256} for one in made],
    }
    content = document_bytes(manifest)
    _private(folder / MANIFEST).write_bytes(content)
    return [*made, Exported(MANIFEST, 1, sha256_of(content))]


def _export(
    session: Session, table: Table, organization_id: int, folder: Path, tell: Callable[[str], None]
) -> Exported:
    left_out = SECRET_COLUMNS.get(table.name, frozenset())
    path, digest, rows = _private(folder / f"{table.name}.jsonl"), hashlib.sha256(), 0
    with path.open("wb") as file:
        for row in read_rows(session, table, rows_of(table, organization_id, lane_owners()), ROWS_AT_A_TIME):
            line = _line({name: value for name, value in row.items() if name not in left_out})
            file.write(line)
            digest.update(line)
            rows += 1
        file.flush()
        os.fsync(file.fileno())
    tell(f"{table.name}: {rows:,} rows")
    return Exported(path.name, rows, digest.hexdigest())


def _private(path: Path) -> Path:
    make_private_file(path)
    return path


def _line(row: Mapping[str, Any]) -> bytes:
    return (json.dumps(row, ensure_ascii=False, default=_written) + "\n").encode()


def _written(value: object) -> str:
    """Amounts as exact text, moments as ISO 8601 in UTC; a time of day has no zone."""
    match value:
        case Decimal():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            raise TypeError(f"a column holds {type(value).__name__}")
