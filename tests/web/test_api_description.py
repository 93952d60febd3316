"""The API's description is an OpenAPI document, complete, and its examples are what its schemas say."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.web.browser import Browser
from web.api.description import TAGS, examples, operations
from web.api.repeated import KEY_HEADER
from web.problems import PROBLEM_MEDIA_TYPE, Problem

JSON = "application/json"


@pytest.fixture
def document(anybody: Browser) -> dict[str, Any]:
    return anybody.get("/openapi.json").json()


def errors_of(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    validator = Draft202012Validator(
        {**schema, "components": document["components"]}, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def test_it_is_an_openapi_document(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()
    assert document["servers"] == [{"url": "/", "description": "This installation"}]


def test_every_call_says_what_it_is_for(document: dict[str, Any]) -> None:
    names = []
    for path, method, operation in operations(document):
        assert operation["summary"], path
        assert operation["description"].endswith("."), (method, path)
        assert operation["tags"][0] in TAGS, path
        assert operation["security"] == [{"ApiToken": []}, {"DashboardSession": []}], path
        names.append(operation["operationId"])
    assert len(names) == len(set(names)) > 30
    assert [tag["name"] for tag in document["tags"]] == list(TAGS)
    assert {operation["tags"][0] for _, _, operation in operations(document)} == set(TAGS)


def test_every_call_has_an_example_of_what_is_sent_and_answered_and_it_is_true(document: dict[str, Any]) -> None:
    """No example is left over, either: it would be of a call that there is no more."""
    used = set()
    for path, method, operation in operations(document):
        used.add(f"{method.upper()} {path}")
        answer = operation["responses"]["200"]["content"][JSON]
        assert errors_of(document, answer["schema"], answer["example"]) == [], path
        if "requestBody" in operation:
            body = operation["requestBody"]["content"][JSON]
            assert errors_of(document, body["schema"], body["example"]) == [], path
    assert used == set(examples())


def test_an_example_that_is_not_true_would_be_found(document: dict[str, Any]) -> None:
    answer = document["paths"]["/api/payments"]["get"]["responses"]["200"]["content"][JSON]
    row = answer["example"]["payments"][0]
    for wrong in ({"total": 12.5}, {"status": "lost"}, {"paid_on": "20.11.2026"}):
        told = errors_of(document, answer["schema"], {"payments": [row | wrong], "next_cursor": None})
        assert len(told) == 1, wrong


def test_every_refusal_is_a_problem_with_an_example(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status == "200":
                continue
            assert set(answer["content"]) == {PROBLEM_MEDIA_TYPE}, (path, status)
            told = answer["content"][PROBLEM_MEDIA_TYPE]
            for example in told["examples"].values():
                assert errors_of(document, told["schema"], example["value"]) == [], (path, status)
                assert example["value"]["status"] == int(status)
        writes = method != "get"
        assert ("403" in operation["responses"]) == writes, path
        assert (KEY_HEADER in {one["name"] for one in operation["parameters"]}) == writes if writes else True, path


def test_no_two_problems_have_the_same_address_and_each_is_told_by_its_status() -> None:
    kinds = [problem.kind for problem in Problem]
    assert len({kind.name for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert re.fullmatch(r"[a-z-]+", kind.name)
        assert kind.meaning.endswith(".")
        assert kind.told.endswith(".")
    assert [kind.status for kind in kinds] == sorted(kind.status for kind in kinds)


def test_the_cookie_has_the_name_that_browsers_know_it_by(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "openapi_schema", None)
    app.state.https_only = True
    assert app.openapi()["components"]["securitySchemes"]["DashboardSession"]["name"] == "__Host-session"


def test_the_description_is_made_once(app: FastAPI) -> None:
    assert app.openapi() is app.openapi()
