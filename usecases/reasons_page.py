"""Writes `docs/reasons.md`: every reason in the words of the vendors that we ship.

Called by: `make docs`; a test compares its output with the file. Reads nothing and changes nothing.
"""

from connectors.registry import words_for
from domain.copying.reasons import CopyReason, copy_advice, copy_sentence
from domain.explanations import explain
from domain.reasons import Reason
from domain.words import Words


def as_markdown(words: Words) -> str:
    """The whole page."""
    lines = [
        "# Reasons",
        "",
        "Every payment ends with exactly one of these. `make docs` writes this page from the table of reasons.",
        "",
        "| reason | what it means | what to do | needs you | clears itself |",
        "|---|---|---|---|---|",
    ]
    for reason in Reason:
        known = explain(reason)
        needs, clears = ("yes" if answer else "" for answer in (known.needs_person, known.clears_itself))
        lines.append(f"| `{reason}` | {words.sentence(reason)} | {words.advice(reason)} | {needs} | {clears} |")
    lines += [
        "",
        "## The Sync Tool",
        "",
        "An invoice that is not copied, not taken back or not changed has exactly one of these.",
        "",
        "| reason | what it means | what to do |",
        "|---|---|---|",
    ]
    lines += [f"| `{one}` | {copy_sentence(words, one)} | {copy_advice(words, one)} |" for one in CopyReason]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(as_markdown(words_for(())), end="")  # noqa: T201 - `make docs` redirects it into the file
