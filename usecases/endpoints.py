"""Endpoints: where an organization wants to be told news. Adding, changing, switching, testing, removing one.

Webhooks are for programs; the other channels are for people, and are told alarms alone.

Called by: Settings > Webhooks and > Notifications, the JSON API, the command line. Whoever calls has checked the right.
Leaves behind: the endpoint's row and a note beside the organization, so that a change of a payment knows without asking
whether anybody is to be told, and the sweep whether anybody wants alarms. None stands for an endpoint that the
organization does not have on the channels that are asked about: a webhook is not changed as if it were people's.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from connectors.channel import Channel
from domain.activity import ActivityKind, Change
from domain.alarms.hours import DIGEST_HOURS_MAX, Hours, time_in
from domain.notices.body import News
from domain.notices.channels import PEOPLE, PROGRAMS, WEBHOOK
from domain.notices.kinds import ALARM_KINDS, CHOOSABLE, KIND_LABELS, NoticeKind
from domain.notices.trying import NoticeState, Reply
from domain.visible_text import visible
from models.alarm_tellings import forget_tellings
from models.database import Session
from models.endpoints import (
    ADDRESS_CHARACTERS_MAX,
    NAME_CHARACTERS_MAX,
    Endpoint,
    endpoint_of,
    endpoints_of,
    forget_endpoint,
    note_whether_told,
)
from models.locks import lock_organization
from models.news import new_uid
from models.notices import Notice, forget_notices_of, give_up_waiting, notice_counts, send_all_again
from models.organizations import organization_by_id
from models.secrets import SecretsUnreadable
from tasks.context import Context
from tasks.notify.sending import note_try, parcel_for
from usecases.activity import note
from usecases.results import Rejected
from usecases.words import words_of

log = structlog.get_logger()

ENDPOINTS_MAX = 10
# How long the secret before still signs as well, so that a receiver can change over at its leisure.
BOTH_SECRETS_FOR = timedelta(days=1)
_TOO_MANY = f"An organization can have {ENDPOINTS_MAX} of them. Remove one that is no longer needed."
_NO_NAME = f"Give it a name of at most {NAME_CHARACTERS_MAX} characters, such as 'Ticket system' or 'Bookkeeping'."
_NO_KIND = "Choose at least one kind of news."
_NO_TIME = "'{typed}' is not a time of day. Write it like 22:00."
_HALF_QUIET = "Quiet hours need a beginning and an end. Leave both empty to have none."
_NO_DIGEST = f"Choose between 1 and {DIGEST_HOURS_MAX} hours between two messages about the same matter."


@dataclass(frozen=True, slots=True)
class Told:
    """An endpoint as a list shows it, with the numbers of its log."""

    endpoint: Endpoint
    waiting: int
    failed: int


@dataclass(frozen=True, slots=True)
class WithSecret:
    """An endpoint with the signing secret that it has just got; shown now and never again."""

    endpoint: Endpoint
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of a test, and where the log has it."""

    endpoint: Endpoint
    notice_id: int
    reply: Reply


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person has entered about an endpoint.

    Attributes:
        address: "" to keep the one that there is, where it is secret and so not shown.
        hours: when it is told alarms.
    """

    name: str
    address: str
    kinds: Sequence[NoticeKind]
    hours: Hours = field(default=Hours())
    channel: str = WEBHOOK

    def cleaned(self) -> "Wanted":
        choosable = ALARM_KINDS if self.channel in PEOPLE else CHOOSABLE
        kinds = tuple(kind for kind in choosable if kind in self.kinds)
        return replace(self, name=visible(self.name).strip(), address=self.address.strip(), kinds=kinds)


def hours_from(quiet_from: str, quiet_until: str, digest_hours: int, *, urgent_anyway: bool) -> Hours | Rejected:
    """The hours that a person has typed."""
    if bool(quiet_from.strip()) != bool(quiet_until.strip()):
        return Rejected(_HALF_QUIET)
    if not 1 <= digest_hours <= DIGEST_HOURS_MAX:
        return Rejected(_NO_DIGEST)
    times = [time_in(one) for one in (quiet_from, quiet_until) if one.strip()]
    for typed, meant in zip((quiet_from, quiet_until), times, strict=False):
        if meant is None:
            return Rejected(_NO_TIME.format(typed=visible(typed)[:20]))
    begins, ends = times or (None, None)
    return Hours(begins, ends, urgent_anyway, digest_hours)


def list_endpoints(
    context: Context, organization_id: int, channels: Collection[str] = PROGRAMS, *, hearing_alarms: bool = False
) -> list[Told]:
    """Those on these channels.

    Args:
        hearing_alarms: only those that are told alarms.
    """
    with context.database.reading() as session:
        counts = notice_counts(session, organization_id)
        return [
            Told(one, counts.get((one.id, NoticeState.WAITING), 0), counts.get((one.id, NoticeState.FAILED), 0))
            for one in endpoints_of(session, organization_id, channels)
            if one.hears_alarms or not hearing_alarms
        ]


def add_endpoint(context: Context, organization_id: int, wanted: Wanted) -> WithSecret | Rejected:
    """A new endpoint, which is told what happens from now on."""
    wanted, channel = wanted.cleaned(), context.channel(wanted.channel)
    problem = _problem_with(channel, wanted)
    if problem is not None:
        return Rejected(problem)
    secret = channel.new_secret()
    is_for_people = wanted.channel in PEOPLE
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        if len(endpoints_of(session, organization_id, PEOPLE if is_for_people else PROGRAMS)) >= ENDPOINTS_MAX:
            return Rejected(_TOO_MANY)
        endpoint = Endpoint(
            organization_id=organization_id,
            channel=wanted.channel,
            name=wanted.name,
            address=channel.shown(wanted.address),
            sealed_secrets=context.keyring.seal({"current": wanted.address if channel.is_address_secret else secret}),
            created_at=context.clock.now(),
        )
        endpoint.hear(wanted.kinds, wanted.hours)
        session.add(endpoint)
        note_whether_told(session, organization_id, context.clock.now())
        changes = [
            *([Change("Channel", "", channel.label)] if is_for_people else []),
            Change("Host", "", host_of(endpoint.address)),
            Change("News", "", _kinds_told(wanted.kinds)),
        ]
        note(context, session, organization_id, ActivityKind.ENDPOINT_ADDED, about=wanted.name, changes=changes)
    log.info("endpoint.added", endpoint_id=endpoint.id, organization_id=organization_id, channel=wanted.channel)
    return WithSecret(endpoint, secret)


def change_endpoint(
    context: Context, organization_id: int, endpoint_id: int, wanted: Wanted
) -> Endpoint | Rejected | None:
    """Another name, address, choice of news or hours; what waits goes to the new address at once.

    The channel stays what it is: None for an endpoint on another one than it is wanted on.
    """
    with context.database.reading() as session:
        if endpoint_of(session, organization_id, endpoint_id, (wanted.channel,)) is None:
            return None
    wanted, channel = wanted.cleaned(), context.channel(wanted.channel)
    keeps_address = channel.is_address_secret and not wanted.address
    problem = _problem_with(channel, wanted, keeps_address=keeps_address)
    if problem is not None:
        return Rejected(problem)

    def change(session: Session, endpoint: Endpoint) -> None:
        before = Wanted(endpoint.name, endpoint.address, endpoint.wanted, endpoint.hours)
        after = replace(wanted, address=before.address if keeps_address else channel.shown(wanted.address))
        has_moved = before.address != after.address or (channel.is_address_secret and not keeps_address)
        changes = _changes(before, after)
        if channel.is_address_secret and not keeps_address:
            changes.append(Change(channel.address_label, "the one before", "another one"))
            endpoint.sealed_secrets = context.keyring.seal({"current": wanted.address})
        if not changes:
            return
        endpoint.name, endpoint.address = after.name, after.address
        endpoint.hear(after.kinds, after.hours)
        forget_tellings(session, endpoint.id, [one.value for one in before.kinds if one not in after.kinds])
        if has_moved:
            _forget_failures(endpoint)
            send_all_again(session, endpoint.id, NoticeState.WAITING, context.clock.now())
        note(context, session, organization_id, ActivityKind.ENDPOINT_CHANGED, about=wanted.name, changes=changes)

    return _with_endpoint(context, organization_id, endpoint_id, (wanted.channel,), change)


def switch_endpoint(
    context: Context, organization_id: int, endpoint_id: int, channels: Collection[str] = PROGRAMS, *, on: bool
) -> Endpoint | None:
    """On: it is told what happens from now on. Off: nothing is sent, and what waits is given up."""

    def switch(session: Session, endpoint: Endpoint) -> None:
        if endpoint.is_on == on:
            return
        endpoint.is_on, endpoint.off_because = on, ""
        _forget_failures(endpoint)
        # What is wrong when it is on again is told anew.
        forget_tellings(session, endpoint.id)
        if not on:
            give_up_waiting(session, endpoint.id, context.clock.now())
        kind = ActivityKind.ENDPOINT_ON if on else ActivityKind.ENDPOINT_OFF
        note(context, session, organization_id, kind, about=endpoint.name)

    return _with_endpoint(context, organization_id, endpoint_id, channels, switch)


def new_secret_for(context: Context, organization_id: int, endpoint_id: int) -> WithSecret | None:
    """A webhook's new signing secret. For a day each message is signed with the one before as well."""
    secret = context.channel(WEBHOOK).new_secret()

    def change(session: Session, endpoint: Endpoint) -> None:
        until = context.clock.now() + BOTH_SECRETS_FOR
        sealed: dict[str, str] = {"current": secret}
        try:
            before = context.keyring.open(endpoint.sealed_secrets)["current"]
            sealed |= {"previous": before, "previous_until": until.isoformat()}
        except SecretsUnreadable:
            # Nothing could be signed with it any more; the new one ends that.
            log.warning("endpoint.secret_unreadable", endpoint_id=endpoint.id)
        endpoint.sealed_secrets = context.keyring.seal(sealed)
        note(context, session, organization_id, ActivityKind.ENDPOINT_SECRET_CHANGED, about=endpoint.name)

    endpoint = _with_endpoint(context, organization_id, endpoint_id, PROGRAMS, change)
    return None if endpoint is None else WithSecret(endpoint, secret)


