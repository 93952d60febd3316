"""Connections: adding one, testing it, changing its settings, disconnecting it.

Called by: the command line and the Partner Dashboard.
Leaves behind: the connection's row; after a change every allocation of the organization is decided again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog
from sqlalchemy.orm import Session

from connectors.base import Failure, Got, ReadResult
from domain.activity import ActivityKind, Change
from models.breakers import breakers_of
from models.connection_store import (
    connect_again,
    connection_for_change,
    fill_missing_currency,
    insert_connection,
    note_tested,
)
from models.connections import (
    Connection,
    ConnectionStatus,
    Role,
    connection_by_id,
    connection_in_role,
)
from models.gaps import open_gap_after_silence
from models.lanes import LeaseLost
from models.payments import match_organization_again
from models.secrets import SecretsUnreadable
from tasks.context import Context
from tasks.keeper import DatabaseTurn, consent_ends_at
from tasks.new_facts import hold_steps
from tasks.reviving import nudge_all, revive
from usecases.accounts import (
    OF_ANOTHER,
    another_account,
    belongs_to_another,
    identify,
    problem_with_account,
    same_account,
    settle_account,
)
from usecases.activity import note
from usecases.connection_settings import problem_with_secrets, with_defaults
from usecases.failure_words import FAILURE_SENTENCES, advice_on
from usecases.patience import patiently
from usecases.proving import Proved, missing_setting, prove, unproved
from usecases.results import Rejected

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """The result of a test, line by line, for a person."""

    ok: bool
    lines: tuple[str, ...]


def add_source(
    context: Context,
    organization_id: int,
    vendor: str,
    account_id: str,
    settings: Mapping[str, Any],
    secrets: Mapping[str, Any],
    *,
    allows_plain_http: bool = False,
    verify: bool = False,
) -> Connection | Rejected:
    """Connects the system that payments come from, or connects it again.

    Args:
        verify: ask the system first; we store nothing that it refuses, and the earlier connection stays (Unproved).
    """
    if vendor not in context.platform.sources:
        return Rejected(
            f"Payments cannot come from '{vendor}'; possible systems: {', '.join(context.platform.sources)}."
        )
    wanted = _Wanted(organization_id, Role.SOURCE, vendor, account_id, settings, secrets)
    return _add(context, wanted, allows_plain_http=allows_plain_http, verify=verify)


def add_target(
    context: Context,
    organization_id: int,
    vendor: str,
    account_id: str,
    settings: Mapping[str, Any],
    secrets: Mapping[str, Any],
    *,
    allows_plain_http: bool = False,
    verify: bool = False,
) -> Connection | Rejected:
    """Connects the system whose invoices get the payments, or connects it again; `verify` as for a source."""
    if vendor not in context.platform.targets:
        return Rejected(f"Payments cannot go to '{vendor}'; possible systems: {', '.join(context.platform.targets)}.")
    wanted = _Wanted(organization_id, Role.TARGET, vendor, account_id, settings, secrets)
    return _add(context, wanted, allows_plain_http=allows_plain_http, verify=verify)


@dataclass(frozen=True, slots=True)
class _Wanted:
    organization_id: int
    role: Role
    vendor: str
    account_id: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, Any]


def _add(context: Context, wanted: _Wanted, *, allows_plain_http: bool, verify: bool) -> Connection | Rejected:
    problem = _problem(context, wanted, allows_plain_http=allows_plain_http, verify=verify)
    if problem is not None:
        return Rejected(problem)
    with context.database.reading() as session:
        existing = connection_in_role(session, wanted.organization_id, wanted.role)
    settings = with_defaults(existing.settings if existing else {}, wanted.settings)
    identity = identify(context, wanted.vendor, wanted.account_id, settings, patient=verify)
    wanted, reads = replace(wanted, account_id=identity), 0
    if existing is not None and not same_account(context.platform, existing, wanted.vendor, wanted.account_id):
        # A row of an older version holds the typed name; if we ask today, it may be this very account.
        settle_account(context, existing)
    if verify:
        proved = _prove(context, wanted, settings)
        if isinstance(proved, Rejected):
            return proved
        wanted, reads = replace(wanted, secrets=proved.secrets), proved.reads
    if existing is None:
        added = _insert(context, wanted)
    else:
        # A refresh of the old tokens that is under way right now would otherwise overwrite the new ones when it ends.
        with context.keeper(existing.id).alone() as turn:
            if turn is None:
                return Rejected(_BUSY)
            try:
                added = _connect_again(context, existing.id, wanted, turn)
            except LeaseLost:
                return Rejected(_BUSY)
    if isinstance(added, Connection):
        for _ in range(reads):
            context.meter(added).count()
        log.info("connection.added", connection_id=added.id, vendor=added.vendor, again=existing is not None)
        nudge_all(context, added)
    return added


def _prove(context: Context, wanted: _Wanted, settings: Mapping[str, Any]) -> Proved | Rejected:
    """The system's answer to the entered secrets, before anything is stored."""
    taken = problem_with_account(context, wanted.organization_id, wanted.role, wanted.vendor, wanted.account_id)
    if taken is not None:
        return Rejected(taken)
    proved = prove(context, wanted.role, wanted.vendor, wanted.account_id, settings, wanted.secrets)
    if isinstance(proved, Failure):
        return unproved(context.platform.vendors[wanted.vendor], proved)
    return proved.value


