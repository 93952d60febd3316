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
from domain.hindsight import PartThen, PreferenceThen, as_preferences, known_then, preferences_then
from domain.ledger_changes import ENTRY_CHANGE_SENTENCES, EntryChange
from domain.match.facts import SyncedPayment
from domain.match.foresight import Certainty, InForce, Known, foresee
from domain.money import money_text
from domain.preferences import Preferences
from domain.reasons import Reason
from domain.records import PaymentState
from domain.words import Words
from models.activity import ActivityFilter, list_activity
from models.former_pictures import PaymentPicture, picture_at
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
class PartExplained:
    """One part of the payment: what was known and done about it by then, and what would be decided today."""

    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """A payment as of a moment."""

    at: datetime
    facts: tuple[Fact, ...]
    preferences: tuple[PreferenceThen, ...]
    parts: tuple[PartExplained, ...]


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
        picture = picture_at(session, story.id, at) if story.first_seen_at <= at else None
    telling = _Telling(words, at, preferences, as_preferences(then), picture)
    parts = tuple(
        PartExplained(telling.title(part), tuple(telling.part(story, part, known.get(part.row.allocation_id))))
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
        picture: what the payment said at the moment; None if we did not know it yet.
    """

    words: Words
    at: datetime
    rules_now: Preferences
    rules_then: Preferences | None
    picture: PaymentPicture | None

    def payment(self, story: PaymentStory) -> Iterator[Fact]:
        picture = self.picture
        if picture is None:
            yield Fact("Known", f"Not yet: we first saw it at {_moment(story.first_seen_at)}.")
            return
        heard = sum(event.received_at <= self.at for event in story.events)
        yield Fact("Known", f"Since {_moment(story.first_seen_at)}; {heard} of {len(story.events)} reports by then.")
        state = "" if picture.state == PaymentState.LIVE else f"{picture.state}, "
        amount = money_text(picture.total, picture.currency)
        yield Fact("As it was", f"{state}{amount}, dated {picture.paid_on or 'nowhere'}, version {picture.version}.")

    def title(self, part: AllocationStory) -> str:
        row = part.row
        what = f"invoice {row.invoice_number or row.document_id}" if row.kind == "invoice" else row.kind.value
        return f"Part for {what.replace('_', ' ')}"

    def part(self, story: PaymentStory, part: AllocationStory, known: Known | None) -> Iterator[Fact]:
        then = self._then(story, part)
        if then is not None:
            of_it = " It was no longer part of the payment." if then.removed else ""
            yield Fact("As it was", f"{money_text(then.amount, then.currency)}.{of_it}")
        yield from self._decision(part.decisions)
        yield from self._writes(part.effects)
        yield from self._ledger(part)
        if known is None:
            return
        has_other_rules = self.rules_then is not None and self.rules_then != self.rules_now
        if then is not None:
            as_of_then = known_then(known, then)
            if self.rules_then is not None:
                yield Fact("As of then, by the preferences of then", self._decided(as_of_then, self.rules_then))
            if self.rules_then is None or has_other_rules:
                yield Fact("As of then, by the preferences of today", self._decided(as_of_then, self.rules_now))
        yield Fact("Decided today", self._decided(known, self.rules_now))
        if self.rules_then is not None and has_other_rules:
            yield Fact("Today, by the preferences of then", self._decided(known, self.rules_then))

    def _then(self, story: PaymentStory, part: AllocationStory) -> PartThen | None:
        """None if the payment had no such part then."""
        picture = self.picture
        said = picture.parts.get(part.row.allocation_id) if picture is not None else None
        if picture is None or said is None:
            return None
        made = [one for one in part.decisions if one.decided_at <= self.at]
        entered = [one for one in part.entries if one.created_at <= self.at]
        standing = next((one for one in entered if self._stood(one)), None)
        last_change = entered[-1].as_of(self.at) if entered else None
        left_out = story.left_out
        return PartThen(
            state=PaymentState(picture.state),
            currency=picture.currency,
            paid_on=picture.paid_on,
            amount=said.amount,
            problem=Reason(said.problem) if said.problem else None,
            removed=said.removed,
            flaw=Reason(picture.flaw) if picture.flaw else None,
            left_out=story.situation.left_out if left_out is not None and left_out.at <= self.at else None,
            synced=self._synced(standing) if standing is not None else None,
            was_reversed=standing is None and bool(entered),
            removed_by_hand=last_change is not None and last_change.kind is EntryChange.REMOVED_BY_HAND,
            in_force=_in_force(made[-1]) if made else None,
        )

    def _synced(self, entry: LedgerLine) -> SyncedPayment:
        then = entry.as_of(self.at)
        return SyncedPayment(
            target_invoice_id=entry.target_invoice_id,
            target_payment_id=entry.target_payment_id,
            amount=then.amount if then is not None else entry.amount,
            paid_on=then.paid_on if then is not None else entry.paid_on,
            ours=entry.ours,
            harmed=then is not None and then.harmed,
            finding=then.finding if then is not None else None,
        )

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


def _in_force(decision: DecisionLine) -> InForce:
    return InForce(decision.reason, decision.verdicts, decision.detail, decision.seen)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
