"""The overview as JSON: the API answers it and the command line prints it."""

from datetime import date

from pydantic import BaseModel

from domain.daily_numbers import LONGER
from domain.money import plain_amount
from domain.reasons import Reason
from domain.set_up import SET_UP_STEP_LABELS, SetUpStep, StepState
from domain.status import PaymentStatus
from domain.words import Words
from models.connections import ConnectionStatus, Role
from models.views.documents import Amount, Moment, ReasonOut
from models.views.oldest_payment import OldestPayment
from usecases.overview import Day, Link, Overview, Synced
from usecases.stakes_out import SumOut


class SyncedOut(BaseModel):
    """What reached ConnectWise, with its sum in each currency."""

    payments: int
    sums: list[SumOut]

    @classmethod
    def of(cls, synced: Synced) -> "SyncedOut":
        sums = [SumOut(amount=plain_amount(amount, one), currency=one) for one, amount in synced.sums]
        return cls(payments=synced.payments, sums=sums)


class OldestOut(BaseModel):
    """The payment with the earliest date that is neither synced nor skipped."""

    id: str
    listed_on: date
    age_days: int
    first_seen_at: Moment
    customer: str
    amount: Amount
    currency: str | None
    status: PaymentStatus
    reason: ReasonOut | None

    @classmethod
    def of(cls, oldest: OldestPayment | None, today: date, words: Words) -> "OldestOut | None":
        if oldest is None:
            return None
        return cls(
            id=oldest.external_id,
            listed_on=oldest.listed_on,
            age_days=(today - oldest.listed_on).days,
            first_seen_at=oldest.first_seen_at,
            customer=oldest.customer,
            amount=plain_amount(oldest.total, oldest.currency),
            currency=oldest.currency,
            status=oldest.status,
            reason=ReasonOut.of(oldest.reason, words),
        )


class DayOut(BaseModel):
    """A day of UTC: how the payments dated that day stand, and what reached ConnectWise on it.

    `half_within_seconds` and `most_within_seconds` say within how many seconds half and nine tenths of those were
    there, counted from the first news of each. They are null on a day without any, or if it took longer than 30 days.
    """

    day: date
    outcomes: dict[PaymentStatus, int]
    synced: SyncedOut
    half_within_seconds: int | None
    most_within_seconds: int | None

    @classmethod
    def of(cls, day: Day) -> "DayOut":
        return cls(
            day=day.day,
            outcomes=dict(day.outcomes),
            synced=SyncedOut.of(day.synced),
            half_within_seconds=_told(day.half_within_seconds),
            most_within_seconds=_told(day.most_within_seconds),
        )


def _told(seconds: int | None) -> int | None:
    return None if seconds == LONGER else seconds


class LinkOut(BaseModel):
    """A connection; `warnings` need a person to act."""

    role: Role
    vendor: str
    status: ConnectionStatus
    facts: list[str]
    warnings: list[str]

    @classmethod
    def of(cls, link: Link) -> "LinkOut":
        facts, warnings = list(link.facts.lines), list(link.facts.warnings)
        return cls(
            role=link.role, vendor=link.vendor, status=ConnectionStatus(link.status), facts=facts, warnings=warnings
        )


class StepOut(BaseModel):
    step: SetUpStep
    state: StepState
    title: str
    sentence: str


class OverviewOut(BaseModel):
    """`checklist` is empty once a payment has been synced."""

    today: date
    counts: dict[PaymentStatus, int]
    needs_attention: dict[Reason, int]
    synced_today: SyncedOut
    synced_in_7_days: SyncedOut
    oldest_unsynced: OldestOut | None
    days: list[DayOut]
    connections: list[LinkOut]
    last_gap: str | None
    last_gap_id: int | None
    checklist: list[StepOut]

    @classmethod
    def of(cls, overview: Overview, words: Words) -> "OverviewOut":
        return cls(
            today=overview.today,
            counts=dict(overview.counts),
            needs_attention=dict(overview.pressing),
            synced_today=SyncedOut.of(overview.synced_today),
            synced_in_7_days=SyncedOut.of(overview.synced_in_week),
            oldest_unsynced=OldestOut.of(overview.oldest, overview.today_there, words),
            days=[DayOut.of(day) for day in overview.days],
            connections=[LinkOut.of(link) for link in overview.links],
            last_gap=overview.last_gap or None,
            last_gap_id=overview.last_gap_id,
            checklist=[
                StepOut(
                    step=one.step,
                    state=one.state,
                    title=words.filled(SET_UP_STEP_LABELS[one.step]),
                    sentence=words.filled(one.sentence),
                )
                for one in overview.checklist
            ],
        )
