"""A statement as files: the document, its tables, and a manifest with the hash of each. Byte-equal for equal documents.

`python -m cli prove ORG --manifest manifest.json` says whether the files beside it are still these.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.tables import table_bytes

DOCUMENT, BREAKS, ROLL_FORWARD, BRIDGE, MANIFEST = (
    "statement.json",
    "breaks.csv",
    "roll-forward.csv",
    "bridge.csv",
    "manifest.json",
)
# A moment in each entry of an archive would make two archives of the same files differ; this is the earliest there is.
_NO_MOMENT = (1980, 1, 1, 0, 0, 0)


def document_bytes(document: Mapping[str, Any]) -> bytes:
    """The document as it is hashed and stored."""
    return (json.dumps(document, sort_keys=True, ensure_ascii=False, indent=1) + "\n").encode()


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def statement_files(document: Mapping[str, Any], sign_off: Mapping[str, Any] | None = None) -> dict[str, bytes]:
    """Every file by its name, the manifest last.

    Args:
        sign_off: who signed, and when; it stands in the manifest, for the document is what they signed.
    """
    files = {
        DOCUMENT: document_bytes(document),
        BREAKS: breaks_table(document),
        ROLL_FORWARD: table_bytes(("Currency", "Line", "Differences", "Amount"), _roll_forward_rows(document)),
        BRIDGE: table_bytes(("Currency", "Line", "Documents", "Amount"), _bridge_rows(document)),
    }
    manifest = {
        "files": [{"name": name, "sha256": sha256_of(content)} for name, content in files.items()],
        "signed": dict(sign_off) if sign_off is not None else None,
    }
    return {**files, MANIFEST: document_bytes(manifest)}


def archive(files: Mapping[str, bytes]) -> bytes:
    """The files as one ZIP archive, not compressed: so it does not depend on who compresses."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as zipped:
        for name, content in files.items():
            zipped.writestr(zipfile.ZipInfo(name, _NO_MOMENT), content)
    return made.getvalue()


_BREAK_COLUMNS = {
    "Difference": "break",
    "Invoice": "invoice",
    "Customer": "customer",
    "Kind": "kind",
    "Currency": "currency",
    "At the beginning": "opening_standing",
    "Amount at the beginning": "opening_share",
    "At the end": "closing_standing",
    "Amount at the end": "closing_share",
    "Source amount": "source_amount",
    "Target amount": "target_amount",
    "Source date": "source_date",
    "Target date": "target_date",
    "Source invoice id": "source_invoice_id",
    "Target invoice id": "target_invoice_id",
    "Source payment ids": "source_payment_ids",
    "Target payment ids": "target_payment_ids",
    "First seen (UTC)": "first_seen_at",
    "Since (UTC)": "since",
    "Accepted by": "accepted_by",
    "Accepted because": "accepted_because",
}


def breaks_table(document: Mapping[str, Any]) -> bytes:
    """One row for each difference of the period."""
    names = _BREAK_COLUMNS.values()
    return table_bytes(tuple(_BREAK_COLUMNS), ([_cell(line[name]) for name in names] for line in document["breaks"]))


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case list():
            return ", ".join(value)
        case _:
            return str(value)


def _roll_forward_rows(document: Mapping[str, Any]) -> Iterable[Sequence[str]]:
    for one in document["roll_forward"]:
        for line in one["lines"]:
            yield one["currency"] or "", line["line"], str(line["breaks"]), line["amount"]


def _bridge_rows(document: Mapping[str, Any]) -> Iterable[Sequence[str]]:
    for line, currency, documents, amount in (document["last_run"] or {}).get("bridge", ()):
        yield currency or "", line, str(documents), amount
