"""What may be said of a stretch of time: each way in which counts, connection and comparison can stand to each other."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.gap_statement.conclusion import (
    Conclusion,
    GapFacts,
    GoneAtSource,
    NothingMissing,
    Reconciled,
    Unclear,
    UnknownToUs,
    Verdict,
    WhyUnclear,
    conclude,
    conclusion_told,
    verdict_of,
)
from domain.gap_statement.counts import (
    COUNTS_MAX,
    AfterCount,
    Agreed,
    Count,
    Counted,
    CountOutcome,
    Differs,
    NotCounted,
    Undecided,
    after_count,
    counted,
)
from domain.gap_statement.findings import (
    Finding,
    FoundBy,
    Group,
    Happened,
    Message,
    Span,
    Sums,
    Teller,
    Touched,
    finding_of,
    sums_of,
)
from domain.gaps import Found, GapKind, gap_sentence, was_out
from domain.webhook_health import webhooks_are_back
from domain.words import Words

WORDS = Words("QuickBooks", "ConnectWise")
T1, T2 = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
NOW = datetime(2026, 11, 21, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def count(source: int, before: int, after: int | None, incomplete: int = 0) -> Count:
    return Count(NOW, source, before, incomplete, heard_until=NOW, held_after=after)


AGREES, MOVED, PENDING = count(3, 3, 3), count(3, 3, 2), count(3, 3, None)
ONE_MORE, TWO_MORE, ONE_LESS = count(4, 3, 3), count(5, 3, 3), count(2, 3, 3)


@pytest.mark.parametrize(
    ("one", "outcome"),
    [
        (AGREES, CountOutcome.AGREES),
        (count(0, 0, 0), CountOutcome.AGREES),
        (ONE_MORE, CountOutcome.DIFFERS),
        (ONE_LESS, CountOutcome.DIFFERS),
        (PENDING, CountOutcome.PENDING),
        # The same number as ours before, or as ours after, is a coincidence while ours moves.
        (count(3, 3, 2), CountOutcome.MOVED),
        (count(2, 3, 2), CountOutcome.MOVED),
        (count(3, 2, 3), CountOutcome.MOVED),
    ],
)
def test_a_count_agrees_only_if_all_three_numbers_are_the_same(one: Count, outcome: CountOutcome) -> None:
    assert one.outcome is outcome


@pytest.mark.parametrize(
    ("counts", "following", "says"),
    [
        ([AGREES], AfterCount.DONE, Agreed),
        ([MOVED], AfterCount.COUNT_AGAIN, Undecided),
        ([MOVED, AGREES], AfterCount.DONE, Agreed),
        ([MOVED] * (COUNTS_MAX - 1), AfterCount.COUNT_AGAIN, Undecided),
        ([MOVED] * COUNTS_MAX, AfterCount.DONE, Undecided),
        # A difference is looked into before it is told, and told only if the next count shows the same one.
        ([ONE_MORE], AfterCount.LOOK, Undecided),
        ([ONE_LESS], AfterCount.LOOK, Undecided),
        ([MOVED, ONE_MORE], AfterCount.LOOK, Undecided),
        ([ONE_MORE, AGREES], AfterCount.DONE, Agreed),
        ([ONE_MORE, ONE_MORE], AfterCount.DONE, Differs),
        ([ONE_LESS, ONE_LESS], AfterCount.DONE, Differs),
        ([ONE_MORE, ONE_LESS], AfterCount.COUNT_AGAIN, Undecided),
        ([ONE_MORE, TWO_MORE], AfterCount.COUNT_AGAIN, Undecided),
        ([ONE_MORE, MOVED], AfterCount.COUNT_AGAIN, Undecided),
        ([ONE_MORE, MOVED, ONE_MORE], AfterCount.COUNT_AGAIN, Undecided),
        ([ONE_MORE, MOVED, ONE_MORE, ONE_MORE], AfterCount.DONE, Differs),
        ([ONE_MORE, TWO_MORE, ONE_LESS, MOVED, TWO_MORE], AfterCount.DONE, Undecided),
        ([PENDING], AfterCount.DONE, NotCounted),
    ],
)
def test_counts_go_on_until_they_say_something(counts: list[Count], following: AfterCount, says: type[Counted]) -> None:
    assert (after_count(counts), type(counted(counts))) == (following, says)


def test_without_a_count_nothing_is_counted() -> None:
    assert counted([]) == NotCounted()


@given(st.lists(st.builds(count, *[st.integers(0, 3)] * 3), min_size=1, max_size=COUNTS_MAX))
def test_agreement_is_only_what_the_last_count_saw(counts: list[Count]) -> None:
    last = counts[-1]
    is_same = last.source == last.held_before == last.held_after
    assert isinstance(counted(counts), Agreed) is is_same
    if len(counts) == COUNTS_MAX and after_count(counts) is AfterCount.COUNT_AGAIN:
        raise AssertionError("it would be counted for ever")


@given(known=st.integers(0, 5), unknown=st.integers(0, 3), left=st.integers(0, 3), left_before=st.integers(0, 3))
def test_no_payment_that_we_do_not_know_is_ever_called_agreement(
    known: int, unknown: int, left: int, left_before: int
) -> None:
    """However many leave the stretch just before or just after the source counts, told to us by the next catch-up."""
    held_before = known + left + left_before
    source = known + left + unknown
    assert (count(source, held_before, known).outcome is CountOutcome.AGREES) is (unknown == left == left_before == 0)


# --- the conclusion: the whole table ---

COUNTED: list[Counted] = [
    NotCounted(),
    Undecided(MOVED),
    Agreed(AGREES),
    Differs(ONE_MORE),
    Differs(ONE_LESS),
    Differs(count(4, 3, 3, incomplete=1)),
    Differs(count(2, 3, 3, incomplete=1)),
]
COMPARED = [
    None,
    Reconciled(7, NOW, open_breaks=0, is_comparable=True),
    Reconciled(7, NOW, open_breaks=0, is_comparable=False),
    Reconciled(7, NOW, open_breaks=2, is_comparable=True),
]


def expected(facts: GapFacts) -> Conclusion:
    """The table, written down a second time, as a reader would say it."""
    if facts.is_open:
        return Unclear(WhyUnclear.STILL_OPEN)
    if facts.is_counting and not facts.is_connected:
        return Unclear(WhyUnclear.NOT_CONNECTED)
    if facts.is_counting:
        return Unclear(WhyUnclear.COUNT_UNDER_WAY)
    if facts.counted == NotCounted():
        return Unclear(WhyUnclear.NEVER_COUNTED)
    if facts.counted == Undecided(MOVED):
        return Unclear(WhyUnclear.DOES_NOT_HOLD_STILL)
    if facts.counted == Differs(ONE_MORE):
        return UnknownToUs(1, ONE_MORE)
    if facts.counted == Differs(ONE_LESS):
        return GoneAtSource(1, ONE_LESS)
    if facts.counted == Agreed(AGREES) and facts.reconciled is not None and facts.reconciled.open_breaks:
        return Unclear(WhyUnclear.RECONCILIATION_DIFFERS)
    return NothingMissing(AGREES) if facts.counted == Agreed(AGREES) else Unclear(WhyUnclear.INCOMPLETE)


@pytest.mark.parametrize("compared", COMPARED)
@pytest.mark.parametrize("says", COUNTED)
def test_nothing_is_missing_only_when_both_counts_and_every_comparison_say_so(
    says: Counted, compared: Reconciled | None
) -> None:
    for is_open, is_counting, is_connected in product([True, False], repeat=3):
        facts = GapFacts(is_open, says, is_counting, is_connected, compared)
        conclusion = conclude(facts)
        assert conclusion == expected(facts)
        told = conclusion_told(conclusion, T1, None if is_open else T2, compared, WORDS)
        is_nothing = isinstance(conclusion, NothingMissing)
        assert told.sentence.startswith("Nothing is missing") is is_nothing
        assert (told.advice == "") is is_nothing
        assert (verdict_of(conclusion) is Verdict.NOTHING_MISSING) is is_nothing


def test_every_reason_has_a_sentence_and_an_advice() -> None:
    for why in WhyUnclear:
        told = conclusion_told(Unclear(why), T1, T2, COMPARED[3], WORDS)
        assert told.sentence.startswith("Whether anything is missing cannot be told: ")
        assert told.advice
        assert "{" not in told.sentence + told.advice


def test_the_sentence_names_both_numbers_and_their_moment() -> None:
    told = conclusion_told(NothingMissing(AGREES), T1, T2, COMPARED[1], WORDS)
    assert told.sentence == (
        "Nothing is missing between 2026-11-01 00:00 UTC and 2026-11-20 00:00 UTC: QuickBooks counted 3 payments at "
        "2026-11-21 00:00 UTC, and we hold 3. The comparison of both systems of 2026-11-21 00:00 UTC has nothing "
        "against it."
    )
    told = conclusion_told(UnknownToUs(1, ONE_MORE), T1, T2, None, WORDS)
    assert told.sentence.startswith("1 payment is in QuickBooks that we do not know: QuickBooks counted 4 payments")
    assert "--from 2026-11-01" in told.advice
    assert "could not tell" in conclusion_told(NothingMissing(AGREES), T1, T2, COMPARED[2], WORDS).sentence


# --- the payments of a stretch ---


def message(teller: Teller, happened: datetime | None, heard: datetime, *, is_absence: bool = False) -> Message:
    return Message(teller, heard, happened, is_absence)


def touched(*messages: Message, first_seen: datetime = NOW, is_deleted: bool = False) -> Touched:
    return Touched(first_seen, is_deleted, messages)


def span(kind: GapKind, scan_began: datetime | None = None) -> Span:
    return Span(kind, T1, T2, opened_at=T2, scan_began_at=scan_began)


INSIDE = T1 + DAY
WEBHOOK_IN_TIME = message(Teller.WEBHOOK, INSIDE, INSIDE + MINUTE)
WEBHOOK_LATE = message(Teller.WEBHOOK, INSIDE, NOW)
CAUGHT_UP = message(Teller.CATCH_UP, INSIDE, T2)
GONE = message(Teller.CATCH_UP, None, T2, is_absence=True)


@pytest.mark.parametrize(
    ("one", "happened"),
    [
        (touched(CAUGHT_UP), Happened.NEW),
        (touched(CAUGHT_UP, first_seen=T1), Happened.CHANGED),
        (touched(CAUGHT_UP, first_seen=T1, is_deleted=True), Happened.DELETED),
    ],
)
def test_what_happened_is_seen_from_what_we_knew_before(one: Touched, happened: Happened) -> None:
    found = finding_of(one, span(GapKind.RECONNECT))
    assert found is not None
    assert (found.happened, found.found_by, found.late_by) == (happened, FoundBy.CATCH_UP, T2 - INSIDE)


@pytest.mark.parametrize(
    ("told", "kind", "scan_began", "finder"),
    [
        ([WEBHOOK_LATE, CAUGHT_UP], GapKind.OUTAGE, None, FoundBy.WEBHOOK),
        ([CAUGHT_UP, WEBHOOK_LATE], GapKind.OUTAGE, None, FoundBy.CATCH_UP),
        ([CAUGHT_UP], GapKind.TOO_OLD, T2, FoundBy.CATCH_UP),
        ([GONE], GapKind.TOO_OLD, T2, FoundBy.SCAN),
        ([CAUGHT_UP], GapKind.CUT, T2, FoundBy.SCAN),
        ([message(Teller.CATCH_UP, INSIDE, INSIDE + 40 * DAY)], GapKind.TOO_OLD, INSIDE + 40 * DAY, FoundBy.SCAN),
        ([message(Teller.BACKFILL, INSIDE, T2)], GapKind.BACKFILL, T2, FoundBy.PERSON),
        ([message(Teller.COUNT, INSIDE, NOW)], GapKind.RECONNECT, None, FoundBy.COUNT),
        ([message(Teller.RECONCILIATION, INSIDE, NOW)], GapKind.LOST_WEBHOOKS, None, FoundBy.RECONCILIATION),
    ],
)
def test_whoever_told_us_first_has_found_it(
    told: list[Message], kind: GapKind, scan_began: datetime | None, finder: FoundBy
) -> None:
    found = finding_of(touched(*told), span(kind, scan_began))
    assert found is not None
    assert found.found_by is finder


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ([], GapKind.RECONNECT),
        # Before the stretch, and after it.
        ([message(Teller.CATCH_UP, T1 - DAY, T2)], GapKind.RECONNECT),
        ([message(Teller.CATCH_UP, T2 + DAY, NOW + DAY)], GapKind.RECONNECT),
        # A webhook that came in time was not lost, whoever was quicker.
        ([WEBHOOK_IN_TIME], GapKind.LOST_WEBHOOKS),
        ([message(Teller.CATCH_UP, INSIDE, INSIDE), WEBHOOK_IN_TIME], GapKind.LOST_WEBHOOKS),
        # What came as always while somebody had us look back.
        ([WEBHOOK_IN_TIME, message(Teller.BACKFILL, INSIDE, T2)], GapKind.BACKFILL),
    ],
)
def test_what_came_as_always_is_not_part_of_it(told: list[Message], kind: GapKind) -> None:
    assert finding_of(touched(*told), span(kind)) is None


def test_a_webhook_that_came_late_was_as_good_as_lost() -> None:
    found = finding_of(touched(WEBHOOK_LATE), span(GapKind.LOST_WEBHOOKS))
    assert found == Finding(Happened.NEW, FoundBy.WEBHOOK, INSIDE, NOW)
    assert found.is_late


def test_five_minutes_are_not_late_and_an_unreported_deletion_always_is() -> None:
    assert not Finding(Happened.NEW, FoundBy.WEBHOOK, T1, T1 + 5 * MINUTE).is_late
    assert Finding(Happened.NEW, FoundBy.WEBHOOK, T1, T1 + 6 * MINUTE).is_late
    assert Finding(Happened.DELETED, FoundBy.SCAN, None, T1).is_late
    # Their clock may be ahead of ours.
    assert Finding(Happened.NEW, FoundBy.WEBHOOK, T1, T1 - MINUTE).late_by == timedelta(0)


def group(currency: str | None, amount: str, latest: timedelta | None) -> Group:
    return Group(Happened.NEW, FoundBy.CATCH_UP, True, currency, 2, Decimal(amount), latest)


def test_amounts_of_different_currencies_are_never_added() -> None:
    groups = [group("USD", "1.10", DAY), group("EUR", "2.00", None), group("USD", "3.00", 2 * DAY)]
    assert sums_of(groups) == Sums(6, (("EUR", Decimal("2.00")), ("USD", Decimal("4.10"))), 2 * DAY)
    assert sums_of([]) == Sums(0, (), None)


# --- the stretches ---


def test_an_hour_without_an_answer_is_an_outage_unless_we_ask_more_seldom() -> None:
    quarter, hour = timedelta(minutes=15), timedelta(hours=1)
    assert not was_out(None, NOW, quarter)
    assert not was_out(NOW - hour, NOW, quarter)
    assert was_out(NOW - hour - MINUTE, NOW, quarter)
    assert not was_out(NOW - 3 * hour, NOW, hour)
    assert was_out(NOW - 3 * hour - MINUTE, NOW, hour)


def test_webhooks_are_back_when_one_arrives_or_a_day_loses_none() -> None:
    assert not webhooks_are_back(None, NOW, NOW + MINUTE)
    assert not webhooks_are_back(NOW - MINUTE, NOW, NOW + MINUTE)
    assert webhooks_are_back(NOW + MINUTE, NOW, NOW + 2 * MINUTE)
    assert webhooks_are_back(None, NOW, NOW + DAY)


@pytest.mark.parametrize("kind", GapKind)
def test_every_kind_of_stretch_has_its_sentence(kind: GapKind) -> None:
    closed, open_ = gap_sentence(kind, T1, T2, Found(1, 2, 3)), gap_sentence(kind, T1, None, Found())
    assert closed.endswith(
        "from 2026-11-01 00:00 UTC to 2026-11-20 00:00 UTC: 1 new payment, 2 changed, 3 deleted found."
    )
    assert "2026-11-01 00:00 UTC" in open_
    assert "2026-11-20" not in open_


def test_what_is_not_known_yet_is_no_number() -> None:
    assert (
        gap_sentence(GapKind.SWITCHED_OFF, T1, None, Found()) == "The sync is switched off since 2026-11-01 00:00 UTC."
    )
    assert "all of them have come" in gap_sentence(GapKind.LOST_WEBHOOKS, T1, T2, Found())
