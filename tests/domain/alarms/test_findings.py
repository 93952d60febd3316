"""Which facts give rise to which alarm."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.alarms.findings import AlarmFacts, Finding, SideFacts, findings
from domain.notices.kinds import ALARM_KINDS, NoticeKind
from domain.reasons import Reason

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BOTH = (SideFacts("source"), SideFacts("target"))


@pytest.mark.parametrize(
    ("facts", "kind", "found"),
    [
        (
            AlarmFacts(attention={"total_differs": 3, "customer_differs": 1, "target_refused": 0}),
            NoticeKind.ALARM_ATTENTION,
            [Finding("customer_differs", 1), Finding("total_differs", 3)],
        ),
        (
            AlarmFacts(sides=[SideFacts("source", is_active=False, is_lost=True), SideFacts("target")]),
            NoticeKind.ALARM_CONNECTION_LOST,
            [Finding("source")],
        ),
        (
            AlarmFacts(sides=[SideFacts("target", is_active=False, is_stopped=True)]),
            NoticeKind.ALARM_SYNC_STOPPED,
            [Finding("target.stopped")],
        ),
        (
            AlarmFacts(sides=[SideFacts("source", pause=Reason.READS_USED_UP)]),
            NoticeKind.ALARM_SYNC_STOPPED,
            [Finding("source.reads_used_up")],
        ),
        (AlarmFacts(records_broken=True), NoticeKind.ALARM_SYNC_STOPPED, [Finding("records_broken")]),
        (AlarmFacts(sync_enabled=False, sides=BOTH), NoticeKind.ALARM_SYNC_STOPPED, [Finding("switched_off")]),
        (
            AlarmFacts(sides=[SideFacts("source", consent_ends_at=NOW + timedelta(days=30))]),
            NoticeKind.ALARM_CONSENT_ENDING,
            [Finding("source.soon", detail="2026-12-20")],
        ),
        (
            AlarmFacts(sides=[SideFacts("source", consent_ends_at=NOW + timedelta(days=7))]),
            NoticeKind.ALARM_CONSENT_ENDING,
            [Finding("source.urgent", detail="2026-11-27")],
        ),
        (
            AlarmFacts(sides=[SideFacts("source", is_silent=True)]),
            NoticeKind.ALARM_WEBHOOKS_SILENT,
            [Finding("source")],
        ),
        (
            AlarmFacts(differences={"missing_at_target": 2}),
            NoticeKind.ALARM_DIFFERENCE_FOUND,
            [Finding("missing_at_target", 2)],
        ),
    ],
)
def test_a_fact_is_found_by_its_alarm_and_by_no_other(
    facts: AlarmFacts, kind: NoticeKind, found: list[Finding]
) -> None:
    assert {one: list(there) for one, there in findings(facts, NOW).items() if there} == {kind: found}


@pytest.mark.parametrize(
    "facts",
    [
        AlarmFacts(sides=BOTH),
        # Whoever is setting up has not stopped anything.
        AlarmFacts(sync_enabled=False),
        AlarmFacts(sync_enabled=False, sides=BOTH[:1]),
        AlarmFacts(sides=[SideFacts("source", consent_ends_at=NOW + timedelta(days=31))]),
        # What a person has ended needs no consent and no webhooks.
        AlarmFacts(sides=[SideFacts("source", is_active=False, consent_ends_at=NOW, is_silent=True)]),
        # No money is apart.
        AlarmFacts(differences={"date_differs": 4, "customer_differs": 1, "number_differs": 1}),
    ],
)
def test_what_is_well_raises_no_alarm(facts: AlarmFacts) -> None:
    assert not any(findings(facts, NOW).values())


def test_every_kind_of_alarm_has_an_answer() -> None:
    assert set(findings(AlarmFacts(), NOW)) == set(ALARM_KINDS)
