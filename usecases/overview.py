"""The overview of an organization: what needs a person, what was synced, and how the connections stand.

Called by: the overview page, GET /api/overview, `org overview`.
Changes nothing. Reads kept numbers and the first rows of indexes, so that it costs the same with a million payments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from domain.daily_numbers import DAYS_OF_A_WEEK, DAYS_SHOWN, HALF, NINE_TENTHS, last_days, seconds_for
from domain.locality import day_there
from domain.reasons import Reason
from domain.set_up import LinkStanding, SetUp, Step, steps_of
from domain.status import PaymentStatus
from models.connections import Connection, Role, connections_of
from models.organizations import Organization
from models.views.days import DayOfSyncs, has_synced, outcomes_by_day, syncs_by_day
from models.views.oldest_payment import OldestPayment, oldest_unsynced
from models.views.payment_list import count_by_reason, count_by_status
from tasks.context import Context
from usecases.connection_health import ConnectionFacts, facts_of


@dataclass(frozen=True, slots=True)
class Synced:
    """What reached the target in some days.

    Attributes:
        sums: currency and amount, the currencies in their order; None stands for payments without one.
    """

    payments: int
    sums: tuple[tuple[str | None, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Day:
    """One day.

    Attributes:
        outcomes: how many of the payments dated that day have each status now, even at zero.
        synced: what reached the target on that day, whatever the date of the payments.
        half_within_seconds: within so many seconds half of those were at the target; None if there were none.
        most_within_seconds: the same of nine tenths.
    """

    day: date
    outcomes: Mapping[PaymentStatus, int]
    synced: Synced
    half_within_seconds: int | None
    most_within_seconds: int | None


@dataclass(frozen=True, slots=True)
class Link:
    """One of the two connections, with what there is to say about it."""

    role: Role
    vendor: str
    status: str
    facts: ConnectionFacts


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the overview shows as numbers.

    Attributes:
        today: the day in UTC, by which what reached the target is counted.
        today_there: the day where the organization is, to which payments grow old.
        pressing: how many payments need attention for each reason, the most frequent first.
        days: the last ones in their order, ending today: in UTC, or where the organization is if it is a day ahead.
        links: the connections that there are, the source first.
        checklist: the steps to the first synced payment; empty once there was one.
    """

    today: date
    today_there: date
    counts: Mapping[PaymentStatus, int]
    pressing: Mapping[Reason, int]
    synced_today: Synced
    synced_in_week: Synced
    oldest: OldestPayment | None
    days: tuple[Day, ...]
    links: tuple[Link, ...]
    checklist: tuple[Step, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What needs a person at one of the connections."""
        return tuple(warning for link in self.links for warning in link.facts.warnings)

    @property
    def last_gap(self) -> str:
        """The sentence about the newest stretch of time that had to be looked through; "" if there was none."""
        return next((link.facts.gap for link in self.links if link.facts.gap), "")

    @property
    def last_gap_id(self) -> int | None:
        """The gap that this sentence is about."""
        return next((link.facts.gap_id for link in self.links if link.facts.gap_id is not None), None)


def overview_of(context: Context, session: Session, organization: Organization) -> Overview:
    now = context.clock.now()
    today, today_there = now.date(), day_there(now, organization.locality.zone)
    # Payments have a date and no zone: those of today are there, whichever of the two calendars is ahead.
    shown = last_days(max(today, today_there), DAYS_SHOWN)
    counts = count_by_status(session, organization.id)
    outcomes = outcomes_by_day(session, organization.id, shown[0], shown[-1])
    synced = syncs_by_day(session, organization.id, shown[0], today)
    connections = connections_of(session, organization.id)
    return Overview(
        today=today,
        today_there=today_there,
        counts=counts,
        pressing=count_by_reason(session, organization.id)[PaymentStatus.NEEDS_ATTENTION],
        synced_today=_synced_in(synced, [today]),
        synced_in_week=_synced_in(synced, last_days(today, DAYS_OF_A_WEEK)),
        oldest=oldest_unsynced(session, organization.id),
        days=tuple(_day(day, outcomes, synced) for day in shown),
        links=tuple(
            Link(Role(one.role), one.vendor, one.status, facts_of(context, session, one))
            for one in sorted(connections, key=lambda one: list(Role).index(Role(one.role)))
        ),
        checklist=() if has_synced(session, organization.id) else _checklist(organization, connections, counts),
    )


def _checklist(
    organization: Organization, connections: Sequence[Connection], counts: Mapping[PaymentStatus, int]
) -> tuple[Step, ...]:
    standing = {
        Role(one.role): LinkStanding(exists=True, is_active=one.is_active, is_tested=one.tested_at is not None)
        for one in connections
    }
    return steps_of(
        SetUp(
            source=standing.get(Role.SOURCE, LinkStanding()),
            target=standing.get(Role.TARGET, LinkStanding()),
            preferences=organization.preferences,
            payments=sum(counts.values()),
        )
    )


def _day(day: date, outcomes: Mapping[date, Mapping[PaymentStatus, int]], synced: Mapping[date, DayOfSyncs]) -> Day:
    within = synced[day].within_seconds if day in synced else {}
    return Day(
        day=day,
        outcomes={status: outcomes.get(day, {}).get(status, 0) for status in PaymentStatus},
        synced=_synced_in(synced, [day]),
        half_within_seconds=seconds_for(HALF, within),
        most_within_seconds=seconds_for(NINE_TENTHS, within),
    )


def _synced_in(synced: Mapping[date, DayOfSyncs], days: Sequence[date]) -> Synced:
    payments, sums = 0, dict[str | None, Decimal]()
    for one in (synced[day] for day in days if day in synced):
        payments += sum(one.payments.values())
        for currency, amount in one.amounts.items():
            sums[currency] = sums.get(currency, Decimal(0)) + amount
    return Synced(payments, tuple(sorted(sums.items(), key=lambda one: one[0] or "")))
