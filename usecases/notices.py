"""The log of an endpoint: what was sent, what came of each try, and sending it again.

Called by: Settings > Webhooks and > Notifications, the JSON API, the command line. None stands for what the
organization does not have on the channels that are asked about.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.activity import ActivityKind
from domain.alarms.message import Letter
from domain.notices.body import body_of, letter_of
from domain.notices.channels import PEOPLE, PROGRAMS
from domain.notices.kinds import KIND_LABELS, NoticeKind
from domain.notices.trying import NoticeState
from models.endpoints import Endpoint, endpoint_of
from models.locks import lock_organization
from models.notices import (
    Notice,
    NoticeFilter,
    NoticeTry,
    list_notices,
    notice_of,
    send_all_again,
    tries_of,
)
from models.organizations import organization_by_id
from tasks.context import Context, Step
from usecases.activity import note
from usecases.results import Rejected
from usecases.words import words_of

_IS_OFF = "It is switched off. Switch it on first; then send again."
_WAITS = "This notice waits already, and is sent as soon as it is taken."


@dataclass(frozen=True, slots=True)
class Logged:
    """A notice with its tries, the first one first."""

    notice: Notice
    tries: Sequence[NoticeTry]


@dataclass(frozen=True, slots=True)
class Log:
    """A page of an endpoint's log.

    Attributes:
        next_before: asks for the next page; None on the last one.
    """

    endpoint: Endpoint
    rows: Sequence[Logged]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class Detail:
    """One notice with what it says.

    Attributes:
        body: for programs.
        letter: the same for people; None where programs are told.
    """

    endpoint: Endpoint
    logged: Logged
    body: Mapping[str, Any]
    letter: Letter | None


def log_of(
    context: Context,
    organization_id: int,
    endpoint_id: int,
    chosen: NoticeFilter,
    limit: int,
    before_id: int | None = None,
    channels: Collection[str] = PROGRAMS,
) -> Log | None:
    """The latest first."""
    with context.database.reading() as session:
        endpoint = endpoint_of(session, organization_id, endpoint_id, channels)
        if endpoint is None:
            return None
        found = list_notices(session, endpoint_id, chosen, limit + 1, before_id)
        rows = found[:limit]
        tries = tries_of(session, [one.id for one in rows])
    more = rows[-1].id if len(found) > limit else None
    return Log(endpoint, [Logged(one, tries.get(one.id, ())) for one in rows], more)


def detail_of(
    context: Context, organization_id: int, endpoint_id: int, notice_id: int, channels: Collection[str] = PROGRAMS
) -> Detail | None:
    with context.database.reading() as session:
        endpoint = endpoint_of(session, organization_id, endpoint_id, channels)
        notice = notice_of(session, organization_id, endpoint_id, notice_id)
        if endpoint is None or notice is None:
            return None
        tries = tries_of(session, [notice.id]).get(notice.id, ())
        organization, words = organization_by_id(session, organization_id), words_of(session, organization_id)
    news = notice.as_news(organization.slug)
    letter = letter_of(news, organization.name, words, context.address) if endpoint.channel in PEOPLE else None
    return Detail(endpoint, Logged(notice, tries), body_of(news, words, context.address), letter)


def send_again(
    context: Context, organization_id: int, endpoint_id: int, notice_id: int, channels: Collection[str] = PROGRAMS
) -> Notice | Rejected | None:
    """The same notice with the same id is due now."""
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        endpoint = endpoint_of(session, organization_id, endpoint_id, channels)
        notice = notice_of(session, organization_id, endpoint_id, notice_id)
        if endpoint is None or notice is None:
            return None
        if not endpoint.is_on:
            return Rejected(_IS_OFF)
        if notice.state == NoticeState.WAITING:
            return Rejected(_WAITS)
        notice.send_again(context.clock.now())
        # A person asks for it now; whoever rests is woken.
        endpoint.rests_until = None
        about = f"{endpoint.name}: {KIND_LABELS[NoticeKind(notice.kind)]}"
        note(
            context,
            session,
            organization_id,
            ActivityKind.NOTICES_SENT_AGAIN,
            about=about,
            payment_id=notice.about,
        )
    context.nudge(Step.NOTIFY, endpoint_id)
    return notice


def send_all_failed_again(
    context: Context, organization_id: int, endpoint_id: int, channels: Collection[str] = PROGRAMS
) -> int | Rejected | None:
    """Everything that was given up is due now; returns how many."""
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        endpoint = endpoint_of(session, organization_id, endpoint_id, channels)
        if endpoint is None:
            return None
        if not endpoint.is_on:
            return Rejected(_IS_OFF)
        sent = send_all_again(session, endpoint_id, NoticeState.FAILED, context.clock.now())
        if sent:
            endpoint.rests_until = None
            about = f"{endpoint.name}: {sent} that had failed"
            note(context, session, organization_id, ActivityKind.NOTICES_SENT_AGAIN, about=about)
    context.nudge(Step.NOTIFY, endpoint_id)
    return sent