def _problem(context: Context, wanted: _Wanted, *, allows_plain_http: bool, verify: bool) -> str | None:
    """The fault in the entered values, as far as we can find it without a call."""
    options = context.platform.vendors[wanted.vendor].options
    return (
        ("The account is missing." if not wanted.account_id.strip() else None)
        or options.problem_with(wanted.settings, allows_plain_http=allows_plain_http)
        or problem_with_secrets(wanted.secrets)
        or (missing_setting(context, wanted.vendor, wanted.secrets) if verify else None)
    )


def _insert(context: Context, wanted: _Wanted) -> Connection | Rejected:
    now = context.clock.now()
    with context.database.writing() as session:
        hold_steps(session, wanted.organization_id)
        if belongs_to_another(context.platform, session, wanted.organization_id, wanted.vendor, wanted.account_id):
            return Rejected(OF_ANOTHER)
        connection = insert_connection(
            session,
            organization_id=wanted.organization_id,
            role=wanted.role,
            vendor=wanted.vendor,
            account_id=wanted.account_id,
            settings=with_defaults({}, wanted.settings),
            sealed_secrets=context.keyring.seal(wanted.secrets),
            now=now,
        )
        if connection is None:
            return Rejected("This connection was just added by another person; check it before you add it again.")
        connection.reconnect_by = consent_ends_at(wanted.secrets)
        match_organization_again(session, wanted.organization_id, now)
        _note_connected(context, session, connection)
    return connection


def _connect_again(context: Context, connection_id: int, wanted: _Wanted, turn: DatabaseTurn) -> Connection | Rejected:
    now = context.clock.now()
    with context.database.writing() as session:
        hold_steps(session, wanted.organization_id, turn.prove)
        connection = connection_for_change(session, connection_id)
        of_another = belongs_to_another(
            context.platform, session, wanted.organization_id, wanted.vendor, wanted.account_id
        )
        if of_another or not same_account(context.platform, connection, wanted.vendor, wanted.account_id):
            return Rejected(another_account(connection, of_another))
        connection.account_id = wanted.account_id
        if connection.role == Role.SOURCE and not connection.is_active:
            open_gap_after_silence(session, connection, now)
        settings = with_defaults(connection.settings, wanted.settings)
        connect_again(session, connection, settings, context.keyring.seal(wanted.secrets), now)
        connection.reconnect_by = consent_ends_at(wanted.secrets)
        _decide_again(context, session, connection)
        _note_connected(context, session, connection)
    return connection


def _note_connected(context: Context, session: Session, connection: Connection) -> None:
    """Who connected which account; nothing of its secrets."""
    about = f"{context.platform.vendors[connection.vendor].label}, account {connection.account_id}"
    note(context, session, connection.organization_id, ActivityKind.CONNECTED, about=about)


_BUSY = "The tokens of this connection are being refreshed right now; try again in a minute."