def remove_endpoint(
    context: Context, organization_id: int, endpoint_id: int, channels: Collection[str] = PROGRAMS
) -> Endpoint | None:
    """The endpoint with its log; what waited for it is not sent."""

    def remove(session: Session, endpoint: Endpoint) -> None:
        forget_notices_of(session, endpoint.id)
        note(context, session, organization_id, ActivityKind.ENDPOINT_REMOVED, about=endpoint.name)
        session.expunge(endpoint)
        forget_endpoint(session, endpoint.id)

    return _with_endpoint(context, organization_id, endpoint_id, channels, remove)


def send_test(
    context: Context, organization_id: int, endpoint_id: int, channels: Collection[str] = PROGRAMS
) -> Tested | None:
    """Sends `test.ping` now, once, also to an endpoint that is switched off; the log has it afterwards.

    Calls outside: at most ten seconds.
    """
    now = context.clock.now()
    with context.database.reading() as session:
        endpoint = endpoint_of(session, organization_id, endpoint_id, channels)
        if endpoint is None:
            return None
        organization = organization_by_id(session, organization_id)
        news = News(new_uid(), NoticeKind.TEST_PING, now, organization.slug)
        words = words_of(session, organization_id)
    try:
        reply = context.channel(endpoint.channel).send(parcel_for(context, endpoint, organization, news, words, now))
    except SecretsUnreadable:
        reply = Reply(None, "the signing secret cannot be read; make a new one")
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        if endpoint_of(session, organization_id, endpoint_id, channels) is None:
            return None
        notice = Notice(
            organization_id=organization_id,
            endpoint_id=endpoint_id,
            uid=news.uid,
            kind=news.kind.value,
            occurred_at=now,
            due_at=now,
            tries=0,
        )
        notice.settle(NoticeState.DELIVERED if reply.is_success else NoticeState.FAILED, context.clock.now())
        session.add(notice)
        session.flush()
        note_try(session, notice, now, reply)
    return Tested(endpoint, notice.id, reply)


