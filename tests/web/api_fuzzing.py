"""Calls the whole API with what its own description allows and forbids, and collects what does not fit it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from fastapi import FastAPI
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)


@dataclass
class Found:
    """How many calls were made, by their status, and what was wrong."""

    calls: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    wrong: dict[str, str] = field(default_factory=dict)


def call_everything(
    app: FastAPI,
    token: dict[str, str],
    *,
    examples: int,
    seed: int = 1,
) -> Found:
    """Makes up this many calls for each operation, besides its examples and those at the borders of every value.

    Calls also follow each other, with ids of earlier answers.
    """
    config: dict[str, Any] = {
        "seed": seed,
        "headers": token,
        "continue-on-failure": True,
        "workers": 1,
        "checks": {"enabled": False, **{check: {"enabled": True} for check in CHECKS}},
        "phases": {name: {"enabled": True} for name in ("examples", "coverage", "fuzzing", "stateful")},
        "generation": {"max-examples": examples, "deterministic": seed == 1, "no-shrink": True, "database": "none"},
    }
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=SchemathesisConfig.from_dict(config))
    found = Found()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _note(found, event)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            found.wrong[f"{getattr(event, 'label', '')}: {type(event).__name__}"] = str(event.info)
    return found


def _note(found: Found, event: events.ScenarioFinished) -> None:
    found.operations.add(event.label or "")
    for case_id, interaction in event.recorder.interactions.items():
        if interaction.response is not None:
            found.calls[interaction.response.status_code] += 1
        for check in event.recorder.checks.get(case_id, []):
            if check.failure_info is None:
                continue
            failure = check.failure_info.failure
            request = interaction.request
            told = f"{failure.title}: {failure.message}\n{request.method} {request.uri} {request.encoded_body}"
            answered = "" if interaction.response is None else interaction.response.text[:600]
            found.wrong.setdefault(f"{event.label}: {failure.title}", f"{told}\n{answered}")
