"""One sentence and one advice for every reason; pages, command line, logs and `docs/reasons.md` print these."""

from domain.explained_decisions import EXPLAINED_DECISIONS
from domain.explained_deliveries import EXPLAINED_DELIVERIES
from domain.reasons import Explanation, Reason

EXPLANATIONS: dict[Reason, Explanation] = EXPLAINED_DECISIONS | EXPLAINED_DELIVERIES


def explain(reason: Reason) -> Explanation:
    """The sentence and the advice a partner reads."""
    return EXPLANATIONS[reason]


def as_markdown() -> str:
    """The text of `docs/reasons.md`; `make docs` writes it and a test compares it."""
    lines = [
        "# Reasons",
        "",
        "Every payment ends with exactly one of these. This page is generated from `domain/explanations.py` by `make docs`.",
        "",
        "| reason | what it means | what to do | needs you | clears itself |",
        "|---|---|---|---|---|",
    ]
    for reason in Reason:
        told = EXPLANATIONS[reason]
        needs, clears = ("yes" if answer else "" for answer in (told.needs_person, told.clears_itself))
        lines.append(f"| `{reason}` | {told.sentence} | {told.advice} | {needs} | {clears} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201 - `make docs` redirects it into the file