def host_of(address: str) -> str:
    """The address without what may be secret in it, for everybody who may look; a mailbox is none."""
    if "://" not in address:
        return address
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.partition('/')[0].partition('?')[0]}"


# --- helpers ---


def _problem_with(channel: Channel, wanted: Wanted, *, keeps_address: bool = False) -> str | None:
    if not wanted.name or len(wanted.name) > NAME_CHARACTERS_MAX:
        return _NO_NAME
    if not wanted.kinds:
        return _NO_KIND
    if len(wanted.address) > ADDRESS_CHARACTERS_MAX:
        return f"The address has more than {ADDRESS_CHARACTERS_MAX} characters."
    return None if keeps_address else channel.problem_with(wanted.address)


def _with_endpoint(
    context: Context,
    organization_id: int,
    endpoint_id: int,
    channels: Collection[str],
    change: Callable[[Session, Endpoint], None],
) -> Endpoint | None:
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        endpoint = endpoint_of(session, organization_id, endpoint_id, channels)
        if endpoint is None:
            return None
        change(session, endpoint)
        note_whether_told(session, organization_id, context.clock.now())
    return endpoint


def _forget_failures(endpoint: Endpoint) -> None:
    endpoint.failures, endpoint.failing_since, endpoint.rests_until = 0, None, None


def _changes(before: Wanted, after: Wanted) -> list[Change]:
    """What is different now. Of an address only the host is told: the rest of it may be a secret."""
    hosts = host_of(before.address), host_of(after.address)
    if before.address != after.address and hosts[0] == hosts[1]:
        hosts = hosts[0], f"{hosts[1]} (another path)"
    every = [
        Change("Name", before.name, after.name),
        Change("Host", *hosts),
        Change("News", _kinds_told(before.kinds), _kinds_told(after.kinds)),
        Change("Quiet hours", _quiet_told(before.hours), _quiet_told(after.hours)),
        Change("Hours between messages", str(before.hours.digest_hours), str(after.hours.digest_hours)),
    ]
    return [one for one in every if one.before != one.after]


def _kinds_told(kinds: Collection[NoticeKind]) -> str:
    return ", ".join(KIND_LABELS[kind] for kind in CHOOSABLE if kind in kinds)


def _quiet_told(hours: Hours) -> str:
    begins, ends = hours.quiet_written
    if not begins:
        return "none"
    return f"{begins} to {ends}, {'but for what is urgent' if hours.urgent_anyway else 'for everything'}"
