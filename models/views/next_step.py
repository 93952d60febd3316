"""One sentence on what happens next to a part of a payment, and when."""

from dataclasses import dataclass
from datetime import datetime

from domain.explanations import explain
from domain.push.effect import EffectState
from domain.reasons import Reason
from domain.status import PaymentStatus
from domain.words import Words
from models.connections import Connection
from models.effects import Effect
from models.views.payment_rows import AllocationRow


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that the sentence depends on; `effect` is the newest one."""

    row: AllocationRow
    match_due_at: datetime | None
    effect: Effect | None
    target: Connection | None
    sync_enabled: bool
    writes_stopped: bool
    # Who has paused sending, since when and why; "" if it is not paused.
    pause: str
    # Until when the target rests after failures; None if it does not.
    rests_until: datetime | None
    now: datetime
    words: Words


def next_step(situation: Situation) -> str:
    """What happens next, as a sentence for a person."""
    row, effect = situation.row, situation.effect
    state = EffectState(effect.state) if effect is not None else None
    if effect is not None and state is EffectState.SENDING:
        return "It is being sent right now."
    if effect is not None and state is EffectState.IN_DOUBT:
        return f"We check {_when(situation, effect.due_at)} whether it has arrived; nothing is sent before then."
    if row.reason is None or _is_due(situation):
        return "It will be decided in a moment."
    if effect is not None and state is EffectState.PENDING:
        return _when_sent(situation, effect)
    if row.status is PaymentStatus.SKIPPED:
        return _after_skip(row.reason)
    if row.status is PaymentStatus.NEEDS_ATTENTION:
        return f"Waiting for you: {situation.words.advice(row.reason)}{_next_look(situation)}"
    if row.status is PaymentStatus.SYNCED:
        return "Nothing; it is done."
    if situation.match_due_at is not None:
        return f"We check again {_when(situation, situation.match_due_at)}."
    return "Continues automatically when the cause is gone."


def _next_look(situation: Situation) -> str:
    """When we check again automatically, for a person who has just repaired the cause."""
    if situation.match_due_at is None:
        return ""
    return f" The next check is {_when(situation, situation.match_due_at)}."


def _is_due(situation: Situation) -> bool:
    return situation.match_due_at is not None and situation.match_due_at <= situation.now


def _when_sent(situation: Situation, effect: Effect) -> str:
    target = situation.target
    if target is None or not target.is_active:
        return "It will be sent when the connection is active again."
    if situation.writes_stopped:
        return f"It will be sent when writes go on. {situation.words.advice(Reason.WRITES_STOPPED)}"
    if not situation.sync_enabled:
        return "It will be sent when external payments sync is switched on again."
    if situation.pause:
        return f"It will be sent when sending to {situation.words.target} is resumed. {situation.pause}"
    due_at = max(effect.due_at, target.not_before or effect.due_at, situation.rests_until or effect.due_at)
    again = f" (try {effect.attempts + 1})" if effect.attempts else ""
    return f"It will be sent {_when(situation, due_at)}{again}."


def _after_skip(reason: Reason) -> str:
    if explain(reason).clears_itself:
        return "Nothing; it stays skipped until a preference, the invoice or the payment changes."
    return "Nothing; it was skipped."


def _when(situation: Situation, moment: datetime) -> str:
    if moment <= situation.now:
        return "in a moment"
    form = "at %H:%M:%S UTC" if moment.date() == situation.now.date() else "on %Y-%m-%d at %H:%M:%S UTC"
    return moment.strftime(form)
