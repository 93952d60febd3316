"""Facts about a connection beyond its status: reads, webhooks, gaps, and the end of its consent."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from connectors.vendor import SourceVendor
from domain.expiry import Expiry, expiry_of, expiry_sentence
from domain.pauses import PAUSES_TO_ACT_ON
from domain.reasons import Reason
from domain.webhook_health import webhooks_are_silent
from domain.words import Words
from models.connections import Connection, Role
from models.gaps import Gap, latest_gap
from models.metered_reads import reads_of, reads_of_vendor
from models.organizations import organization_by_id
from models.pauses import pause_in_words
from models.views.gap_statements import stated
from tasks.context import Context
from tasks.keeper import WARN_PERCENTS
from usecases.stopped_writes import stopped_writes_told

_NEVER_HEARD = "No webhook has arrived yet."


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """Sentences; "" where there is nothing to say.

    Attributes:
        warnings: matters that need a person to act.
        gap_id: the gap that `gap` is about.
    """

    reads: str
    webhooks: str
    gap: str
    expiry: str
    warnings: tuple[str, ...]
    gap_id: int | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(line for line in (self.reads, self.webhooks, self.gap, self.expiry) if line)


def facts_of(context: Context, session: Session, connection: Connection) -> ConnectionFacts:
    now = context.clock.now()
    expiry = expiry_sentence(connection.reconnect_by, now)
    urgent = expiry_of(connection.reconnect_by, now) is not Expiry.FAR
    pause_warning = _pause_warning(connection, context.words([connection]), now)
    if connection.role != Role.SOURCE:
        organization = organization_by_id(session, connection.organization_id)
        stopped = stopped_writes_told(organization, context.words([connection]))
        paused = _sending_paused(session, connection)
        warnings = [stopped, paused, pause_warning, expiry if urgent else ""]
        return ConnectionFacts("", "", "", expiry, tuple(one for one in warnings if one))
    vendor = context.platform.sources[connection.vendor]
    cap, all_reads = vendor.monthly_reads_max, reads_of_vendor(session, vendor.name, now)
    gap = latest_gap(session, connection.id)
    silent = webhooks_are_silent(connection.connected_at, connection.heard_at, connection.missed_at, now)
    warnings = [
        pause_warning,
        expiry if urgent else "",
        _cap_warning(vendor, all_reads),
        _silence(vendor) if silent and connection.missed_at is not None else "",
    ]
    return ConnectionFacts(
        reads=_reads(reads_of(session, connection.id, now), all_reads, cap),
        webhooks=_webhooks(connection),
        gap=_gap(session, connection, gap, context.words([connection])) if gap is not None else "",
        expiry=expiry,
        warnings=tuple(one for one in warnings if one),
        gap_id=gap.id if gap is not None else None,
    )


def _gap(session: Session, connection: Connection, gap: Gap, words: Words) -> str:
    [one] = stated(session, connection, [gap], words)
    return one.sentence


def _reads(reads: int, all_reads: int, cap: int) -> str:
    share = f"; all companies together {all_reads:,} of {cap:,}" if cap else ""
    return f"{reads:,} metered reads this month{share}."


def _silence(vendor: SourceVendor) -> str:
    return f"No webhooks seem to be arriving, so we ask {vendor.short_label} more often; {vendor.silence_advice}."


def _cap_warning(vendor: SourceVendor, all_reads: int) -> str:
    cap = vendor.monthly_reads_max
    if not cap or all_reads * 100 < cap * min(WARN_PERCENTS):
        return ""
    used = f"{all_reads * 100 // cap} % of the month's metered reads are used up"
    return f"{used}; above the cap {vendor.short_label} answers no more reads."


def _pause_warning(connection: Connection, words: Words, now: datetime) -> str:
    is_paused = connection.is_active and connection.not_before is not None and connection.not_before > now
    reason = Reason(connection.pause_reason) if is_paused and connection.pause_reason else None
    if reason is None or reason not in PAUSES_TO_ACT_ON:
        return ""
    return f"{words.sentence(reason)} {words.advice(reason)}"


def _sending_paused(session: Session, target: Connection) -> str:
    pause = pause_in_words(session, target.organization_id, target)
    return f"Payments wait, because sending is paused. {pause}" if pause else ""


def _webhooks(connection: Connection) -> str:
    heard = f"Last webhook {_moment(connection.heard_at)}." if connection.heard_at else _NEVER_HEARD
    if not connection.missed_count or connection.missed_at is None:
        return heard
    changes = "1 change was" if connection.missed_count == 1 else f"{connection.missed_count} changes were"
    return f"{heard} {changes} found only by our own checks, the last one {_moment(connection.missed_at)}."


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
