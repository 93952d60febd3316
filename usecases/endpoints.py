"""Endpoints: where an organization wants to be told news. Adding, changing, switching, testing, removing one.

Called by: Settings > Webhooks, the JSON API, the command line. Whoever calls has checked the right.
Leaves behind: the endpoint's row and a note beside the organization, so that a change of a payment knows without asking
whether anybody is to be told. None stands for an endpoint that the organization does not have.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from connectors.channels import WEBHOOK
from domain.activity import ActivityKind, Change
from domain.notices.body import News
from domain.notices.kinds import CHOOSABLE, KIND_LABELS, NoticeKind
from domain.notices.trying import NoticeState, Reply
from domain.visible_text import visible
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
_TOO_MANY = f"An organization can have {ENDPOINTS_MAX} webhooks. Remove one that is no longer needed."
_NO_NAME = f"Give the webhook a name of at most {NAME_CHARACTERS_MAX} characters, such as 'Ticket system'."
_NO_KIND = "Choose at least one kind of news."


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
    """What a person has entered about an endpoint."""

    name: str
    address: str
    kinds: Sequence[NoticeKind]

    def cleaned(self) -> "Wanted":
        kinds = tuple(kind for kind in CHOOSABLE if kind in self.kinds)
        return replace(self, name=visible(self.name).strip(), address=self.address.strip(), kinds=kinds)


def list_endpoints(context: Context, organization_id: int) -> list[Told]:
    with context.database.reading() as session:
        counts = notice_counts(session, organization_id)
        return [
            Told(one, counts.get((one.id, NoticeState.WAITING), 0), counts.get((one.id, NoticeState.FAILED), 0))
            for one in endpoints_of(session, organization_id)
        ]


def add_endpoint(context: Context, organization_id: int, wanted: Wanted) -> WithSecret | Rejected:
    """A new endpoint, which is told what happens from now on."""
    wanted = wanted.cleaned()
    problem = _problem_with(context, wanted)
    if problem is not None:
        return Rejected(problem)
    secret = context.channel(WEBHOOK).new_secret()
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        if len(endpoints_of(session, organization_id)) >= ENDPOINTS_MAX:
            return Rejected(_TOO_MANY)
        endpoint = Endpoint(
            organization_id=organization_id,
            channel=WEBHOOK,
            name=wanted.name,
            address=wanted.address,
            kinds=[kind.value for kind in wanted.kinds],
            sealed_secrets=context.keyring.seal({"current": secret}),
            created_at=context.clock.now(),
        )
        session.add(endpoint)
        note_whether_told(session, organization_id)
        changes = [Change("Host", "", host_of(wanted.address)), Change("News", "", _kinds_told(wanted.kinds))]
        note(context, session, organization_id, ActivityKind.ENDPOINT_ADDED, about=wanted.name, changes=changes)
    log.info("endpoint.added", endpoint_id=endpoint.id, organization_id=organization_id)
    return WithSecret(endpoint, secret)


def change_endpoint(
    context: Context, organization_id: int, endpoint_id: int, wanted: Wanted
) -> Endpoint | Rejected | None:
    """Another name, address or choice of news; what waits goes to the new address at once."""
    with context.database.reading() as session:
        if endpoint_of(session, organization_id, endpoint_id) is None:
            return None
    wanted = wanted.cleaned()
    problem = _problem_with(context, wanted)
    if problem is not None:
        return Rejected(problem)

    def change(session: Session, endpoint: Endpoint) -> None:
        before = Wanted(endpoint.name, endpoint.address, endpoint.wanted)
        changes = _changes(before, wanted)
        if not changes:
            return
        endpoint.name, endpoint.address = wanted.name, wanted.address
        endpoint.kinds = [kind.value for kind in wanted.kinds]
        if before.address != wanted.address:
            _forget_failures(endpoint)
            send_all_again(session, endpoint.id, NoticeState.WAITING, context.clock.now())
        note(context, session, organization_id, ActivityKind.ENDPOINT_CHANGED, about=wanted.name, changes=changes)

    return _with_endpoint(context, organization_id, endpoint_id, change)


def switch_endpoint(context: Context, organization_id: int, endpoint_id: int, *, on: bool) -> Endpoint | None:
    """On: it is told what happens from now on. Off: nothing is sent, and what waits is given up."""

    def switch(session: Session, endpoint: Endpoint) -> None:
        if endpoint.is_on == on:
            return
        endpoint.is_on, endpoint.off_because = on, ""
        _forget_failures(endpoint)
        if not on:
            give_up_waiting(session, endpoint.id, context.clock.now())
        kind = ActivityKind.ENDPOINT_ON if on else ActivityKind.ENDPOINT_OFF
        note(context, session, organization_id, kind, about=endpoint.name)

    return _with_endpoint(context, organization_id, endpoint_id, switch)


def new_secret_for(context: Context, organization_id: int, endpoint_id: int) -> WithSecret | None:
    """A new signing secret. For a day each message is signed with the one before as well."""
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

    endpoint = _with_endpoint(context, organization_id, endpoint_id, change)
    return None if endpoint is None else WithSecret(endpoint, secret)


def remove_endpoint(context: Context, organization_id: int, endpoint_id: int) -> Endpoint | None:
    """The endpoint with its log; what waited for it is not sent."""

    def remove(session: Session, endpoint: Endpoint) -> None:
        forget_notices_of(session, endpoint.id)
        note(context, session, organization_id, ActivityKind.ENDPOINT_REMOVED, about=endpoint.name)
        session.expunge(endpoint)
        forget_endpoint(session, endpoint.id)

    return _with_endpoint(context, organization_id, endpoint_id, remove)


def send_test(context: Context, organization_id: int, endpoint_id: int) -> Tested | None:
    """Sends `test.ping` now, once, also to an endpoint that is switched off; the log has it afterwards.

    Calls outside: at most ten seconds.
    """
    now = context.clock.now()
    with context.database.reading() as session:
        endpoint = endpoint_of(session, organization_id, endpoint_id)
        if endpoint is None:
            return None
        news = News(new_uid(), NoticeKind.TEST_PING, now, organization_by_id(session, organization_id).slug)
        words = words_of(session, organization_id)
    try:
        reply = context.channel(endpoint.channel).send(parcel_for(context, endpoint, news, words, now))
    except SecretsUnreadable:
        reply = Reply(None, "the signing secret cannot be read; make a new one")
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        if endpoint_of(session, organization_id, endpoint_id) is None:
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
    """The address without what may be secret in it, for everybody who may look."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.partition('/')[0].partition('?')[0]}"


# --- helpers ---


def _problem_with(context: Context, wanted: Wanted) -> str | None:
    if not wanted.name or len(wanted.name) > NAME_CHARACTERS_MAX:
        return _NO_NAME
    if not wanted.kinds:
        return _NO_KIND
    if len(wanted.address) > ADDRESS_CHARACTERS_MAX:
        return f"The address has more than {ADDRESS_CHARACTERS_MAX} characters."
    return context.channel(WEBHOOK).problem_with(wanted.address)


def _with_endpoint(
    context: Context, organization_id: int, endpoint_id: int, change: Callable[[Session, Endpoint], None]
) -> Endpoint | None:
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        endpoint = endpoint_of(session, organization_id, endpoint_id)
        if endpoint is None:
            return None
        change(session, endpoint)
        note_whether_told(session, organization_id)
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
    ]
    return [one for one in every if one.before != one.after]


def _kinds_told(kinds: Collection[NoticeKind]) -> str:
    return ", ".join(KIND_LABELS[kind] for kind in CHOOSABLE if kind in kinds)
