"""How the Sync Tool's values are written on a page: reasons in words, counts, sums, and how a write ended."""

from collections.abc import Sequence

from domain.copying.reasons import CopyReason, copy_advice, copy_sentence
from domain.words import Words
from models.views.copies import SumOf
from web.labels import OUTCOME_LABELS
from web.writing import Writing


def sentence(reason: str, words: Words) -> str:
    """Why an invoice is held."""
    return copy_sentence(words, CopyReason(reason))


def advice(reason: str, words: Words) -> str:
    return copy_advice(words, CopyReason(reason))


def counted(count: int, writing: Writing, thing: str = "invoice", things: str = "") -> str:
    """`1 invoice`, `1,234 invoices`; `things` where more than one is not only an s longer."""
    return f"{writing.number(count)} {thing if count == 1 else things or f'{thing}s'}"


def sums(found: Sequence[SumOf], writing: Writing) -> str:
    """What invoices come to, one sum for each currency."""
    return " + ".join(writing.money(one.total, one.currency) for one in found) or "nothing"


def outcome(name: str | None) -> str:
    """How a write ended; the engine keeps the name of the answer in words (`already batched`)."""
    if name is None:
        return "no answer yet"
    return _OUTCOMES.get(name) or OUTCOME_LABELS.get(name.replace(" ", "")) or name


_OUTCOMES = {
    "booked": "done",
    "batched": "done",
    "verified": "done",
    "not sent": "not sent",
    "abandoned": "interrupted; we looked before anything was sent again",
    "stale": "changed in between, will be tried again",
    "number taken": "the number was taken",
    "period closed": "the period is closed",
    "applied": "a payment or credit is applied",
    "batch exists": "there was a batch of this name already",
    "already batched": "it was in a batch already",
}