def change_settings(
    context: Context, connection_id: int, changes: Mapping[str, Any], *, allows_plain_http: bool = False
) -> Connection | Rejected:
    """Changes the named settings and leaves the rest; everything in the organization is decided again."""
    with context.database.reading() as session:
        before = connection_by_id(session, connection_id)
    options = context.platform.vendors[before.vendor].options
    problem = options.problem_with(changes, allows_plain_http=allows_plain_http)
    if problem is not None:
        return Rejected(problem)
    with context.database.writing() as session:
        hold_steps(session, before.organization_id)
        connection = connection_for_change(session, connection_id)
        told = [
            Change(name.replace("_", " "), str(connection.settings.get(name, "")), str(value))
            for name, value in sorted(changes.items())
            if connection.settings.get(name) != value
        ]
        connection.settings = {**connection.settings, **changes}
        _decide_again(context, session, connection)
        about = context.platform.vendors[connection.vendor].label
        kind = ActivityKind.CONNECTION_SETTINGS_CHANGED
        note(context, session, connection.organization_id, kind, about=about, changes=told)
    log.info("connection.settings_changed", connection_id=connection_id, names=sorted(changes))
    nudge_all(context, connection)
    return connection


def test_connection(context: Context, connection_id: int, *, patient: bool = False) -> ConnectionReport:  # noqa: PT028 - no test
    """Calls the system once. A connection that had been refused or stopped goes on when the test succeeds.

    Args:
        patient: wait for our own limiter, as a person at a terminal does.
    """
    with context.database.reading() as session:
        connection = connection_by_id(session, connection_id)
    if connection.status == ConnectionStatus.DISCONNECTED:
        return ConnectionReport(ok=False, lines=("The connection is disconnected; add it again with new secrets.",))
    report = _test(context, connection, patient=patient)
    with context.database.writing() as session:
        tested_at = context.clock.now() if report.ok else None
        note_tested(session, connection.id, connection.secrets_version, tested_at)
    return report


def _test(context: Context, connection: Connection, *, patient: bool) -> ConnectionReport:
    try:
        result = patiently(context, lambda: _check(context, connection)) if patient else _check(context, connection)
    except SecretsUnreadable:
        told = ("The stored secrets cannot be read with the keys in ENCRYPTION_KEYS.", "Add the connection again.")
        return ConnectionReport(ok=False, lines=told)
    match result:
        case Failure(kind, detail):
            advice = advice_on(context.platform.vendors[connection.vendor], kind)
            return ConnectionReport(ok=False, lines=(f"{FAILURE_SENTENCES[kind]} ({detail})", advice))
        case Got(text):
            problem = settle_account(context, connection)
            if problem is not None:
                return ConnectionReport(ok=False, lines=(problem,))
            lines = [f"The account answers: {text or connection.account_id}."]
            lines += _go_on(context, connection)
            return ConnectionReport(ok=True, lines=tuple(lines))


test_connection.__test__ = False  # type: ignore[attr-defined]  # pytest takes every name that begins like this


def _check(context: Context, connection: Connection) -> ReadResult[str]:
    is_source = connection.role == Role.SOURCE
    return context.source(connection).check() if is_source else context.target(connection).check()


def _go_on(context: Context, connection: Connection) -> list[str]:
    """The system accepts us: if the connection waited for that, it continues."""
    with context.database.reading() as session:
        failed = breakers_of(session, [connection.id])
    if connection.is_active and connection.not_before is None and not failed:
        return []
    told = [f"It was stopped: {connection.status_detail}."] if connection.status_detail else []
    if revive(context, connection) is None:
        return ["It was disconnected in the meantime."]
    with context.database.writing() as session:
        about = context.platform.vendors[connection.vendor].label
        note(context, session, connection.organization_id, ActivityKind.CONNECTION_REVIVED, about=about)
    return [*told, "The connection is active; everything that waited for it continues."]


def _decide_again(context: Context, session: Session, connection: Connection) -> None:
    home_currency = context.options(connection).home_currency
    if connection.role == Role.SOURCE and home_currency:
        fill_missing_currency(session, connection.id, home_currency)
    match_organization_again(session, connection.organization_id, context.clock.now())
