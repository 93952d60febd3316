"""What a change of preferences would do, for `org preview`: worked out here if no worker does it, and printed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cli.failures import Refusal
from cli.output import is_terminal, note, print_facts, print_json, print_table, say
from domain.match.foresight import Certainty, Outcome
from domain.money import money_text, plain_amount
from domain.preference_changes import in_words
from workers.terminal import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from domain.words import Words
    from models.previews import Count, Preview
    from models.views.preview_parts import PreviewedPart
    from tasks.context import Context

POLL_SECONDS = 0.2
NEWS_SECONDS = 1.0
# A worker that holds the lane and does not move for so long has died; its lease runs out before that.
PATIENCE_SECONDS = 120.0
PARTS_AT_A_TIME = 500
OUTCOME_WORDS = {
    Outcome.SYNCED: "would be synced",
    Outcome.CORRECTED: "would be corrected",
    Outcome.TAKEN_OUT: "taken out of the queue",
    Outcome.HELD: "held",
    Outcome.SKIPPED: "skipped",
    Outcome.UNCHANGED: "unchanged",
}


def worked_out(context: Context, organization_id: int, preview_id: int) -> Finished:
    """The preview once it is ready; says beside the result how far it is."""
    from models.previews import PreviewState
    from tasks.preview.step import preview as work
    from usecases.words import words_of

    moved_at, told_at, seen = time.monotonic(), time.monotonic(), -1
    while (row := _row(context, organization_id, preview_id)).state == PreviewState.COUNTING:
        now = time.monotonic()
        if row.looked_at != seen:
            seen, moved_at = row.looked_at, now
        if is_terminal() and now - told_at > NEWS_SECONDS:
            told_at = now
            note(f"{row.looked_at:,} of {row.payments:,} payments looked at")
        if now - moved_at > PATIENCE_SECONDS:
            raise Refusal("the preview does not move; is another process stuck with it? Try again in a minute")
        work(context, organization_id)
        if _row(context, organization_id, preview_id).looked_at == seen:
            # A worker has the lane and does it.
            time.sleep(POLL_SECONDS)
    with context.database.reading() as session:
        return Finished(context, row, words_of(session, organization_id))


def note_what_is_decided_again(context: Context, organization_id: int, preview_id: int) -> None:
    """Says beside the result of a change what it has set going."""
    from models.previews import parts_left_to_decide

    row = _row(context, organization_id, preview_id)
    with context.database.reading() as session:
        parts = parts_left_to_decide(session, row)
    if parts:
        note(f"note: {parts:,} {'part' if parts == 1 else 'parts'} of payments will be decided again by the workers")


def _row(context: Context, organization_id: int, preview_id: int) -> Preview:
    from models.previews import preview_by_id

    with context.database.reading() as session:
        row = preview_by_id(session, organization_id, preview_id)
    if row is None:
        raise Refusal("the preview is gone; newer ones have taken its place")
    return row


@dataclass(frozen=True, slots=True)
class Finished:
    """A preview that is ready."""

    context: Context
    row: Preview
    words: Words

    def print(self, slug: str, listed: Outcome | None, *, as_json: bool) -> None:
        from models.previews import counts_of

        counts = counts_of(self.row)
        if as_json:
            print_json(self._as_json(slug, counts, listed))
            return
        changes = in_words(self.row.preferences_before, self.row.preferences_after)
        print_facts({one.label: f"{one.before} -> {one.after}" for one in changes})
        for one in changes:
            if one.warning:
                say(f"Note: {self._filled(one.warning)}")
        say()
        print_table(
            [
                "outcome",
                Column("parts", right=True),
                "sum",
                Column("sure", right=True),
                Column("checked first", right=True),
            ],
            [_line(outcome, of) for outcome in Outcome if (of := _with(outcome, counts))],
            "There are no payments yet.",
        )
        say()
        say(
            f"Sure is decided from what is stored here; about the others {self.words.target} is asked first, once the "
            "change is made. Nothing is changed yet."
        )
        if self.row.due_anyway:
            say(f"{self.row.due_anyway:,} of the parts were about to be decided anyway.")
        if listed is not None:
            say()
            print_table(
                [
                    "date",
                    "payment",
                    Column("customer", wraps=True),
                    "invoice",
                    Column("amount", right=True),
                    "certainty",
                    "reason",
                ],
                [_part_line(one) for one in self._parts(listed)],
                "No part of a payment has this outcome.",
            )

    def _filled(self, template: str) -> str:
        return template.format(source=self.words.source, target=self.words.target)

    def _parts(self, outcome: Outcome) -> Iterator[PreviewedPart]:
        from models.previews import Chosen
        from models.views.preview_parts import list_parts

        offset, is_last = 0, False
        while not is_last:
            with self.context.database.reading() as session:
                page = list_parts(session, self.row.id, Chosen(outcome), offset=offset, limit=PARTS_AT_A_TIME)
            yield from page.parts
            offset, is_last = offset + PARTS_AT_A_TIME, page.is_last

    def _as_json(self, slug: str, counts: Sequence[Count], listed: Outcome | None) -> dict[str, Any]:
        document: dict[str, Any] = {
            "org": slug,
            "preview_id": self.row.id,
            "changes": [
                {
                    "preference": one.label,
                    "before": one.before,
                    "after": one.after,
                    "warning": self._filled(one.warning),
                }
                for one in in_words(self.row.preferences_before, self.row.preferences_after)
            ],
            "payments": self.row.payments,
            "due_anyway": self.row.due_anyway,
            "outcomes": [
                {
                    "outcome": outcome,
                    "parts": sum(one.parts for one in of),
                    "sure": sum(one.parts for one in of if one.foreseen.certainty is Certainty.SURE),
                    "sums": [
                        {"currency": currency, "total": plain_amount(total, currency)}
                        for currency, total in _sums(of).items()
                    ],
                }
                for outcome in Outcome
                for of in [_with(outcome, counts)]
            ],
            "counts": [
                {
                    "outcome": one.foreseen.outcome,
                    "certainty": one.foreseen.certainty,
                    "reason": one.foreseen.reason,
                    "currency": one.currency,
                    "parts": one.parts,
                    "total": plain_amount(one.total, one.currency),
                }
                for one in counts
            ],
        }
        if listed is not None:
            document["parts"] = [_part_json(one) for one in self._parts(listed)]
        return document


def _with(outcome: Outcome, counts: Iterable[Count]) -> list[Count]:
    return [one for one in counts if one.foreseen.outcome is outcome]


def _sums(counts: Iterable[Count]) -> dict[str | None, Decimal]:
    sums: dict[str | None, Decimal] = {}
    for one in counts:
        sums[one.currency] = sums.get(one.currency, Decimal(0)) + one.total
    return sums


def _line(outcome: Outcome, counts: Sequence[Count]) -> tuple[str, str, str, str, str]:
    parts = sum(one.parts for one in counts)
    sure = sum(one.parts for one in counts if one.foreseen.certainty is Certainty.SURE)
    money = " + ".join(money_text(total, currency) for currency, total in _sums(counts).items())
    return OUTCOME_WORDS[outcome], f"{parts:,}", money, f"{sure:,}", f"{parts - sure:,}"


def _part_line(one: PreviewedPart) -> tuple[object, ...]:
    return (
        one.payment.paid_on or "",
        one.payment.external_id,
        one.payment.customer,
        one.part.invoice_number or one.part.document_id,
        money_text(one.part.amount, one.payment.currency),
        one.foreseen.certainty,
        one.foreseen.reason,
    )


def _part_json(one: PreviewedPart) -> dict[str, Any]:
    return {
        "payment_id": one.payment.external_id,
        "paid_on": one.payment.paid_on,
        "customer": one.payment.customer,
        "kind": one.part.kind,
        "document_id": one.part.document_id,
        "invoice_number": one.part.invoice_number,
        "amount": plain_amount(one.part.amount, one.payment.currency),
        "currency": one.payment.currency,
        "status_now": one.part.status,
        "reason_now": one.part.reason,
        "outcome": one.foreseen.outcome,
        "certainty": one.foreseen.certainty,
        "reason": one.foreseen.reason,
    }
