"""What every answer has in common: headers, finished error pages, and nothing of the inside."""

import re

import pytest
from fastapi import FastAPI

from models.database import Database
from tests.web.browser import Browser
from web.pages import FOLDER, STATIC


def test_every_answer_has_the_security_headers(anybody: Browser, partner: Browser) -> None:
    answers = [
        anybody.get("/login"),
        anybody.get("/nothing"),
        anybody.get("/healthz"),
        anybody.get("/api/payments"),
        anybody.get("/static/style.css"),
        anybody.client.get("/", follow_redirects=False),
        partner.get("/overview"),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_pages_about_money_are_kept_by_nobody_and_static_files_are(partner: Browser) -> None:
    assert partner.get("/payments").headers["cache-control"] == "no-store"
    assert "public" in partner.get("/static/style.css").headers["cache-control"]


def test_no_page_loads_anything_from_elsewhere_or_has_script_or_style_inside() -> None:
    for template in (FOLDER / "templates").iterdir():
        text = template.read_text()
        assert not re.search(r'(src|href|action)="(https?:)?//', text), template.name
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)", text), template.name
    assert "@import" not in (STATIC / "style.css").read_text()
    assert "url(" not in (STATIC / "style.css").read_text()


def test_a_page_that_does_not_exist_looks_finished(anybody: Browser, partner: Browser) -> None:
    for browser in (anybody, partner):
        answer = browser.get("/nothing/here")
        assert answer.status_code == 404
        assert "This page does not exist" in answer.text
        assert "style.css" in answer.text


def test_a_method_that_is_not_allowed_and_a_value_that_cannot_be_read(partner: Browser) -> None:
    assert partner.client.post("/overview").status_code == 405
    answer = partner.get("/payments?before=yesterday")
    assert answer.status_code == 400
    assert "could not be read" in answer.text
    assert "yesterday" not in answer.text


@pytest.mark.parametrize(
    ("address", "kind"), [("/payments", "text/html"), ("/api/payments", "application/problem+json")]
)
def test_a_bug_says_nothing_of_the_inside(partner: Browser, monkeypatch, address: str, kind: str) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret is 12345")

    monkeypatch.setattr("web.payments.list_payments", broken)
    monkeypatch.setattr("web.api.payments.list_payments", broken)
    answer = partner.get(address)
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith(kind)
    assert "Something went wrong on our side" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for inside in ("12345", "RuntimeError", "Traceback", "list_payments"):
        assert inside not in answer.text


def test_without_the_database_the_front_door_still_answers_and_the_pages_say_503(
    app_without_database: FastAPI,
) -> None:
    browser = Browser(app_without_database)
    assert browser.get("/").status_code == 200
    answer = browser.send("/login", {"email": "somebody@example.com", "password": "a password"})
    assert answer.status_code == 503
    assert "No payment is lost" in answer.text
    assert "not/there" not in answer.text
    assert browser.get("/api/payments", headers={"Authorization": "Bearer eps_x"}).status_code == 503


def test_the_database_is_left_alone_by_the_front_door(anybody: Browser, monkeypatch) -> None:
    def away(_: Database) -> None:
        raise AssertionError("asked the database")

    monkeypatch.setattr(Database, "reading", away)
    assert anybody.client.get("/", follow_redirects=False).status_code == 303
