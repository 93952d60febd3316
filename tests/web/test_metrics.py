"""What a scrape says, of a world in which things go well and badly."""

import threading
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.counting import counted
from connectors.tally import TALLY, Tally
from domain.breaker import CallKind
from domain.measures import ABOUT, Measure
from domain.push.effect import EffectState
from models.breakers import count_failure, open_breaker
from models.connections import Connection, change_connection, mark_needs_reconnect, pause
from models.effects import Effect
from models.metered_reads import add_reads
from models.reconciliation_breaks import ReconciliationBreak
from models.running_processes import ProcessKind
from models.unavailable import DatabaseAway
from settings import Settings
from tasks.catch_up.step import catch_up
from tasks.context import Step
from tasks.ingest.step import ingest
from tasks.match.step import match
from tests.web.applications import application
from tests.web.browser import Browser
from tests.web.test_health import lives
from tests.world import World
from web.metrics import KEPT_SECONDS, Observed

pytestmark = pytest.mark.both_in_the_build


def told(browser: Browser) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every number of a scrape, by its name and its labels."""
    text = browser.get("/metrics").text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def number(browser: Browser, name: str, **labels: str) -> float | None:
    return told(browser).get((name, tuple(sorted(labels.items()))))


def now_and(world: World, **later: float) -> Any:
    return world.clock.now() + timedelta(**later)


@pytest.fixture
def fresh(world: World, anybody: Browser) -> Browser:
    """Nothing was read before."""
    return anybody


def test_a_payment_on_its_way_is_counted_and_its_age_told_step_by_step(world: World, fresh: Browser) -> None:
    world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.settle()
    assert number(fresh, "payments", status="synced") == 0
    world.clock.move(minutes=10)
    # Nobody has come to the catch-up that is due since.
    assert number(fresh, "oldest_due_age_seconds", step="catch_up") == 600
    catch_up(world.context, world.source_id)
    world.clock.move(minutes=2)
    assert number(fresh, "oldest_due_age_seconds", step="ingest") == 120
    assert number(fresh, "oldest_due_age_seconds", step="match") == 0
    ingest(world.context, world.source_id)
    world.clock.move(minutes=3)
    assert number(fresh, "oldest_due_age_seconds", step="match") == 180
    assert number(fresh, "payments", status="on_its_way") == 1
    match(world.context, world.organization_id)
    world.clock.move(minutes=4)
    assert number(fresh, "oldest_due_age_seconds", step="push") == 240
    assert number(fresh, "effects", state="pending") == 1
    world.settle()
    world.clock.move(seconds=KEPT_SECONDS)
    assert number(fresh, "payments", status="synced") == 1
    assert number(fresh, "oldest_due_age_seconds", step="push") == 0


def test_every_step_is_told(fresh: Browser) -> None:
    steps = {dict(labels)["step"] for name, labels in told(fresh) if name == "oldest_due_age_seconds"}
    assert steps == {step.value for step in Step}


def test_what_rests_on_purpose_is_not_late(world: World, fresh: Browser) -> None:
    """The connection says so itself; an alarm about late work means the workers."""
    world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    catch_up(world.context, world.source_id)
    ingest(world.context, world.source_id)
    match(world.context, world.organization_id)
    world.clock.move(minutes=20)
    assert number(fresh, "oldest_due_age_seconds", step="push") == 1200
    with world.context.database.writing() as session:
        pause(session, world.target_id, now_and(world, hours=1), "target_sick")
    world.clock.move(minutes=1)
    assert number(fresh, "oldest_due_age_seconds", step="push") == 0
    assert number(fresh, "connections_paused", reason="target_sick") == 1
    world.clock.move(hours=2)
    with world.context.database.writing() as session:
        open_breaker(count_failure(session, world.target_id, CallKind.WRITE), now_and(world, minutes=5))
    assert number(fresh, "oldest_due_age_seconds", step="push") == 0
    assert number(fresh, "breakers", vendor="connectwise", kind="write", state="open") == 1
    world.clock.move(minutes=6)
    assert number(fresh, "breakers", vendor="connectwise", kind="write", state="half_open") == 1


def test_a_payment_behind_another_one_of_its_invoice_is_not_late(world: World, fresh: Browser) -> None:
    invoice = world.invoice("INV-1")
    world.pay("40.00", (invoice, "40.00"))
    world.pay("60.00", (invoice, "60.00"))
    world.notice(Step.INGEST, Step.MATCH)
    with world.context.database.writing() as session:
        first, _ = session.query(Effect).order_by(Effect.id).all()
        first.state, first.due_at = EffectState.IN_DOUBT.value, now_and(world, hours=1)
    world.clock.move(minutes=20)
    assert number(fresh, "oldest_due_age_seconds", step="push") == 0
    assert number(fresh, "effects", state="in_doubt") == 1


def test_a_held_payment_is_told_with_its_reason(world: World, fresh: Browser) -> None:
    world.pay("100.00", (world.invoice("INV-1", in_connectwise=False), "100.00"))
    world.notice()
    numbers = told(fresh)
    held = {labels: value for (name, labels), value in numbers.items() if name == "payments_held"}
    assert held == {(("reason", "target_invoice_missing"), ("status", "waiting")): 1.0}
    assert numbers["payments", (("status", "synced"),)] == 0


def test_a_doubt_is_as_old_as_its_send(world: World, fresh: Browser) -> None:
    world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.notice()
    with world.context.database.writing() as session:
        effect = session.query(Effect).one()
        effect.state = EffectState.IN_DOUBT.value
    world.clock.move(minutes=30)
    assert number(fresh, "oldest_doubt_age_seconds") == 1800


def test_connections_that_wait_for_a_person_or_end_soon(world: World, fresh: Browser) -> None:
    with world.context.database.writing() as session:
        mark_needs_reconnect(session, world.source_id)
        change_connection(session, world.target_id, {"reconnect_by": now_and(world, days=6)})
    numbers = told(fresh)
    assert numbers["connections", (("role", "source"), ("status", "needs_reconnect"))] == 1
    assert numbers["connections", (("role", "target"), ("status", "active"))] == 1
    assert numbers["consents_ending", (("within", "7d"),)] == 1
    assert numbers["consents_ending", (("within", "30d"),)] == 1


def test_what_the_sources_tell(world: World, fresh: Browser) -> None:
    with world.context.database.writing() as session:
        change_connection(
            session,
            world.source_id,
            {"cursor_at": now_and(world, hours=-2), "heard_at": now_and(world, days=-1), "missed_at": now_and(world)},
        )
    assert number(fresh, "catch_up_lag_seconds") == 7200
    assert number(fresh, "webhooks_silent") == 1
    assert number(fresh, "last_webhook_timestamp_seconds") == now_and(world, days=-1).timestamp()
    with world.context.database.writing() as session:
        add_reads(session, world.source_id, "quickbooks", 3, world.clock.now())
    world.clock.move(seconds=KEPT_SECONDS)
    assert number(fresh, "metered_reads_used", vendor="quickbooks") == 3


def test_what_all_processes_have_counted_is_told_by_one(world: World, fresh: Browser, tmp_path: Path) -> None:
    ingest, push = Tally(), Tally()
    for tally in (ingest, push):
        tally.time(Measure.CALL_SECONDS, "connectwise", "POST", "payments", seconds=0.3)
        tally.count(Measure.CALLS, "connectwise", "POST", "payments", "201")
        tally.count_seconds(Measure.LIMITER_WAIT_SECONDS, "connectwise", seconds=1.25)
    push.note(Measure.ROUTINE_LAST_RUN, "sweep", at=world.clock.now())
    ingest.note(Measure.ROUTINE_LAST_RUN, "sweep", at=now_and(world, minutes=-1))
    lives(world, tmp_path, ProcessKind.WORKER, "push", "push", tally=push)
    lives(world, tmp_path, ProcessKind.WORKER, "ingest", "ingest", "routine", tally=ingest)
    numbers = told(fresh)
    call = (("method", "POST"), ("route", "payments"), ("vendor", "connectwise"))
    assert numbers["call_seconds_count", call] == 2
    assert numbers["call_seconds_sum", call] == 0.6
    assert numbers["call_seconds_bucket", (("le", "0.25"), *call)] == 0
    assert numbers["call_seconds_bucket", (("le", "0.5"), *call)] == 2
    assert numbers["call_seconds_bucket", (("le", "+Inf"), *call)] == 2
    assert numbers["calls_total", (call[0], ("outcome", "201"), *call[1:])] == 2
    assert numbers["limiter_wait_seconds_total", (("vendor", "connectwise"),)] == 2.5
    # The later one, whoever stores it last.
    assert numbers["routine_last_run_timestamp_seconds", (("routine", "sweep"),)] == world.clock.now().timestamp()
    assert numbers["workers_alive", (("queue", "routine"),)] == 1
    assert numbers["workers_alive", (("queue", "match"),)] == 0
    heartbeats = [labels for name, labels in numbers if name == "process_heartbeat_timestamp_seconds"]
    assert sorted(dict(one)["process"].split("@")[0] for one in heartbeats) == ["ingest", "push"]


def test_calls_and_writes_are_counted_where_they_are_made(world: World, fresh: Browser, tmp_path: Path) -> None:
    TALLY.taken()
    world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.notice()
    lives(world, tmp_path, ProcessKind.WORKER, "push", "push", tally=TALLY)
    numbers = told(fresh)
    assert numbers["write_outcomes_total", (("kind", "CreatePayment"), ("outcome", "created"))] == 1
    posts = (("method", "POST"), ("outcome", "201"), ("route", "payments"), ("vendor", "connectwise"))
    assert (
        sum(n for (name, labels), n in numbers.items() if name == "calls_total" and set(posts[:1]) <= set(labels)) >= 1
    )
    assert {dict(labels)["vendor"] for name, labels in numbers if name == "calls_total"} == {
        "quickbooks",
        "connectwise",
    }


def test_no_label_names_a_tenant(world: World, fresh: Browser, tmp_path: Path) -> None:
    world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.notice()
    text = fresh.get("/metrics").text
    with world.context.database.reading() as session:
        accounts = [one.account_id for one in session.query(Connection)]
    for name in ("northwind", "Northwind", "Cascade", "INV-1", *accounts):
        assert name not in text
    assert {label for about in ABOUT.values() for label in about.labels} & {
        "organization",
        "connection",
        "owner",
    } == set()


def test_a_second_scrape_within_some_seconds_asks_the_database_nothing(world: World, fresh: Browser) -> None:
    first = fresh.get("/metrics").text
    with counted(world.context.database.reserved) as statements:
        second = fresh.get("/metrics").text
        assert statements.count == 0
        world.clock.move(seconds=KEPT_SECONDS)
        fresh.get("/metrics")
        assert 0 < statements.count < 40
    assert [line for line in first.splitlines() if line.startswith("payments{")] == [
        line for line in second.splitlines() if line.startswith("payments{")
    ]


def test_many_scrapes_at_once_read_the_figures_once(world: World) -> None:
    observed, bodies = Observed(Settings(_env_file=None, redis_url="")), []
    with counted(world.context.database.reserved) as statements:
        scrapes = [threading.Thread(target=lambda: bodies.append(observed.scrape(world.context))) for _ in range(6)]
        for one in scrapes:
            one.start()
        for one in scrapes:
            one.join()
    assert len(bodies) == 6
    assert all(b"payments{" in body for body in bodies)
    assert statements.count < 40


def test_a_figure_that_cannot_be_read_is_missing_and_the_database_is_not_called_away(
    world: World, fresh: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_slow(*_: object) -> None:
        raise DatabaseAway("canceling statement due to statement timeout")

    monkeypatch.setattr("web.metrics.figures", too_slow)
    numbers = told(fresh)
    assert numbers["database_up", ()] == 1
    assert not [name for name, _ in numbers if name == "payments"]


def test_without_the_database_the_process_still_tells_its_own_counters(app_without_database: FastAPI) -> None:
    answer = Browser(app_without_database).get("/metrics")
    assert answer.status_code == 200
    assert "webhook_deliveries_total" in answer.text
    assert "database_up 0.0" in answer.text
    assert "\npayments{" not in answer.text


def test_a_redis_that_does_not_answer_is_told(world: World, redis_url: str) -> None:
    for url, up in ((redis_url, 1), ("redis://127.0.0.1:1/0", 0)):
        browser = Browser(application(world.context, Settings(_env_file=None, redis_url=url)))
        assert number(browser, "redis_up") == up


def test_an_unexplained_difference_is_told_as_money(world: World, fresh: Browser) -> None:
    with world.context.database.writing() as session:
        for place, (kind, standing, share) in enumerate(
            [("unidentified", "open", "-12.34"), ("unidentified", "accepted", "5"), ("held", "open", "7")]
        ):
            session.add(
                ReconciliationBreak(
                    organization_id=world.organization_id,
                    subject=f"{place}",
                    invoice="",
                    kind=kind,
                    standing=standing,
                    share=Decimal(share),
                    currency="USD",
                    number="",
                    customer="",
                    source_invoice_id="",
                    target_invoice_id="",
                    source_payment_ids=[],
                    target_payment_ids=[],
                    first_seen_at=world.clock.now(),
                    changed_at=world.clock.now(),
                    last_run_id=1,
                )
            )
    numbers = told(fresh)
    assert numbers["reconciliation_unexplained", (("currency", "USD"),)] == 12.34
    assert numbers["reconciliation_breaks", (("kind", "unidentified"),)] == 1
    assert numbers["reconciliations", (("outcome", "never_compared"),)] == 1
