"""The words of the pages about gaps."""

from domain.gap_statement import findings
from domain.gap_statement.conclusion import VERDICT_LABELS, Verdict
from domain.gap_statement.counts import COUNT_LABELS
from domain.gaps import GAP_KIND_LABELS

GAP_LABELS = GAP_KIND_LABELS
GAP_VERDICT_LABELS = VERDICT_LABELS
GAP_VERDICT_BADGES = {
    Verdict.NOTHING_MISSING: "good",
    Verdict.UNKNOWN_TO_US: "bad",
    Verdict.GONE_AT_SOURCE: "bad",
    Verdict.UNCLEAR: "waiting",
}
GAP_HAPPENED_LABELS = findings.HAPPENED_LABELS
GAP_FOUND_BY_LABELS = findings.FOUND_BY_LABELS
GAP_COUNT_LABELS = COUNT_LABELS
