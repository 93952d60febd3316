"""The API reference: every call by its topic, with what it takes and answers; made of the API's own description.

For everybody, as the description is: a person who writes a program for an organization need not have an account here.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from settings import Settings
from web.api.description import TAGS, describe, operations
from web.api.repeated import KEY_HEADER
from web.pages import render
from web.problems import Problem
from web.signed_in import NotSignedIn, Viewer, has_session, viewer

router = APIRouter(include_in_schema=False)

VALUES_SHOWN_MAX = 12
_JSON = "application/json"


# A text in pieces: every second one is something that a program writes, and stood between backticks.
Pieces = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value in the address of a call."""

    name: str
    takes: str
    text: Pieces
    required: bool


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the page shows it; `body` is empty where none is sent."""

    method: str
    path: str
    anchor: str
    summary: str
    text: Pieces
    writes: bool
    repeatable: bool
    parameters: tuple[Parameter, ...]
    body: str
    answer: str
    refusals: tuple[Problem, ...]


@router.get("/api-reference")
def reference_page(request: Request) -> Response:
    document = describe(request.app)
    topics = [(name, text, list(_calls(document, name))) for name, text in TAGS.items()]
    return render(
        request,
        "api_reference.html",
        viewer=_whoever(request),
        topics=topics,
        problems=[(problem, _pieces(problem.kind.meaning)) for problem in Problem],
        base=_base(request),
    )


@router.get("/problems/{name}")
def problem_page(name: str) -> Response:
    """The address that a problem names: what it means stands in the reference."""
    if all(problem.kind.name != name for problem in Problem):
        raise HTTPException(404)
    return RedirectResponse(f"/api-reference#problem-{name}", 303)


def _base(request: Request) -> str:
    settings: Settings = request.app.state.settings
    return settings.public_address


def _whoever(request: Request) -> Viewer | None:
    if not has_session(request):
        return None
    try:
        return viewer(request)
    except NotSignedIn:
        return None


def _calls(document: Mapping[str, Any], tag: str) -> Iterator[Call]:
    for path, method, operation in operations(document):
        if tag in operation["tags"]:
            yield _call(document, path, method, operation)


def _call(document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]) -> Call:
    body = operation.get("requestBody", {}).get("content", {}).get(_JSON, {})
    # Every write takes the key, and the page says so once.
    parameters = [one for one in operation.get("parameters", ()) if one["name"] != KEY_HEADER]
    return Call(
        method=method.upper(),
        path=path,
        anchor=operation["operationId"].replace("_", "-"),
        summary=operation["summary"],
        text=_pieces(operation["description"]),
        writes=method != "get",
        repeatable=bool(operation.get("x-repeatable")),
        parameters=tuple(_parameter(document, one) for one in parameters),
        body=_as_text(body["example"]) if "example" in body else "",
        answer=_as_text(operation["responses"]["200"]["content"][_JSON]["example"]),
        refusals=tuple(
            problem
            for problem in Problem
            if problem.kind.name in _named_refusals(operation) and problem.kind.status < 500  # noqa: PLR2004
        ),
    )


def _pieces(text: str) -> Pieces:
    return tuple(re.split("`([^`]+)`", " ".join(text.split())))


def _named_refusals(operation: Mapping[str, Any]) -> set[str]:
    answers = [answer for status, answer in operation["responses"].items() if status != "200"]
    return {name for answer in answers for content in answer["content"].values() for name in content["examples"]}


def _as_text(example: Any) -> str:
    return json.dumps(example, indent=2, ensure_ascii=False)


def _parameter(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=parameter["name"],
        takes=_takes(document, parameter["schema"]),
        text=_pieces(parameter.get("description", "")),
        required=parameter.get("required", False),
    )


def _choice(values: Sequence[str]) -> str:
    if len(values) <= VALUES_SHOWN_MAX:
        return f"one of {', '.join(values)}"
    return f"one of {len(values)}: {', '.join(values[:VALUES_SHOWN_MAX])} and so on, as in openapi.json"


def _takes(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a value has to be, in words."""
    if "$ref" in schema:
        return _takes(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    if "anyOf" in schema:
        return " or ".join(_takes(document, one) for one in schema["anyOf"] if one.get("type") != "null")
    if "enum" in schema:
        return _choice([str(value) for value in schema["enum"]])
    match schema.get("type"), schema.get("format"):
        case "string", "date":
            return "a date"
        case "string", "date-time":
            return "a moment"
        case "array", _:
            return f"several of: {_takes(document, schema['items'])}"
        case "integer", _:
            ends = (schema.get("minimum"), schema.get("maximum"))
            return "a whole number" if ends[1] is None or ends[1] > 10**9 else f"a number from {ends[0]} to {ends[1]}"
        case "boolean", _:
            return "true or false"
        case _:
            return "a text"
