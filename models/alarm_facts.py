"""What alarms are decided by, for many organizations in a few statements; nothing here is kept for alarms alone."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.alarms.findings import AlarmFacts, SideFacts
from domain.pauses import PAUSES_TO_ACT_ON
from domain.reconciliation.roll_forward import Standing
from domain.status import PaymentStatus
from domain.webhook_health import webhooks_are_silent
from models.base import one_of
from models.connections import Connection, ConnectionStatus
from models.organizations import Organization
from models.payment_counts import PaymentCount
from models.reconciliation_breaks import ReconciliationBreak


@dataclass(frozen=True, slots=True)
class Watched:
    facts: AlarmFacts
    zone: tzinfo


def watched_organizations(session: Session, organization_ids: Collection[int], now: datetime) -> Mapping[int, Watched]:
    """The facts of each organization, and whose clocks it reads."""
    organizations = session.scalars(select(Organization).where(one_of(Organization.id, organization_ids))).all()
    sides: dict[int, list[SideFacts]] = defaultdict(list)
    connections = select(Connection).where(one_of(Connection.organization_id, organization_ids))
    for connection in session.scalars(connections.order_by(Connection.organization_id, Connection.role)):
        if connection.status != ConnectionStatus.DISCONNECTED:
            sides[connection.organization_id].append(_side(connection, now))
    attention, differences = _attention(session, organization_ids), _differences(session, organization_ids)
    return {
        one.id: Watched(
            AlarmFacts(
                sync_enabled=one.sync_enabled,
                records_broken=not one.may_be_written_for,
                sides=sides[one.id],
                attention=attention[one.id],
                differences=differences[one.id],
            ),
            one.locality.zone,
        )
        for one in organizations
    }


def _side(connection: Connection, now: datetime) -> SideFacts:
    is_paused = connection.not_before is not None and connection.not_before > now
    pause = connection.why_paused if is_paused else None
    # As the page of the connection says it: only a change that no webhook has told shows that they are silent.
    is_silent = connection.missed_at is not None and webhooks_are_silent(
        connection.connected_at, connection.heard_at, connection.missed_at, now
    )
    return SideFacts(
        side=connection.role,
        is_active=connection.is_active,
        is_lost=connection.status == ConnectionStatus.NEEDS_RECONNECT,
        is_stopped=connection.status == ConnectionStatus.STOPPED,
        consent_ends_at=connection.reconnect_by,
        is_silent=is_silent,
        pause=pause if pause in PAUSES_TO_ACT_ON else None,
    )


def _attention(session: Session, organization_ids: Collection[int]) -> Mapping[int, dict[str, int]]:
    counted: dict[int, dict[str, int]] = defaultdict(dict)
    asked = select(PaymentCount.organization_id, PaymentCount.reason, PaymentCount.payments).where(
        one_of(PaymentCount.organization_id, organization_ids),
        PaymentCount.status == PaymentStatus.NEEDS_ATTENTION.value,
        PaymentCount.payments > 0,
    )
    for organization_id, reason, payments in session.execute(asked):
        counted[organization_id][reason] = payments
    return counted


def _differences(session: Session, organization_ids: Collection[int]) -> Mapping[int, dict[str, int]]:
    counted: dict[int, dict[str, int]] = defaultdict(dict)
    asked = (
        select(ReconciliationBreak.organization_id, ReconciliationBreak.kind, func.count())
        .where(
            one_of(ReconciliationBreak.organization_id, organization_ids),
            ReconciliationBreak.standing == Standing.OPEN.value,
        )
        .group_by(ReconciliationBreak.organization_id, ReconciliationBreak.kind)
    )
    for organization_id, kind, breaks in session.execute(asked):
        counted[organization_id][kind] = breaks
    return counted
