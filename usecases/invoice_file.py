"""Turns an invoice file's bytes into lines of text: finds its encoding, and rejects files that are not CSV."""

from io import BytesIO, TextIOWrapper
from typing import BinaryIO, TextIO

from usecases.invoice_rows import SAVE_AS, BadRow

# Far more than a platform needs; we read a file as a whole before we store anything of it.
BYTES_MAX = 50 * 1024 * 1024
LINES_MAX = 500_000
_HEAD_BYTES = 1024
_NUL_SHARE = 0.3
_OTHER_FILES = {
    b"PK\x03\x04": "an Excel workbook or another archive",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"\x1f\x8b": "a compressed file",
    b"%PDF": "a PDF document",
    b"{\\rtf": "a text document",
    b"\xff\xfe\x00\x00": "text in UTF-32",
    b"\x00\x00\xfe\xff": "text in UTF-32",
}


def text_of(file: BinaryIO) -> TextIO | BadRow:
    """The file as text, or why none of it was read."""
    data = file.read(BYTES_MAX + 1)
    if len(data) > BYTES_MAX:
        return BadRow(1, f"the file is larger than {BYTES_MAX // 1024**2} MiB; split it. Nothing was read")
    for start, name in _OTHER_FILES.items():
        if data.startswith(start):
            return BadRow(1, f"the file is {name}, not a CSV file; {SAVE_AS}")
    encoding = _encoding_of(data[:_HEAD_BYTES])
    # Bytes that are not text become surrogates, so that they spoil their own line and not all that follow.
    errors = "surrogateescape" if encoding == "utf-8-sig" else "surrogatepass"
    if max(data.count(b"\n"), data.count(b"\r")) > LINES_MAX:
        return BadRow(1, f"the file has more than {LINES_MAX} lines; split it. Nothing was read")
    return TextIOWrapper(BytesIO(data), encoding=encoding, errors=errors, newline="")


def _encoding_of(head: bytes) -> str:
    """Decides by the byte order mark; without one by the NULs in every second byte of simple UTF-16 text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    pairs = max(len(head) // 2, 1)
    if head[1::2].count(0) / pairs > _NUL_SHARE and 0 not in head[0::2]:
        return "utf-16-le"
    if head[0::2].count(0) / pairs > _NUL_SHARE and 0 not in head[1::2]:
        return "utf-16-be"
    return "utf-8-sig"
