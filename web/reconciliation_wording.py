"""The words of the pages about the reconciliation."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.reconciliation import verdict
from domain.reconciliation.roll_forward import Movement, Standing
from domain.reconciliation.verdict import RunOutcome
from domain.reconciliation.words import MOVEMENT_LABELS, STANDING_LABELS, WAY_OUT_LABELS

RUN_OUTCOME_LABELS = verdict.OUTCOME_LABELS
RUN_OUTCOME_BADGES = {
    RunOutcome.AGREES: "good",
    RunOutcome.EXPLAINED: "good",
    RunOutcome.DIFFERS: "bad",
    RunOutcome.NOT_COMPARABLE: "waiting",
}
STANDING_BADGES = {
    Standing.OPEN: "bad",
    Standing.EXPLAINED: "",
    Standing.ACCEPTED: "waiting",
    Standing.GONE: "good",
}
BREAK_STANDING_LABELS, BREAK_WAY_OUT_LABELS = STANDING_LABELS, WAY_OUT_LABELS
# The lines of a roll-forward, as the document of a statement names them.
FORWARD_LABELS = {
    "opening": "Open at the beginning",
    **{movement.value: label for movement, label in MOVEMENT_LABELS.items()},
    "closing": "Open at the end",
}
# What a run is performed with, for whoever performs it again.
PARAMETER_LABELS = {
    "method": "Version of the method",
    "version": "Version of the software",
    "sync_mode": "Which payments are synced",
    "cut_off_on": "Cut-off date",
    "tolerance": "Tolerance",
    "reads_max": "Metered reads at most",
    "history_invoices": "Paid invoices of the history",
}
assert set(FORWARD_LABELS) == {"opening", "closing", *Movement}


def moment_of(text: str) -> datetime:
    """A moment of a stored document."""
    return datetime.fromisoformat(text)


def asked_of(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a system was asked with, by name."""
    return [(str(name), str(value)) for name, value in sorted(evidence.get("asked", {}).items())]
