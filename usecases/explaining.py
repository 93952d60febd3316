"""What was known about a payment at an earlier moment, and what would be decided about it by the rules of today.

Called by: the page of a payment and the command line.
Does: reads what is kept with its times: decisions, writes, the ledger, changes of preferences. It decides once more
with the stored facts, as the preview of a change does. Changes nothing, asks nobody outside, and says what is not kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from domain.activity import ActivityKind, Change
from domain.hindsight import PreferenceThen, as_preferences, preferences_then
from domain.ledger_changes import ENTRY_CHANGE_SENTENCES
from domain.match.foresight import Certainty, Known, foresee
from domain.money import money_text
from domain.preferences import Preferences
from domain.words import Words
from models.activity import ActivityFilter, list_activity
from models.organizations import organization_by_id
from models.stored_parts import parts_after
from models.views.ledger_lines import ChangeLine, LedgerLine
from models.views.story import AllocationStory, DecisionLine, EffectLine, PaymentStory, payment_story
from tasks.context import Context
from tasks.preview.counting import RecordsNearby, known_of
from usecases.results import Rejected
from usecases.words import words_of

# More changes of preferences than any organization makes.
CHANGES_MAX = 10_000
_CERTAINTY = {
    Certainty.SURE: "decided from what is stored",
    Certainty.SEEN: "by what was last seen in {target}, which is looked at again first",
    Certainty.NOT_SEEN: "if the invoice in {target} is identical, which was never looked at",
}


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class PartThen:
    """One part of the payment: what was known and done about it by then, and what would be decided today."""

    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """A payment as of a moment."""

    at: datetime
    facts: tuple[Fact, ...]
    preferences: tuple[PreferenceThen, ...]
    parts: tuple[PartThen, ...]


def explain_payment(context: Context, organization_id: int, external_id: str, at: datetime) -> Explained | Rejected:
    """Everything that is kept about what we knew at this moment."""
    now = context.clock.now()
    if at > now:
        return Rejected("This moment is in the future. Choose one that has passed.")
    with context.database.reading() as session:
        words = words_of(session, organization_id)
        story = payment_story(session, organization_id, external_id, words, now)
        if story is None:
            return Rejected("There is no such payment.")
        preferences = organization_by_id(session, organization_id).preferences
        then = preferences_then(preferences, _changes_since(session, organization_id, at))
        known = _known(session, organization_id, story, preferences)
    telling = _Telling(words, at, preferences, as_preferences(then))
    parts = tuple(
        PartThen(telling.title(part), tuple(telling.part(part, known.get(part.row.allocation_id))))
        for part in story.allocations
    )
    return Explained(at, tuple(telling.payment(story)), then, parts)


def _changes_since(session: Session, organization_id: int, at: datetime) -> list[Change]:
    """Every change of a preference after the moment, the newest first."""
    chosen = ActivityFilter(kind=ActivityKind.PREFERENCES_CHANGED, since=at)
    entries = list_activity(session, organization_id, chosen, CHANGES_MAX)
    return [change for entry in entries if entry.happened_at > at for change in entry.what_changed]


def _known(session: Session, organization_id: int, story: PaymentStory, preferences: Preferences) -> dict[int, Known]:
    parts, _ = parts_after(session, organization_id, story.id - 1, 1)
    known = known_of(session, organization_id, preferences, parts, RecordsNearby().find)
    return {part.allocation_id: of for part, of in zip(parts, known, strict=True)}


@dataclass(frozen=True, slots=True)
class _Telling:
    """Puts it into words.

    Attributes:
        rules_then: the preferences in force at the moment; None if they are not known for sure.
    """

    words: Words
    at: datetime
    rules_now: Preferences
    rules_then: Preferences | None

    def payment(self, story: PaymentStory) -> Iterator[Fact]:
        if story.first_seen_at > self.at:
            yield Fact("Known", f"Not yet: we first saw it at {_moment(story.first_seen_at)}.")
            return
        heard = sum(event.received_at <= self.at for event in story.events)
        yield Fact("Known", f"Since {_moment(story.first_seen_at)}; {heard} of {len(story.events)} reports by then.")
        if story.payment.updated_at > self.at:
            yield Fact(
                "As it was",
                f"We wrote something new about it at {_moment(story.payment.updated_at)}. Earlier versions of the "
                "payment are not kept; what was compared and what was sent then is below.",
            )
        else:
            amount = money_text(story.payment.total, story.payment.currency)
            yield Fact("As it was", f"{amount}, dated {story.payment.paid_on or 'nowhere'}, version {story.version}.")

    def title(self, part: AllocationStory) -> str:
        row = part.row
        what = f"invoice {row.invoice_number or row.document_id}" if row.kind == "invoice" else row.kind.value
        return f"Part for {what.replace('_', ' ')}"

    def part(self, part: AllocationStory, known: Known | None) -> Iterator[Fact]:
        yield from self._decision(part.decisions)
        yield from self._writes(part.effects)
        yield from self._ledger(part)
        if known is not None:
            yield Fact("Decided today", self._decided(known, self.rules_now))
            if self.rules_then is not None and self.rules_then != self.rules_now:
                yield Fact("Today, by the preferences of then", self._decided(known, self.rules_then))

    def _decided(self, known: Known, rules: Preferences) -> str:
        foreseen = foresee(known, rules)
        certainty = self.words.filled(_CERTAINTY[foreseen.certainty])
        return f"{self.words.sentence(foreseen.reason)} ({foreseen.reason}; {certainty})"

    def _decision(self, decisions: Sequence[DecisionLine]) -> Iterator[Fact]:
        made = [one for one in decisions if one.decided_at <= self.at]
        if not made:
            yield Fact("In force", "Nothing was decided yet.")
            return
        last = made[-1]
        said = f"{self.words.sentence(last.reason)} ({last.reason}, decided at {_moment(last.decided_at)})"
        yield Fact("In force", said)
        if last.detail:
            yield Fact("Details", last.detail)
        for verdict in last.verdicts:
            word = "same" if verdict.identical else "different"
            here, there = verdict.source or "nothing", verdict.target or "nothing"
            text = f"{word}: {here} in {self.words.source}, {there} in {self.words.target}"
            yield Fact(f"Compared: {verdict.field}", text)
        if last.looked_at is not None and last.looked_at > self.at:
            yield Fact(
                "Seen on the invoice",
                f"Not kept for then: the last look with this result was at {_moment(last.looked_at)}.",
            )
        elif last.seen:
            amounts = ", ".join(
                f"payment {one.external_id} of {one.amount}, {one.paid_on or 'no date'}" for one in last.seen
            )
            yield Fact("Seen on the invoice", amounts)
        later = [one for one in decisions if one.decided_at > self.at]
        if later:
            after = later[0]
            yield Fact("Replaced", f"At {_moment(after.decided_at)} by: {self.words.sentence(after.reason)}")

    def _writes(self, effects: Sequence[EffectLine]) -> Iterator[Fact]:
        for effect in effects:
            if effect.created_at > self.at:
                continue
            what = f"{effect.kind}, {money_text(effect.amount, effect.currency)}, on invoice {effect.target_invoice_id}"
            if effect.delivered_at is not None and effect.delivered_at <= self.at:
                yield Fact("Write", f"{what}: delivered at {_moment(effect.delivered_at)}")
            else:
                yield Fact("Write", f"{what}: owed since {_moment(effect.created_at)}, not delivered by then")
            for attempt in effect.attempts:
                if attempt.started_at <= self.at:
                    is_over = attempt.finished_at is not None and attempt.finished_at <= self.at
                    outcome = (attempt.outcome or "no answer") if is_over else "no answer by then"
                    yield Fact(f"Attempt {attempt.number}", f"{_moment(attempt.started_at)}: {outcome}")

    def _ledger(self, part: AllocationStory) -> Iterator[Fact]:
        """The rows as they were then, and how each had become so."""
        known = [one for one in part.entries if one.created_at <= self.at]
        currency = part.effects[0].currency if part.effects else None
        standing = [one for one in known if self._stood(one)]
        if not standing:
            yield Fact("In the ledger", f"No payment in {self.words.target} stood for it.")
        for entry in standing:
            then = entry.as_of(self.at)
            whose = "ours" if entry.ours else "entered by a person, linked by us"
            row = then or (entry.history[0] if entry.history else entry)
            said = f"{money_text(row.amount, currency)}, dated {row.paid_on}"
            yield Fact("In the ledger", f"Payment {entry.target_payment_id}, {said} ({whose})")
            if then is None:
                yield Fact("Not kept", "The history of this row begins later; it is shown with what it said first.")
        for entry in known:
            for change in entry.history:
                if change.changed_at <= self.at:
                    yield Fact(f"Ledger, {_moment(change.changed_at)}", self._change(entry, change, currency))

    def _stood(self, entry: LedgerLine) -> bool:
        then = entry.as_of(self.at)
        if then is not None:
            return then.stands
        return entry.removed_at is None or entry.removed_at > self.at

    def _change(self, entry: LedgerLine, change: ChangeLine, currency: str | None) -> str:
        sentence = self.words.filled(ENTRY_CHANGE_SENTENCES[change.kind])
        by = f" By {change.actor}." if change.actor else ""
        found = f"; found: {change.finding.value.replace('_', ' ')}" if change.finding is not None else ""
        stands = "" if change.stands else "; it stands for the part no longer"
        amount = money_text(change.amount, currency)
        return f"Payment {entry.target_payment_id}: {sentence}{by} {amount}, dated {change.paid_on}{found}{stands}."


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
