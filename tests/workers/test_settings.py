"""Settings that contradict each other are refused at the start, with the names that a person has to change."""

import pytest
from pydantic import ValidationError

from settings import Settings
from settings.celery import QUEUES
from tasks.context import Step
from workers.app import app


def test_a_request_is_not_looked_for_while_it_may_still_be_under_way() -> None:
    with pytest.raises(ValidationError, match="SETTLE_SECONDS must not be less than READ_TIMEOUT_SECONDS"):
        Settings(_env_file=None, read_timeout_seconds=60, settle_seconds=59)


def test_a_settle_time_as_long_as_the_time_limit_is_enough() -> None:
    assert Settings(_env_file=None, read_timeout_seconds=60, settle_seconds=60).settle_seconds == 60


def test_a_lease_outlives_the_longest_exchange() -> None:
    with pytest.raises(ValidationError, match="LEASE_SECONDS must be more than"):
        Settings(_env_file=None, lease_seconds=65)


@pytest.mark.parametrize(
    "impossible",
    [
        {"slice_seconds": 0},
        {"sweep_seconds": -1},
        {"lease_seconds": float("nan")},
        {"backoff_seconds_max": float("inf")},
        {"webhook_bytes_max": 0},
        {"port": 70000},
        {"flower_port": 0},
    ],
    ids=str,
)
def test_a_number_with_which_nothing_would_ever_be_done_is_refused(impossible: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(impossible))):
        Settings(_env_file=None, **impossible)


MAIL = {"smtp_host": "mail.msp.example", "smtp_from": "Payments <payments@msp.example>"}


def test_a_mail_server_is_known_with_its_sender_and_without_its_password() -> None:
    assert Settings(_env_file=None).mail_server is None
    server = Settings(_env_file=None, **MAIL, smtp_username="payments", smtp_password="s3cret-of-mail").mail_server
    assert server is not None
    assert (server.port, server.security, server.domain) == (587, "starttls", "msp.example")
    assert "s3cret-of-mail" not in repr(server)


@pytest.mark.parametrize(
    "sender", ["", "Payments", "payments@", "Payments <payments@msp.example>\r\nBcc: x@example.com"]
)
def test_a_mail_server_without_a_sender_is_refused(sender: str) -> None:
    with pytest.raises(ValidationError, match="SMTP_FROM must be an e-mail address"):
        Settings(_env_file=None, **(MAIL | {"smtp_from": sender}))


def test_a_login_is_never_readable_in_production() -> None:
    keys = {"secret_key": "of-our-own", "encryption_keys": "b25lLW9mLW91ci1vd24tMzItYnl0ZXMtbG9uZy1rZXk="}
    production = {"environment": "production", **keys, **MAIL, "smtp_security": "none"}
    assert Settings(_env_file=None, **production).mail_server is not None
    with pytest.raises(ValidationError, match="SMTP_SECURITY must be starttls or tls in production"):
        Settings(_env_file=None, **production, smtp_username="payments")


def test_a_worker_knows_the_task_of_every_step_and_each_has_its_queue() -> None:
    app.loader.import_default_modules()
    routines = {entry["task"] for entry in app.conf.beat_schedule.values()}
    tasks = {f"payments.{step.value}" for step in Step} | routines
    assert tasks <= set(app.tasks), "a nudge of a task that no worker knows is thrown away"
    assert set(QUEUES) == tasks
