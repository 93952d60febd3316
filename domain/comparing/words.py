"""What a comparison means, for a bookkeeper: one sentence and one advice for each row and for the whole."""

from dataclasses import dataclass
from decimal import Decimal

from domain.comparing.comparison import ComparedAs, Comparison, LineKind, Obstacle
from domain.comparing.rows import Row, RowKind
from domain.comparing.sides import BothSides, NotRead, WhyNotRead
from domain.money import money_text
from domain.reasons import NOTHING
from domain.records import AllocationKind
from domain.status import PaymentStatus
from domain.words import Words


@dataclass(frozen=True, slots=True)
class Told:
    """What is the case, and what to do about it; `advice` is "" where the sentence needs none."""

    sentence: str
    advice: str = ""

    def filled(self, **names: str) -> "Told":
        return Told(self.sentence.format(**names), self.advice.format(**names))


KIND_SENTENCES: dict[RowKind, Told] = {
    RowKind.SAME: Told("The same amount and date in both."),
    RowKind.DATE_DIFFERS: Told(
        "The same payment and amount; the dates differ.", "If the date matters to you, correct it in {target}."
    ),
    RowKind.AMOUNT_DIFFERS: Told(
        "These belong together, and the amounts differ.", "Compare both payments and correct the wrong one."
    ),
    RowKind.PERHAPS_SAME: Told(
        "Perhaps the same: the amount and the date are equal, but our records do not link the two.",
        "Check that it is the same money.",
    ),
    RowKind.ON_ITS_WAY: Told("On its way to {target}.", "Nothing to do; read both systems again in a minute."),
    RowKind.HELD: Told("Held."),
    RowKind.SKIPPED: Told("Not synced."),
    RowKind.NOT_HEARD_OF: Told(
        "{source} has not reported this payment to us yet.",
        "Nothing to do: the next catch-up brings it. Read both systems again after that.",
    ),
    RowKind.MISSING_AT_TARGET: Told(
        "It was on the {target} invoice as payment {missing}, and is no longer there.",
        "If it was removed by mistake, open the payment and retry it.",
    ),
    RowKind.TYPED_AT_TARGET: Told(
        "Entered in {target}, not by us; no payment in {source} belongs to it.",
        "If it is real money, record it in {source}; otherwise delete it in {target}.",
    ),
    RowKind.PERHAPS_TWICE: Told(
        "Entered in {target}, not by us; another payment with the same amount and date is there already.",
        "If the money came only once, delete one of the two in {target}.",
    ),
    RowKind.LEFT_AT_TARGET: Told(
        "It is still in {target}, but the payment in {source} is no longer on this invoice.",
        "If nothing changes within a few minutes, delete it in {target}.",
    ),
    RowKind.OF_TARGETS_OWN_PRODUCT: Told(
        "Money from {target}’s own payment service; no payment in {source} is linked to it.",
        "If {source} has no record of this money, record it there.",
    ),
    RowKind.CREDIT_AT_SOURCE: Told(
        "A credit, no money: it lowers the balance in {source} only, because credits are not synced.",
        "Apply the same credit to the invoice in {target}.",
    ),
    RowKind.CREDIT_AT_TARGET: Told(
        "A credit that was applied in {target} only.", "Apply the same credit to the invoice in {source}."
    ),
    RowKind.UNREADABLE: Told(
        "{source} did not give us payment {unread}, so we do not know what it puts on this invoice.",
        "Read both systems again in a minute.",
    ),
    RowKind.NOT_COMPARED: Told("Not compared, because the other side was not read."),
}
# Our decision about the payment says more than the kind of its row.
_DECIDED = frozenset({RowKind.HELD, RowKind.SKIPPED, RowKind.ON_ITS_WAY})
# A correction may be on its way, or held: then our decision says it.
_CORRECTED = frozenset(
    {RowKind.AMOUNT_DIFFERS, RowKind.LEFT_AT_TARGET, RowKind.MISSING_AT_TARGET, RowKind.PERHAPS_SAME}
)

CREDIT_NAMES = {
    AllocationKind.CREDIT_MEMO: "credit memo",
    AllocationKind.JOURNAL_ENTRY: "journal entry",
    AllocationKind.REFUND: "refund",
    AllocationKind.OTHER: "document",
}

LINE_NAMES: dict[LineKind, str] = {
    LineKind.TOTAL: "Invoice total",
    LineKind.PAYMENTS: "Payments",
    LineKind.CREDITS: "Credits applied",
    LineKind.MIXED: "Payments mixed with credit",
    LineKind.DEPOSIT: "Deposit taken on the invoice form",
    LineKind.OTHER: "Not explained by any payment or credit",
    LineKind.BALANCE: "Balance due",
}

