"""One invoice in both systems: every kind of row, every line of the sums, and the verdict."""

from decimal import Decimal

import pytest

from domain.comparing.comparison import ComparedAs, LineKind, Obstacle, compare
from domain.comparing.parts import Nature
from domain.comparing.rows import OPEN_KINDS, RowKind
from domain.comparing.sides import BothSides, NotRead, WhyNotRead
from domain.reasons import Reason
from domain.records import AllocationKind
from domain.status import PaymentStatus
from tests.domain.comparing.sides import LATER, both, credited, entered, known, paid, source, target

SYNCED = known("163", as_="7000")
ON_ITS_WAY = {"status": PaymentStatus.ON_ITS_WAY, "reason": Reason.ELIGIBLE}
HELD = {"status": PaymentStatus.NEEDS_ATTENTION, "reason": Reason.TWIN_NEARBY}
SKIPPED = {"status": PaymentStatus.SKIPPED, "reason": Reason.SWITCHED_OFF}
LEAVING = {"status": PaymentStatus.ON_ITS_WAY, "reason": Reason.VOIDED_AFTER_SYNC}

# What both systems say -> the kinds of the rows, the outcome, and by how much the source's balance is higher.
CASES: dict[str, tuple[BothSides, list[RowKind], ComparedAs, str | None]] = {
    "no payment on either side": (both(source(), target()), [], ComparedAs.AGREES, "0"),
    "one payment that we synced": (
        both(source(paid("163", "40.00")), target(entered("7000", "40.00")), SYNCED),
        [RowKind.SAME],
        ComparedAs.AGREES,
        "0",
    ),
    "another date at the target": (
        both(source(paid("163", "40.00")), target(entered("7000", "40.00", on=LATER)), SYNCED),
        [RowKind.DATE_DIFFERS],
        ComparedAs.AGREES,
        "0",
    ),
    "another amount at the target": (
        both(source(paid("163", "40.00")), target(entered("7000", "39.99")), SYNCED),
        [RowKind.AMOUNT_DIFFERS],
        ComparedAs.DIFFERS,
        "-0.01",
    ),
    "two wrong amounts that cancel each other": (
        both(
            source(paid("163", "40.00"), paid("164", "20.00")),
            target(entered("7000", "39.00"), entered("7001", "21.00")),
            SYNCED,
            known("164", "20.00", as_="7001"),
        ),
        [RowKind.AMOUNT_DIFFERS, RowKind.AMOUNT_DIFFERS],
        ComparedAs.DIFFERS,
        "0",
    ),
    "one target payment for two of the source": (
        both(
            source(paid("163", "40.00"), paid("164", "20.00", on=LATER)),
            target(entered("7000", "60.00", on=LATER)),
            SYNCED,
            known("164", "20.00", as_="7000"),
        ),
        [RowKind.SAME],
        ComparedAs.AGREES,
        "0",
    ),
    "the same amount and date, which no record links": (
        both(source(paid("163", "40.00")), target(entered("7000", "40.00", by="dana")), known("163", **HELD)),
        [RowKind.PERHAPS_SAME],
        ComparedAs.AGREES,
        "0",
    ),
    "the same amount on another date, which no record links": (
        both(source(paid("163", "40.00")), target(entered("7000", "40.00", on=LATER)), known("163", **HELD)),
        [RowKind.HELD, RowKind.TYPED_AT_TARGET],
        ComparedAs.DIFFERS,
        "0",
    ),
    "our link goes before an equal amount and date": (
        both(
            source(paid("163", "40.00")),
            target(entered("6999", "40.00", by="dana"), entered("7000", "40.00")),
            SYNCED,
        ),
        [RowKind.SAME, RowKind.PERHAPS_TWICE],
        ComparedAs.DIFFERS,
        "40.00",
    ),
    "on its way": (
        both(source(paid("163", "40.00")), target(), known("163", **ON_ITS_WAY)),
        [RowKind.ON_ITS_WAY],
        ComparedAs.DIFFERS,
        "-40.00",
    ),
    "held": (
        both(source(paid("163", "40.00")), target(), known("163", **HELD)),
        [RowKind.HELD],
        ComparedAs.DIFFERS,
        "-40.00",
    ),
    "skipped by a rule": (
        both(source(paid("163", "40.00")), target(), known("163", **SKIPPED)),
        [RowKind.SKIPPED],
        ComparedAs.DIFFERS,
        "-40.00",
    ),
    "not heard of": (
        both(source(paid("163", "40.00")), target()),
        [RowKind.NOT_HEARD_OF],
        ComparedAs.DIFFERS,
        "-40.00",
    ),
    "ours, and gone from the target": (
        both(source(paid("163", "40.00")), target(), SYNCED),
        [RowKind.MISSING_AT_TARGET],
        ComparedAs.DIFFERS,
        "-40.00",
    ),
    "typed into the target": (
        both(source(), target(entered("7000", "40.00", by="dana"))),
        [RowKind.TYPED_AT_TARGET],
        ComparedAs.DIFFERS,
        "40.00",
    ),
    "voided at the source, still at the target": (
        both(source(), target(entered("7000", "40.00")), known("163", as_="7000", live=False, **LEAVING)),
        [RowKind.LEFT_AT_TARGET],
        ComparedAs.DIFFERS,
        "40.00",
    ),
    "voided at the source, and gone from the target": (
        both(source(), target(), known("163", as_="7000", live=False, **LEAVING)),
        [],
        ComparedAs.AGREES,
        "0",
    ),
    "the target's own payment service": (
        both(source(), target(entered("7000", "40.00", foreign=True))),
        [RowKind.OF_TARGETS_OWN_PRODUCT],
        ComparedAs.DIFFERS,
        "40.00",
    ),
    "a credit memo at the source": (
        both(source(credited("163", "40.00")), target(), known("163", **SKIPPED)),
        [RowKind.CREDIT_AT_SOURCE],
        ComparedAs.DIFFERS,
        "-40.00",
    ),
    "a credit at the target": (
        both(source(), target(entered("7000", "40.00", credit=True))),
        [RowKind.CREDIT_AT_TARGET],
        ComparedAs.DIFFERS,
        "40.00",
    ),
    "the same credit on both sides, each on its own day": (
        both(source(credited("163", "40.00")), target(entered("7000", "40.00", on=LATER, credit=True))),
        [RowKind.PERHAPS_SAME],
        ComparedAs.AGREES,
        "0",
    ),
    "a credit is never the same as money": (
        both(source(credited("163", "40.00")), target(entered("7000", "40.00", by="dana"))),
        [RowKind.CREDIT_AT_SOURCE, RowKind.TYPED_AT_TARGET],
        ComparedAs.DIFFERS,
        "0",
    ),
    "a deposit that was taken on the invoice form": (
        both(source(deposit="30.00"), target()),
        [],
        ComparedAs.DIFFERS,
        "-30.00",
    ),
    "paid too much at the target": (
        both(source(paid("163", "100.00")), target(entered("7000", "120.00")), known("163", "100.00", as_="7000")),
        [RowKind.AMOUNT_DIFFERS],
        ComparedAs.DIFFERS,
        "20.00",
    ),
    "voided at the source as a whole": (
        both(source(total="0"), target()),
        [],
        ComparedAs.DIFFERS,
        "-100.00",
    ),
    "a payment at the source that could not be read": (
        both(source(unread_ids=("163",), balance="60.00"), target()),
        [RowKind.UNREADABLE],
        ComparedAs.UNKNOWN,
        None,
    ),
    "another currency": (
        both(source(paid("163", "40.00")), target(entered("7000", "40.00", by="dana"), currency="CAD")),
        [RowKind.NOT_HEARD_OF, RowKind.TYPED_AT_TARGET],
        ComparedAs.UNKNOWN,
        None,
    ),
    "the target was not read": (
        both(source(paid("163", "40.00")), NotRead(WhyNotRead.NO_ANSWER), SYNCED),
        [RowKind.NOT_COMPARED],
        ComparedAs.UNKNOWN,
        None,
    ),
    "the source was not read, and what is stored stands in for it": (
        both(NotRead(WhyNotRead.NO_ANSWER), target(entered("7000", "40.00")), SYNCED),
        [RowKind.NOT_COMPARED, RowKind.NOT_COMPARED],
        ComparedAs.UNKNOWN,
        None,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_both_systems_say_gives_these_rows_and_this_outcome(case: str) -> None:
    sides, kinds, outcome, difference = CASES[case]
    compared = compare(sides)
    assert [row.kind for row in compared.rows] == kinds
    assert compared.compared_as is outcome
    assert compared.difference == (None if difference is None else Decimal(difference))


def test_every_kind_of_row_comes_up() -> None:
    assert {kind for _, kinds, _, _ in CASES.values() for kind in kinds} == set(RowKind)


def test_each_payment_is_in_exactly_one_row() -> None:
    for sides, _, _, _ in CASES.values():
        rows = compare(sides).rows
        if not isinstance(sides.source, NotRead):
            listed = sorted(part.payment_id for row in rows for part in row.parts)
            assert listed == sorted(one.external_id for one in sides.source.payments)
        if not isinstance(sides.target, NotRead):
            listed = sorted(row.target.external_id for row in rows if row.target is not None)
            assert listed == sorted(one.external_id for one in sides.target.payments)


def test_nothing_that_agrees_has_a_row_without_counterpart() -> None:
    for sides, kinds, outcome, _ in CASES.values():
        if outcome is ComparedAs.AGREES:
            assert not OPEN_KINDS & set(kinds)
            assert all(line.difference == 0 for line in compare(sides).lines)


def test_a_balance_is_explained_by_its_lines_to_the_cent() -> None:
    sides = both(
        source(
            paid("163", "10.00"),
            credited("164", "20.00"),
            paid("165", "5.00", total="3.00", problem=Reason.MIXED_WITH_CREDIT),
            deposit="7.00",
            balance="50.00",
        ),
        target(entered("7000", "10.00"), balance="85.00"),
    )
    lines = {line.kind: (line.source, line.target) for line in compare(sides).lines}
    assert lines == {
        LineKind.TOTAL: (Decimal("100.00"), Decimal("100.00")),
        LineKind.PAYMENTS: (Decimal("10.00"), Decimal("10.00")),
        LineKind.CREDITS: (Decimal("20.00"), Decimal(0)),
        LineKind.MIXED: (Decimal("5.00"), Decimal(0)),
        LineKind.DEPOSIT: (Decimal("7.00"), Decimal(0)),
        # A journal entry against receivables, a discount: no payment tells of it.
        LineKind.OTHER: (Decimal("8.00"), Decimal("5.00")),
        LineKind.BALANCE: (Decimal("50.00"), Decimal("85.00")),
    }
    for side in (0, 1):
        lowered = sum((pair[side] or Decimal(0) for kind, pair in lines.items() if kind not in ("total", "balance")))
        assert (lines[LineKind.TOTAL][side] or 0) - lowered == lines[LineKind.BALANCE][side]


def test_a_reduction_that_no_payment_explains_never_agrees() -> None:
    """Both balances are the same, but one side got there by something that we cannot see."""
    sides = both(source(balance="60.00"), target(entered("7000", "40.00", by="dana")))
    assert compare(sides).compared_as is ComparedAs.DIFFERS


def test_a_credit_is_named() -> None:
    (row,) = compare(both(source(credited("163", "40.00")), target())).rows
    (part,) = row.parts
    assert part.nature is Nature.CREDIT
    assert [(one.kind, one.document_id, one.amount) for one in part.credits] == [
        (AllocationKind.CREDIT_MEMO, "88", Decimal("40.00"))
    ]


def test_several_lines_of_one_payment_on_the_invoice_are_one_part() -> None:
    payment = paid("163", "40.00", credits_=[(AllocationKind.INVOICE, "70", "10.00")], total="50.00")
    (row,) = compare(both(source(payment), target(entered("7000", "50.00")), known("163", "50.00", as_="7000"))).rows
    assert (row.kind, row.parts[0].amount) == (RowKind.SAME, Decimal("50.00"))


def test_two_equal_payments_are_paired_one_to_one() -> None:
    sides = both(
        source(paid("163", "40.00"), paid("164", "40.00")),
        target(entered("7000", "40.00", by="dana")),
        known("163", **HELD),
        known("164", **HELD),
    )
    assert [row.kind for row in compare(sides).rows] == [RowKind.PERHAPS_SAME, RowKind.HELD]


@pytest.mark.parametrize(
    ("of_source", "of_target", "obstacle"),
    [
        (NotRead(WhyNotRead.GONE), target(), Obstacle.SOURCE_GONE),
        (NotRead(WhyNotRead.NOT_FOUND), target(), Obstacle.SOURCE_GONE),
        (NotRead(WhyNotRead.PAUSED), target(), Obstacle.SOURCE_NOT_READ),
        (source(), NotRead(WhyNotRead.GONE), Obstacle.TARGET_GONE),
        (source(), NotRead(WhyNotRead.AMBIGUOUS), Obstacle.TARGET_NOT_READ),
        (source(), target(currency="CAD"), Obstacle.CURRENCY_DIFFERS),
        (source(paid("1", "1.00", flaw=Reason.INCOMPLETE)), target(), Obstacle.PAYMENT_UNREADABLE),
    ],
)
def test_what_cannot_be_compared_says_why(of_source, of_target, obstacle) -> None:
    compared = compare(both(of_source, of_target))
    assert (compared.compared_as, compared.obstacle, compared.difference) == (ComparedAs.UNKNOWN, obstacle, None)


def test_a_company_with_one_currency_that_leaves_it_out_is_compared() -> None:
    assert compare(both(source(currency=None), target())).compared_as is ComparedAs.AGREES


def test_money_of_the_targets_own_service_is_never_perhaps_ours() -> None:
    sides = both(source(paid("163", "40.00")), target(entered("7000", "40.00", foreign=True)), known("163", **HELD))
    assert [row.kind for row in compare(sides).rows] == [RowKind.HELD, RowKind.OF_TARGETS_OWN_PRODUCT]


def test_a_payment_that_came_back_is_not_what_stood_for_its_former_part() -> None:
    """It was moved away from another document whose payment still stands here, and is on this invoice by itself now."""
    former, now = known("163", as_="7000", live=False, **LEAVING), known("163", **ON_ITS_WAY)
    for parts in ((former, now), (now, former)):
        rows = compare(both(source(paid("163", "40.00")), target(entered("7000", "40.00")), *parts)).rows
        assert {(row.kind, len(row.parts)) for row in rows} == {(RowKind.ON_ITS_WAY, 1), (RowKind.LEFT_AT_TARGET, 0)}


def test_a_line_of_nothing_is_no_payment() -> None:
    assert compare(both(source(paid("163", "0.00")), target())).rows == ()


def test_a_stored_payment_that_is_no_longer_on_the_invoice_does_not_stand_in_for_the_source() -> None:
    sides = both(NotRead(WhyNotRead.NO_ANSWER), target(), known("163", live=False, **LEAVING))
    assert compare(sides).rows == ()
