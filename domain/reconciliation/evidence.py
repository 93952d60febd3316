"""What a run keeps of each reading, for an auditor: what was asked, when, how much came, each answer's hash."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.reconciliation.documents import BooksOpen, Evidence, TargetOpen


def evidence_of_source(read: BooksOpen) -> dict[str, Any]:
    return {
        **_common(read.evidence, read.totals),
        "as_of": read.as_of.isoformat() if read.as_of is not None else None,
        "documents": len(read.documents),
        "invoices_before": read.invoices_before,
        "invoices_after": read.invoices_after,
    }


def evidence_of_target(read: TargetOpen) -> dict[str, Any]:
    return {
        **_common(read.evidence, read.totals),
        "documents": len(read.invoices),
        "invoices_before": read.count_before,
        "invoices_after": read.count_after,
    }


def _common(evidence: Evidence, totals: Mapping[str | None, Decimal]) -> dict[str, Any]:
    return {
        "read_at": evidence.read_at.isoformat(),
        "ended_at": evidence.ended_at.isoformat(),
        "asked": dict(evidence.asked),
        "calls": evidence.calls,
        "metered_reads": evidence.metered_reads,
        "totals": {currency or "": str(total) for currency, total in totals.items()},
        "answers": [{"route": one.route, "sha256": one.sha256, "bytes": one.size_bytes} for one in evidence.answers],
    }