_NOT_READ: dict[WhyNotRead, Told] = {
    WhyNotRead.NOT_CONNECTED: Told("{name} is not connected.", "Connect it under Integrations."),
    WhyNotRead.PAUSED: Told("Calls to {name} are paused right now.", "Read again in a few minutes."),
    WhyNotRead.NO_ANSWER: Told("{name} did not answer.", "Read again in a few minutes."),
    WhyNotRead.GONE: Told(
        "The invoice no longer exists in {name}.",
        "If it was deleted by mistake, create it again; if not, delete it in the other system too.",
    ),
    WhyNotRead.NOT_FOUND: Told(
        "{name} has no invoice with this number.", "Check the number in {name}, and read again."
    ),
    WhyNotRead.AMBIGUOUS: Told(
        "{name} has several invoices with this number.", "Give each of them a number of its own, and read again."
    ),
    WhyNotRead.NO_AMOUNTS: Told(
        "{name} does not give this invoice’s total and balance.", "Check that it is an invoice and no credit memo."
    ),
}


def row_told(row: Row, words: Words) -> Told:
    """What is said about one row; the current decision's own words where it gives the reason."""
    decided = next((one for one in row.known if one.reason is not None), None)
    names = {"source": words.source, "target": words.target, "missing": row.missing_id, "unread": row.unread_id}
    told = KIND_SENTENCES[row.kind].filled(**names)
    if decided is None or decided.reason is None or decided.status is PaymentStatus.SYNCED:
        return told
    if row.kind in _DECIDED:
        return Told(words.sentence(decided.reason), words.advice(decided.reason))
    if row.kind in _CORRECTED:
        return Told(f"{told.sentence} {words.sentence(decided.reason)}", words.advice(decided.reason))
    return told


def not_read_told(side: NotRead, name: str) -> Told:
    """Why one system's side is missing."""
    told = _NOT_READ[side.why].filled(name=name)
    return Told(f"{told.sentence} {side.detail}", told.advice) if side.detail else told


def difference_text(difference: Decimal, currency: str | None) -> str:
    return money_text(abs(difference), currency)


def headline(comparison: Comparison, sides: BothSides, words: Words) -> Told:
    """The whole in one sentence."""
    match comparison.compared_as:
        case ComparedAs.AGREES:
            return Told("Both systems agree to the cent.", _remark(comparison))
        case ComparedAs.DIFFERS:
            return Told(_difference(comparison, words), _remark(comparison))
        case ComparedAs.UNKNOWN:
            return _obstacle_told(comparison, sides, words)


def _difference(comparison: Comparison, words: Words) -> str:
    difference = comparison.difference or Decimal(0)
    if not difference:
        return "The balances agree, but what led to them differs."
    more, less = (words.source, words.target) if difference > 0 else (words.target, words.source)
    by = difference_text(difference, comparison.currency)
    return f"They differ: the balance in {more} is {by} higher than in {less}."


def _remark(comparison: Comparison) -> str:
    """What a person should still look at, counted."""
    remarks = []
    if comparison.without_counterpart:
        counted = _counted(comparison.without_counterpart, "entry has", "entries have")
        remarks.append(f"{counted} no equal counterpart on the other side.")
    perhaps = comparison.count(RowKind.PERHAPS_SAME)
    if perhaps:
        remarks.append(f"{_counted(perhaps, 'pair looks', 'pairs look')} alike; our records do not link the two.")
    dates = comparison.count(RowKind.DATE_DIFFERS)
    if dates:
        remarks.append(f"{_counted(dates, 'payment has', 'payments have')} another date in the other system.")
    return " ".join(remarks) or (NOTHING if comparison.compared_as is ComparedAs.AGREES else "")


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _obstacle_told(comparison: Comparison, sides: BothSides, words: Words) -> Told:
    match comparison.obstacle:
        case Obstacle.CURRENCY_DIFFERS:
            return Told(
                "It cannot be told: the invoice has another currency in each system.",
                "Correct the currency in one of them.",
            )
        case Obstacle.PAYMENT_UNREADABLE | None:
            return Told(
                f"It cannot be told: a payment in {words.source} could not be read as a whole.",
                "Read both systems again in a few minutes.",
            )
        case _:
            missing = [
                not_read_told(side, name)
                for side, name in ((sides.source, words.source), (sides.target, words.target))
                if isinstance(side, NotRead)
            ]
            return Told(
                f"It cannot be told: {' '.join(one.sentence for one in missing)}",
                " ".join(dict.fromkeys(one.advice for one in missing)),
            )
