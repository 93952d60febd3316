"""The API's description (OpenAPI 3.1): what the routes say of themselves, with examples, problems and headers.

An example is kept for every call, in `web/api/examples`; a test compares each with its schema.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from web.api.repeated import KEY_HEADER, REPLAYED_HEADER
from web.problems import PROBLEM_MEDIA_TYPE, FieldError, Problem, ProblemOut, Told

TITLE = "External Payments Sync"
DESCRIPTION = """\
Payments recorded in QuickBooks Online appear on the right ConnectWise invoice. This is what programs read and do.

- Everything belongs to one organization: that of the token, or of the session of a dashboard page.
- Amounts are strings with the digits of their currency; times are ISO 8601 in UTC; a payment's date is a date.
- Lists come in pages: hand `next_cursor` back as `cursor`, or follow the header `Link`, which keeps the filters.
- Every refusal is a problem document (RFC 9457): `type` says which one, `detail` what to do about it.
- Send an `Idempotency-Key` with a write, and a repetition within 24 hours is answered and not done again.
- Tokens and people are not managed here: a token must not make tokens. They are under Settings on the dashboard.
"""
TAGS = {
    "overview": "How the organization stands, in a few numbers.",
    "payments": "Payments that QuickBooks reported, why each stands where it stands, and what a person does about it.",
    "invoices": "The platform's own records of invoices, and each of them in both systems, to the cent.",
    "own payments": "Payments in QuickBooks that the platform made itself, which are never synced.",
    "preferences": "The organization's choices.",
    "previews": "What a change of preferences would do, before it is made.",
    "sync tool": "Copies the Closed invoices of ConnectWise into QuickBooks; only where the Sync Tool is switched on.",
    "undo": "Takes back what was entered in a span of time: preview, confirmation, progress.",
    "reconciliation": "Both systems side by side, to the cent: comparisons, differences, and signed statements.",
    "gaps": "Stretches of time in which news did not come as it should, and whether anything is missing in them.",
    "webhooks": "Where the organization is told what becomes of its payments, and what was sent there.",
    "notifications": "Who is told by e-mail, in a chat or by a pager when something is wrong.",
    "activity": "Who changed what, and when.",
}
_EXAMPLES = Path(__file__).parent / "examples"
_WRITES = frozenset({"post", "put", "patch", "delete"})
_JSON = "application/json"
_SAMPLE_IDS = {"payment_id": "106", "invoice_id": "2", "preview_id": "1", "run_id": "1", "company_id": "2"} | {
    "endpoint_id": "1",
    "notice_id": "7",
    "break_id": "1",
    "undo_id": "1",
    "statement_id": "1",
    "gap_id": "1",
}
# Besides the first of its status, what else a write may be answered.
_OF_KEYS = (Problem.UNDER_WAY, Problem.OUTCOME_UNKNOWN, Problem.KEY_REUSED)


def describe(app: FastAPI) -> dict[str, Any]:
    """The document; the same for the life of the process."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=TITLE,
            version="1",
            openapi_version="3.1.0",
            description=DESCRIPTION,
            routes=app.routes,
            tags=[{"name": name, "description": text} for name, text in TAGS.items()],
            # Wherever this document was read.
            servers=[{"url": "/", "description": "This installation"}],
        )
        _name_the_cookie(found, https_only=app.state.https_only)
        _add_problems(found["components"]["schemas"])
        for path, method, operation in operations(found):
            _complete(path, method, operation)
        app.openapi_schema = found
    return app.openapi_schema


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every call with its path and method."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


@cache
def examples() -> Mapping[str, dict[str, Any]]:
    """By method and path: the body of a call, if it has one, and its answer."""
    read = TypeAdapter(dict[str, dict[str, Any]]).validate_json
    files = [read(file.read_bytes()) for file in sorted(_EXAMPLES.glob("*.json"))]
    return {call: example for file in files for call, example in file.items()}


