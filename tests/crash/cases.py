"""Which points are reached at which moment, and how many times a process is killed there.

Together the moments reach every point there is but those of the web process; `test_crash.py` says so if one is missing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tasks.points import Point
from tests.crash import (
    copying_moments,
    gap_moments,
    key_moments,
    later_looks,
    moments,
    notice_moments,
    preview_moments,
    reconcile_moments,
    replay_moments,
    undo_moments,
)
from tests.crash.stage import Stage

Act = Callable[[Stage], None]


def _nothing(_: Stage) -> None:
    """Nobody has to do anything."""


@dataclass(frozen=True)
class Case:
    """A moment, and what is done in it.

    Attributes:
        points: how many times the process is killed at a point: the first time it comes there, the second, ...
        person: what a person does after the death and the recovery, before the end is looked at.
        status: the status of source and target in the end.
    """

    moment: Act
    points: Mapping[Point, int]
    person: Act = _nothing
    status: tuple[str, str] = ("active", "active")

    @property
    def name(self) -> str:
        return self.moment.__name__


_CATCH_UP = ("lane_taken", "cursor_read", "source_read", "stored", "nudged", "lane_released")
_INGEST = ("lane_taken", "events_read", "payments_read", "source_read", "stored", "nudged", "lane_released")
_MATCH = ("lane_taken", "facts_gathered", "target_read", "recorded", "nudged", "lane_released")
_LOOKS = ("lane_taken", "sums_read", "sums_stored", "listed", "recorded", "nudged", "lane_released")
_COPY = (
    "lane_taken",
    "listed",
    "list_stored",
    "customer_answered",
    "customer_stored",
    "nudged",
    "lane_released",
)
_RECONCILE = (
    "lane_taken",
    "begun",
    "asked",
    "checked",
    "read",
    "sifted",
    "examined",
    "stored",
    "nudged",
    "ended",
    "lane_released",
)
_TOKENS = (Point.TOKENS_TURN_TAKEN, Point.TOKENS_ANSWERED, Point.TOKENS_SAVED, Point.TOKENS_TURN_GIVEN_BACK)
_SENDS = (Point.PUSH_INTENDED, Point.PUSH_ANSWERED, Point.PUSH_OUTCOME_STORED, Point.PUSH_RECORDED)
_CHOICES = (Point.PUSH_LOOKED, Point.PUSH_FACTS_GATHERED)
_BATCHES = (Point.PUSH_LANE_TAKEN, Point.PUSH_CLAIMED, Point.PUSH_INVOICES_READ, Point.PUSH_LANE_RELEASED)
_READS = (Point.READS_ANSWERED, Point.READS_COUNTED)
_PROOF = ("listed", "counted", "stored", "compared")
_SCAN = (Point.SCAN_SOURCE_READ, Point.SCAN_STORED)


def _in(step: str, places: tuple[str, ...]) -> list[Point]:
    return [Point(f"{step}.{place}") for place in places]


_ONCE_IN_BUSY = (
    Point.SWEEP_LOOKED,
    *_in("catch_up", _CATCH_UP),
    *_in("ingest", _INGEST),
    *_in("match", _MATCH),
    *_TOKENS,
    Point.PUSH_READ_BACK,
    Point.PUSH_READ_BACK_STORED,
    Point.PUSH_ENDED,
    Point.CONNECTION_FAILURE_COUNTED,
)

CASES = (
    Case(
        moments.busy,
        {
            **dict.fromkeys(_ONCE_IN_BUSY, 1),
            **dict.fromkeys((*_READS, *_BATCHES), 2),
            # A batch is judged, intended and recorded as one thing; what is sent is sent one by one.
            **dict.fromkeys((*_CHOICES, *_SENDS), 1),
            Point.PUSH_ANSWERED: 3,
        },
    ),
    Case(moments.after_a_death, {Point.PUSH_DOUBTED: 1, Point.PUSH_ENDED: 1}),
    Case(
        moments.lost_corrections,
        {**dict.fromkeys((*_SENDS, Point.PUSH_ENDED), 1), Point.PUSH_ANSWERED: 2, Point.PUSH_FACTS_GATHERED: 2},
    ),
    Case(
        moments.one_payment_per_invoice,
        {
            **dict.fromkeys((*_SENDS, *_CHOICES), 2),
            **dict.fromkeys((Point.PUSH_ANSWERED, Point.PUSH_CLAIMED), 3),
            Point.PUSH_ENDED: 1,
        },
    ),
    Case(
        moments.only_hinted,
        {
            Point.INGEST_INVOICES_KNOWN: 1,
            Point.INGEST_PAYMENTS_READ: 1,
            Point.INGEST_SOURCE_READ: 1,
            Point.READS_ANSWERED: 3,
            # Ingest counts the reads of a batch together.
            Point.READS_COUNTED: 2,
        },
    ),
    Case(
        moments.absence,
        {
            Point.CATCH_UP_SOURCE_READ: 1,
            Point.CATCH_UP_GAP_OPENED: 1,
            Point.CATCH_UP_LANE_RELEASED: 1,
            **dict.fromkeys(_SCAN, 4),
            Point.SCAN_IDS_READ: 2,
            # What change data capture tells when the scan begins is all there is; the scan finds nothing more.
            Point.SCAN_NUDGED: 0,
        },
    ),
    Case(
        moments.flood,
        {
            Point.CATCH_UP_SOURCE_READ: 1,
            Point.CATCH_UP_STORED: 1,
            **dict.fromkeys(_SCAN, 2),
            Point.READS_ANSWERED: 3,
            Point.READS_COUNTED: 4,
        },
    ),
    Case(moments.backfill, {**dict.fromkeys(_SCAN, 2), Point.SCAN_IDS_READ: 1, Point.SCAN_NUDGED: 1}),
    Case(
        gap_moments.proving,
        {
            **dict.fromkeys(_in("proof", _PROOF), 2),
            **dict.fromkeys((Point.PROOF_LOOKED, Point.PROOF_LOOK_STORED, Point.PROOF_NUDGED), 1),
        },
        person=gap_moments.it_is_proved,
    ),
    Case(moments.early_refresh, dict.fromkeys(_TOKENS, 1)),
    Case(
        moments.both_sick,
        {Point.CONNECTION_PAUSED: 1, Point.CONNECTION_FAILURE_COUNTED: 2, Point.CONNECTION_RECOVERED: 2},
    ),
    Case(key_moments.keys_refused, {Point.CONNECTION_REFUSED: 1}, key_moments.accept_keys),
    Case(
        key_moments.write_refused,
        {Point.PUSH_ANSWERED: 1, Point.PUSH_OUTCOME_STORED: 1, Point.CONNECTION_REFUSED: 1},
    ),
    Case(
        key_moments.keys_refused_for_minutes,
        {Point.CONNECTION_JUDGED: 1, Point.CONNECTION_GIVEN_UP: 1},
        key_moments.accept_keys,
    ),
    Case(key_moments.keys_refused_for_hours, {Point.CONNECTION_TRIED_AGAIN: 1}, key_moments.accept_keys),
    Case(
        moments.consent_ended,
        {
            Point.TOKENS_TURN_TAKEN: 1,
            Point.TOKENS_REFUSED: 1,
            Point.TOKENS_TURN_GIVEN_BACK: 1,
            Point.CONNECTION_REFUSED: 1,
        },
        moments.consent_again,
    ),
    Case(
        moments.disconnecting,
        {
            Point.TOKENS_TURN_TAKEN: 1,
            Point.DISCONNECT_REVOKED: 1,
            Point.DISCONNECT_FORGOTTEN: 1,
            Point.TOKENS_TURN_GIVEN_BACK: 1,
        },
        status=("disconnected", "active"),
    ),
    Case(moments.too_little_open, {Point.PUSH_ENDED: 1}),
    Case(moments.nobody_can_look, {Point.PUSH_ENDED: 3}),
    Case(
        moments.replacing_tenant,
        {**dict.fromkeys(_SENDS, 1)},
        status=("active", "stopped"),
    ),
    Case(moments.replaced_unheard, {Point.PUSH_RECORDED: 1, Point.PUSH_ENDED: 1}, status=("active", "stopped")),
    Case(moments.changed_in_doubt, {Point.PUSH_ENDED: 1, Point.PUSH_NUDGED: 1}),
    Case(moments.tried_often_enough, {Point.PUSH_ENDED: 1}),
    Case(later_looks.deleted_by_hand, dict.fromkeys(_in("look_again", _LOOKS), 1)),
    Case(later_looks.linked_by_a_person, {Point.PUSH_ENDED: 1}),
    Case(later_looks.nobody_answers_the_look, {Point.LOOK_AGAIN_FAILED: 1}),
    Case(
        copying_moments.copying,
        {
            **dict.fromkeys(_in("copy", _COPY), 1),
            **dict.fromkeys((Point.COPY_ENTRIES_READ, Point.COPY_INTENDED, Point.COPY_RECORDED), 4),
            **dict.fromkeys((Point.COPY_BOOKED, Point.COPY_BATCHED), 4),
            Point.COPY_GATHERED: 3,
        },
    ),
    Case(copying_moments.after_a_death, {Point.COPY_DOUBTED: 1, Point.COPY_BOOKED: 1, Point.COPY_BATCHED: 1}),
    Case(
        copying_moments.lost_answers,
        {
            Point.COPY_GATHERED: 3,
            Point.COPY_INTENDED: 3,
            Point.COPY_BOOKED: 2,
            Point.COPY_BATCHED: 2,
            Point.COPY_RECORDED: 4,
        },
    ),
    Case(
        copying_moments.undoing,
        {
            **dict.fromkeys((Point.COPY_UNBATCHED, Point.COPY_INTENDED, Point.COPY_RECORDED), 2),
            **dict.fromkeys((Point.COPY_GATHERED, Point.COPY_REMOVED), 1),
            Point.COPY_BOOKED: 1,
            Point.COPY_BATCHED: 1,
        },
    ),
    Case(copying_moments.wrong_total, {Point.COPY_REMOVED: 1, Point.COPY_INTENDED: 2, Point.COPY_RECORDED: 3}),
    Case(copying_moments.previewing, dict.fromkeys((Point.COPY_GATHERED, Point.COPY_PREVIEWED), 1)),
    Case(
        preview_moments.previewing_a_change,
        {
            **dict.fromkeys((Point.PREVIEW_LANE_TAKEN, Point.PREVIEW_LANE_RELEASED), 1),
            **dict.fromkeys((Point.PREVIEW_LOOKED, Point.PREVIEW_STORED), 2),
        },
        person=preview_moments.it_is_ready,
    ),
    Case(
        reconcile_moments.reconciling,
        dict.fromkeys(_in("reconcile", _RECONCILE), 1),
        person=reconcile_moments.it_is_told_once,
    ),
    Case(
        notice_moments.telling,
        {
            **dict.fromkeys((Point.NOTIFY_LANE_TAKEN, Point.NOTIFY_LANE_RELEASED), 1),
            **dict.fromkeys((Point.NOTIFY_LOOKED, Point.NOTIFY_SENT, Point.NOTIFY_RECORDED), 2),
        },
        person=notice_moments.it_was_told,
    ),
    Case(
        notice_moments.raising_an_alarm,
        dict.fromkeys((Point.WATCH_LANE_TAKEN, Point.WATCH_TOLD, Point.WATCH_LANE_RELEASED, Point.NOTIFY_SENT), 1),
        person=notice_moments.the_alarm_was_told,
    ),
    Case(
        undo_moments.taking_back_a_span,
        {
            **dict.fromkeys((Point.UNDO_LANE_TAKEN, Point.UNDO_LANE_RELEASED), 1),
            **dict.fromkeys((Point.UNDO_STORED, Point.UNDO_NUDGED), 2),
            **dict.fromkeys((Point.PUSH_INTENDED, Point.PUSH_ANSWERED, Point.PUSH_RECORDED), 1),
        },
        person=undo_moments.it_is_done_once,
    ),
    Case(
        replay_moments.retrying_by_a_filter,
        {
            **dict.fromkeys((Point.REPLAY_LANE_TAKEN, Point.REPLAY_LANE_RELEASED), 1),
            **dict.fromkeys((Point.REPLAY_STORED, Point.REPLAY_NUDGED), 2),
            **dict.fromkeys((Point.PUSH_INTENDED, Point.PUSH_ANSWERED, Point.PUSH_RECORDED), 1),
        },
        person=replay_moments.each_was_retried_once,
    ),
    Case(moments.corrected_by_hand, {Point.MATCH_HANDS_LOOKED_AT: 1, Point.MATCH_RECORDED: 1}),
)
