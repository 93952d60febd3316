"""JSON in and out, with money as Decimal on the way."""

from collections.abc import Mapping
from typing import Any

import simplejson
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response


def json_response(
    obj: Any,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> Response:
    return Response(simplejson.dumps(obj, use_decimal=True), status, headers, content_type=content_type)


def read_json(request: Request) -> Any:
    """Reads the body; whole numbers stay int, all others become Decimal."""
    try:
        return simplejson.loads(request.get_data(as_text=True), use_decimal=True)
    except ValueError as error:  # simplejson's own errors and broken UTF-8 are both ValueErrors
        raise BadRequest(f"The body is not JSON: {error}") from error