def _name_the_cookie(document: dict[str, Any], *, https_only: bool) -> None:
    if https_only:
        document["components"]["securitySchemes"]["DashboardSession"]["name"] = "__Host-session"


def _add_problems(schemas: dict[str, Any]) -> None:
    _, made = models_json_schema(
        [(FieldError, "serialization"), (ProblemOut, "serialization")], ref_template="#/components/schemas/{model}"
    )
    schemas.update(made["$defs"])
    for replaced in ("HTTPValidationError", "ValidationError"):
        schemas.pop(replaced, None)


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    example = examples().get(f"{method.upper()} {path}", {})
    responses = operation["responses"]
    answer = responses["200"]
    answer["description"] = "Done" if method in _WRITES else "What was asked for"
    if "answer" in example:
        answer["content"][_JSON]["example"] = example["answer"]
    if "requestBody" in operation and "body" in example:
        operation["requestBody"]["content"][_JSON]["example"] = example["body"]
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in _SAMPLE_IDS:
            parameter["example"] = _SAMPLE_IDS[parameter["name"]]
            if parameter["schema"].get("type") == "integer":
                parameter["example"] = int(parameter["example"])
    headers = _headers(method, operation)
    if headers:
        answer["headers"] = headers
    for status, problems in sorted(_problems_of(path, method, operation).items()):
        responses[str(status)] = _refusal(path, problems)


def _headers(method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    if method in _WRITES:
        told = f"`true` if this is the answer to an earlier call with the same {KEY_HEADER}"
        return {REPLAYED_HEADER: {"description": told, "schema": {"type": "string", "enum": ["true"]}}}
    if any(parameter["name"] == "cursor" for parameter in operation.get("parameters", ())):
        told = "The address of the next page, with all filters; missing on the last one"
        return {"Link": {"description": told, "schema": {"type": "string"}}}
    return {}


def _problems_of(path: str, method: str, operation: Mapping[str, Any]) -> dict[int, list[Problem]]:
    """By status, what a call may be refused with."""
    found = [Problem.NO_ACCESS, Problem.NOT_READY, Problem.OUR_FAULT, Problem.DATABASE_AWAY, Problem.BUSY]
    if "{" in path or "/sync-tool/" in path:
        found.append(Problem.NOT_FOUND)
    if "{" in path:
        # Of an id that is a dot, clients make another address.
        found.append(Problem.WRONG_METHOD)
    if operation.get("parameters") or "requestBody" in operation:
        found.append(Problem.NOT_VALID)
    if method in _WRITES:
        # A body is read whether the call needs one or not.
        found += [Problem.NOT_READABLE, Problem.NOT_ALLOWED, Problem.NOT_POSSIBLE, Problem.TOO_SLOW, Problem.TOO_LARGE]
        found += _OF_KEYS
    of_status: dict[int, list[Problem]] = {}
    for problem in Problem:
        if problem in found:
            of_status.setdefault(problem.kind.status, []).append(problem)
    return of_status


def _refusal(path: str, problems: Iterable[Problem]) -> dict[str, Any]:
    instance = re.sub(r"\{(\w+)\}", lambda found: _SAMPLE_IDS[found[1]], path)
    found = list(problems)
    return {
        "description": "; or: ".join(one.kind.title for one in found),
        "content": {
            PROBLEM_MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/ProblemOut"},
                "examples": {one.kind.name: {"value": _told(one).document(instance)} for one in found},
            }
        },
        **({"headers": _RETRY_AFTER} if any(one in _LATER for one in found) else {}),
    }


_LATER = (Problem.UNDER_WAY, Problem.BUSY, Problem.DATABASE_AWAY)
_RETRY_AFTER = {"Retry-After": {"description": "So many seconds", "schema": {"type": "string", "pattern": r"^\d+$"}}}


def _told(problem: Problem) -> Told:
    if problem is Problem.NOT_VALID:
        return Told(problem, errors=[FieldError(parameter="limit", detail="This may be at most 200.")])
    return Told(problem)
