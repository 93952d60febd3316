"""Tables as answers that a browser saves."""

from collections.abc import Iterable, Sequence

from fastapi.responses import Response

from domain.tables import table_bytes


def table_file(name: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """The table as a CSV file to save."""
    return saved_file(name, table_bytes(heads, rows), "text/csv; charset=utf-8")


def saved_file(name: str, content: bytes, media_type: str) -> Response:
    """A file that the browser saves instead of showing it."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
