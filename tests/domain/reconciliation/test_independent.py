"""The independent comparison: every difference that was made is found and named, and none is invented."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.reconciliation.independent import (
    SENTENCES,
    Disagreement,
    Kind,
    Nature,
    Part,
    Seen,
    compare,
    sums,
    suspects,
)

DAY, SINCE = date(2026, 11, 20), date(2026, 11, 1)


def paid(amount: str, dated: date | None = DAY, nature: Nature = Nature.MONEY, name: str = "p") -> Part:
    return Part(name, Decimal(amount), dated, nature)


def seen(
    *parts: Part, number: str = "INV-1", total: str = "100", currency: str | None = "USD", name: str = "1"
) -> Seen:
    balance = Decimal(total) - sum((part.amount for part in parts), Decimal(0))
    return Seen(name, number, currency, Decimal(total), balance, parts)


def kinds(one: Seen | list[Seen], other: Seen | list[Seen], since: date = SINCE) -> list[Kind]:
    ours = one if isinstance(one, list) else [one]
    theirs = other if isinstance(other, list) else [other]
    return [found.kind for found in compare(ours, theirs, since)]


CREDIT, MIXED = Nature.CREDIT, Nature.MIXED
NEXT_DAY, LONG_AGO = DAY + timedelta(days=1), date(2026, 9, 1)


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (seen(paid("40")), seen(paid("40")), []),
        (seen(paid("40")), seen(), [Kind.PAYMENT_MISSING_AT_TARGET]),
        (seen(), seen(paid("40")), [Kind.PAYMENT_MISSING_AT_SOURCE]),
        (seen(paid("40")), seen(paid("40", NEXT_DAY)), [Kind.DATE_DIFFERS]),
        (seen(paid("40")), seen(paid("41")), [Kind.AMOUNT_DIFFERS]),
        (seen(paid("40")), seen(paid("40"), paid("40")), [Kind.COUNTED_TWICE]),
        (seen(paid("40"), paid("40")), seen(paid("40")), [Kind.PAYMENT_MISSING_AT_TARGET]),
        (seen(paid("40"), paid("40")), seen(paid("40"), paid("40")), []),
        (seen(paid("60"), paid("40")), seen(paid("100")), []),
        (seen(paid("60"), paid("40")), seen(paid("99")), [Kind.AMOUNT_DIFFERS, Kind.PAYMENT_MISSING_AT_TARGET]),
        (seen(paid("9", DAY, CREDIT)), seen(paid("9", DAY, CREDIT)), []),
        (seen(paid("9", DAY, CREDIT)), seen(paid("4", DAY, CREDIT), paid("5", DAY, CREDIT)), []),
        (seen(paid("9", DAY, CREDIT)), seen(), [Kind.CREDIT_DIFFERS]),
        (seen(paid("9", DAY, CREDIT)), seen(paid("9")), [Kind.CREDIT_DIFFERS, Kind.PAYMENT_MISSING_AT_SOURCE]),
        (seen(paid("9", DAY, MIXED)), seen(paid("4"), paid("5", DAY, CREDIT)), []),
        (seen(paid("9", DAY, MIXED)), seen(paid("4")), [Kind.BALANCE_DIFFERS]),
        (seen(total="100"), seen(total="90"), [Kind.TOTAL_DIFFERS]),
        (seen(currency="USD"), seen(currency="CAD"), [Kind.CURRENCY_DIFFERS]),
        (seen(currency="USD"), seen(currency=None), []),
        (seen(paid("4", LONG_AGO)), seen(paid("4", LONG_AGO + timedelta(1))), []),
        (seen(paid("4", LONG_AGO)), seen(paid("5", LONG_AGO)), [Kind.AMOUNT_DIFFERS]),
        (seen(number="A"), seen(number="a"), [Kind.INVOICE_MISSING_AT_TARGET, Kind.INVOICE_MISSING_AT_SOURCE]),
        (seen(number=""), seen(number=""), [Kind.INVOICE_MISSING_AT_TARGET, Kind.INVOICE_MISSING_AT_SOURCE]),
        ([seen()], [], [Kind.INVOICE_MISSING_AT_TARGET]),
        ([seen(total="0")], [], []),
        ([seen(), seen(name="2")], [seen()], [Kind.NUMBER_NOT_UNIQUE]),
        ([seen()], [seen(), seen(name="2")], [Kind.NUMBER_NOT_UNIQUE]),
        ([seen(), seen(name="2", total="0")], [seen()], []),
    ],
)
def test_what_the_two_systems_say(one: Seen | list[Seen], other: Seen | list[Seen], found: list[Kind]) -> None:
    assert sorted(kinds(one, other)) == sorted(found)


def test_a_balance_that_nothing_explains_is_shouted() -> None:
    (found,) = compare([replace(seen(), balance=Decimal(70))], [seen()], SINCE)
    assert (found.kind, found.source_amount, found.target_amount) == (Kind.BALANCE_DIFFERS, 70, 100)


def test_both_ids_both_amounts_and_both_dates_are_told() -> None:
    ours, theirs = paid("40", DAY, name="qb-7"), paid("41", DAY, name="cw-9")
    assert compare([seen(ours)], [seen(theirs)], SINCE) == (
        Disagreement(Kind.AMOUNT_DIFFERS, "INV-1", "USD", ("qb-7",), ("cw-9",), Decimal(40), Decimal(41), DAY, DAY),
    )


def test_the_amounts_in_dispute_are_added_up_by_currency() -> None:
    dollars = compare([seen(paid("40"))], [seen(paid("41"))], SINCE)
    euros = compare([seen(currency="EUR")], [seen(paid("7"), currency="EUR")], SINCE)
    assert sums((*dollars, *euros)) == {"USD": Decimal(1), "EUR": Decimal(7)}


def test_every_kind_has_a_sentence_with_the_names_of_both_systems_filled_in() -> None:
    for kind in Kind:
        assert "{" not in SENTENCES[kind].format(source="QuickBooks", target="ConnectWise")


AMOUNTS = st.integers(1, 500).map(lambda cents: Decimal(cents) / 100)
PARTS = st.lists(
    st.builds(Part, st.just("p"), AMOUNTS, st.dates(LONG_AGO, DAY), st.sampled_from([Nature.MONEY, Nature.CREDIT])),
    max_size=4,
)
INVOICES = st.builds(
    lambda number, total, parts: Seen(
        "1", f"N{number}", "USD", total, total - sum((part.amount for part in parts), Decimal(0)), tuple(parts)
    ),
    st.integers(0, 50),
    AMOUNTS,
    PARTS,
)
WORLDS = st.lists(INVOICES, max_size=6, unique_by=lambda one: one.number)


@given(WORLDS)
def test_a_world_agrees_with_itself(world: list[Seen]) -> None:
    assert compare(world, world, LONG_AGO) == ()
    assert suspects(world, world) == set()


@given(WORLDS, st.data())
def test_a_changed_amount_is_always_found_and_nothing_else(world: list[Seen], data: st.DataObject) -> None:
    assume(any(one.parts for one in world))
    place = data.draw(st.sampled_from([number for number, one in enumerate(world) if one.parts]))
    one = world[place]
    more = data.draw(AMOUNTS)
    changed = replace(one.parts[0], amount=one.parts[0].amount + more)
    other = replace(one, parts=(changed, *one.parts[1:]), balance=one.balance - more)
    theirs = [*world[:place], other, *world[place + 1 :]]
    found = compare(world, theirs, SINCE)
    assert {disagreement.number for disagreement in found} == {one.number}
    assert suspects(world, theirs) == {one.number}
    assert sum((disagreement.difference for disagreement in found), Decimal(0)) == -more


@given(WORLDS, WORLDS)
def test_what_is_found_is_what_is_left_of_the_two_balances(ours: list[Seen], theirs: list[Seen]) -> None:
    """Balance = total - parts: the named differences of a pair are the difference of its balances."""
    by_number = {one.number: one for one in theirs}
    for one in ours:
        other = by_number.get(one.number)
        if other is None:
            continue
        found = compare([one], [other], LONG_AGO)
        assert Kind.BALANCE_DIFFERS not in {disagreement.kind for disagreement in found}
        totals = [part.difference for part in found if part.kind is Kind.TOTAL_DIFFERS]
        parts = [part.difference for part in found if part.kind is not Kind.TOTAL_DIFFERS]
        assert one.balance - other.balance == sum(totals, Decimal(0)) - sum(parts, Decimal(0))
