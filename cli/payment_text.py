"""A payment's story as text, in the order of a person's questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.output import moment_text, print_facts, say
from domain.ledger_changes import ENTRY_CHANGE_SENTENCES
from domain.match.decisions import Verdict
from domain.money import money_text
from domain.records import PaymentState, TargetPayment
from domain.status import STATUS_LABELS
from domain.words import Words

if TYPE_CHECKING:
    from models.views.ledger_lines import LedgerLine
    from models.views.payment_rows import PaymentRow
    from models.views.story import AllocationStory, DecisionLine, EffectLine, EventLine, PaymentStory
    from usecases.explaining import Explained


def print_story(story: PaymentStory, words: Words) -> None:
    """Prints the payment, then each of its parts, then the events."""
    payment = story.payment
    say(f"Payment {payment.external_id}: {STATUS_LABELS[payment.status]}")
    if payment.reason is not None:
        say(f"  {words.sentence(payment.reason)}")
        say(f"  {words.advice(payment.reason)}")
    say(f"  Next: {story.next}")
    say()
    amount = total_text(payment)
    say(f"  {amount} from {payment.customer or 'nobody named'}, dated {payment.paid_on or 'nowhere'}")
    if payment.reference:
        say(f"  reference: {payment.reference}")
    if story.note:
        say(f"  note: {' '.join(story.note.split())}")
    if story.unapplied:
        say(f"  not applied to any invoice: {money_text(story.unapplied, payment.currency)}")
    say(f"  in {words.source}: {payment.state} (version {story.version})")
    for part in story.allocations:
        say()
        _print_part(part, payment.currency, words)
    say()
    say(f"Heard from {words.source}")
    for event in story.events:
        say(f"  {_event(event)}")


def print_explained(found: Explained) -> None:
    """Prints what was known at the moment: the payment, its parts, and the preferences in force."""
    say(f"As of {moment_text(found.at)}")
    print_facts({one.label: one.text for one in found.facts})
    for part in found.parts:
        say()
        say(part.title)
        for fact in part.facts:
            say(f"  {fact.label}: {fact.text}")
    say()
    say("Preferences in force")
    for one in found.preferences:
        now = "" if one.then == one.now else f" (now: {one.now})"
        doubt = "" if one.is_sure else "; not sure, the record of changes has a break"
        say(f"  {one.label}: {one.then}{now}{doubt}")


def total_text(payment: PaymentRow) -> str:
    """The amount, and whether the payment was voided or deleted."""
    mark = "" if payment.state is PaymentState.LIVE else f" ({payment.state})"
    return f"{money_text(payment.total, payment.currency)}{mark}"


def _print_part(part: AllocationStory, currency: str | None, words: Words) -> None:
    row = part.row
    what = f"invoice {row.invoice_number or '?'} (id {row.document_id})" if row.kind == "invoice" else row.kind.value
    removed = ", no longer in the payment" if row.removed else ""
    say(f"{money_text(row.amount, currency)} for {what.replace('_', ' ')}{removed}: {STATUS_LABELS[row.status]}")
    say(f"  Next: {part.next}")
    if part.ledger is not None:
        say(f"  In {words.target}: {_ledger(part.ledger, currency)}")
    for line in part.decisions:
        _print_decision(line, currency, words)
    for effect in part.effects:
        _print_effect(effect, words)
    for entry in part.entries:
        _print_history(entry, currency, words)


def _print_decision(line: DecisionLine, currency: str | None, words: Words) -> None:
    say(f"  {moment_text(line.decided_at)}  {line.action}: {line.reason}. {words.sentence(line.reason)}")
    if line.detail:
        say(f"    Details: {line.detail}")
    if line.current and line.looked_at is not None:
        say(f"    Looked again {moment_text(line.looked_at)}: same result.")
    for payment in line.seen:
        say(f"    On the {words.target} invoice: {_seen(payment, currency)}")
    if line.current:
        for verdict in line.verdicts:
            say(f"    {_verdict(verdict, words)}")


def _seen(payment: TargetPayment, currency: str | None) -> str:
    who = f", entered by {payment.entered_by}" if payment.entered_by else ""
    return f"payment {payment.external_id}, {money_text(payment.amount, currency)}, {payment.paid_on or 'no date'}{who}"


def _verdict(verdict: Verdict, words: Words) -> str:
    word = "same" if verdict.identical else "DIFFERS"
    here, there = f"{words.source}: {verdict.source or '-'}", f"{words.target}: {verdict.target or '-'}"
    return f"{verdict.field:<9} {word:<8} {here}   {there}"


def _print_effect(effect: EffectLine, words: Words) -> None:
    due = f", due {moment_text(effect.due_at)}" if effect.state in ("pending", "in_doubt") else ""
    say(f"  {effect.kind} on {words.target} invoice {effect.target_invoice_id}: {effect.state.replace('_', ' ')}{due}")
    for attempt in effect.attempts:
        outcome = attempt.outcome or "no answer yet"
        said = f": {attempt.detail}" if attempt.detail else ""
        say(f"    {moment_text(attempt.started_at)}  try {attempt.number}: {outcome}{said}")


def _print_history(entry: LedgerLine, currency: str | None, words: Words) -> None:
    for one in entry.history:
        sentence = words.filled(ENTRY_CHANGE_SENTENCES[one.kind])
        by = f" By {one.actor}." if one.actor else ""
        said = f"{money_text(one.amount, currency)}, {one.paid_on}"
        say(f"  {moment_text(one.changed_at)}  ledger, payment {entry.target_payment_id}, {said}: {sentence}{by}")


def _ledger(line: LedgerLine, currency: str | None) -> str:
    whose = "ours" if line.ours else "typed by a person, linked by us"
    gone = f", removed {moment_text(line.removed_at)}" if line.removed_at else ""
    if line.looked_at is not None:
        gone += f", last looked at {moment_text(line.looked_at)}"
    return f"payment {line.target_payment_id}, {money_text(line.amount, currency)}, {line.paid_on} ({whose}{gone})"


def _event(event: EventLine) -> str:
    waiting = "" if event.done_at else "  (waits to be read)"
    return f"{moment_text(event.received_at)}  {event.source}: {event.verb}{waiting}"
