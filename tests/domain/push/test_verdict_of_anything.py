"""Whatever is owed and whatever a look shows: there is a verdict, and it never risks a second payment."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.preferences import TwinPolicy
from domain.push.before_image import Seen
from domain.push.effect import ATTEMPTS_MAX, Doubt, EffectKind, EffectState
from domain.push.outcomes import Done, Send
from domain.push.strategy import CreatePayment, Entry, PaymentStrategy, RemovePayment, SetPayment, Wanted
from domain.push.verdict import InvoiceNotFound, InvoiceSeen, Look, Owed, Terms, judge
from domain.reasons import Reason
from domain.records import TargetInvoice, TargetPayment

T = TypeVar("T")
DAY = date(2026, 11, 20)
# Few values, so that they meet.
ids = st.sampled_from(["1", "2", "3", "4"])
amounts = st.sampled_from([Decimal(text) for text in ("20", "30", "50", "80", "100")])
days = st.sampled_from([DAY, DAY - timedelta(days=1), DAY - timedelta(days=10)])
own_reasons = st.sampled_from([Reason.SEVERAL_CANDIDATES, Reason.TARGET_REPLACED, Reason.TARGET_CHANGED_IT])

payments = st.builds(
    TargetPayment,
    external_id=ids,
    amount=amounts,
    paid_on=st.one_of(days, st.none()),
    entered_by=st.sampled_from(["", "us", "anna"]),
    foreign=st.sampled_from([False, False, True]),
)
images = st.builds(Seen, external_id=ids, amount=amounts, paid_on=st.one_of(days, st.none()))
entries = st.builds(Entry, allocation_id=st.sampled_from([1, 2, 3]), payment_id=ids, amount=amounts, paid_on=days)
invoices = st.builds(
    TargetInvoice,
    external_id=st.just("7"),
    number=st.just("INV-1"),
    total=st.sampled_from([Decimal(100), Decimal(300)]),
    balance=st.sampled_from([Decimal(0), Decimal(50), Decimal(300)]),
    currency=st.just("USD"),
    customer_names=st.just(()),
    payable=st.booleans(),
)


def lists_by(values: st.SearchStrategy[T], key: Callable[[T], object]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(values, max_size=4, unique_by=key).map(tuple)


looks_at_invoices = st.builds(
    InvoiceSeen,
    invoice=invoices,
    payments=lists_by(payments, lambda one: one.external_id),
    entries=lists_by(entries, lambda one: one.allocation_id),
    claimed=st.frozensets(ids),
    outlived=st.frozensets(ids),
    other_money=st.frozensets(ids),
    found_by_look=st.frozensets(ids),
)
any_look: st.SearchStrategy[Look] = st.one_of(st.just(InvoiceNotFound()), looks_at_invoices)
any_terms = st.builds(
    Terms,
    strategy=st.sampled_from(PaymentStrategy),
    twin_policy=st.sampled_from(TwinPolicy),
    author=st.sampled_from(["", "us"]),
    sync_enabled=st.booleans(),
)


@st.composite
def any_owed(draw: st.DrawFn, kinds: Sequence[EffectKind] = tuple(EffectKind), **fixed: Any) -> Owed:
    """Anything that may be owed, of these kinds and with these fields."""
    kind = draw(st.sampled_from(kinds))
    is_removal = kind is EffectKind.REVERSE
    wanted = Wanted(
        kind=kind,
        allocation_id=1,
        amount=Decimal(0) if is_removal else draw(amounts),
        paid_on=None if is_removal else draw(days),
        payment_id=None if kind is EffectKind.CREATE else draw(ids),
    )
    owed = Owed(
        wanted,
        "USD",
        state=draw(st.sampled_from([EffectState.PENDING, EffectState.IN_DOUBT])),
        attempts=draw(st.sampled_from([0, 1, ATTEMPTS_MAX])),
        doubt=draw(st.sampled_from(Doubt)),
        sent_into=draw(st.one_of(st.none(), ids)),
        image=draw(lists_by(images, lambda one: one.external_id)),
        changed_since=draw(st.booleans()),
        same_money_id=draw(st.one_of(st.none(), ids)),
    )
    return replace(owed, **fixed)


@given(any_owed(), any_look, any_terms)
def test_there_is_always_a_verdict_and_the_same_one(owed: Owed, look: Look, terms: Terms) -> None:
    assert judge(owed, look, terms) == judge(owed, look, terms)


@given(any_owed((EffectKind.CREATE,), doubt=Doubt.UNANSWERED, sent_into=None), looks_at_invoices, any_terms)
def test_nothing_is_sent_while_what_may_be_ours_is_on_the_invoice(owed: Owed, seen: InvoiceSeen, terms: Terms) -> None:
    """A doubt that a look could still settle: the very payment that was sent stands there, and is nobody else's."""
    landed = TargetPayment("9", owed.wanted.amount, owed.wanted.paid_on)
    assert not isinstance(judge(owed, replace(seen, payments=(*seen.payments, landed)), terms), Send)


@given(any_owed(), any_terms)
def test_nothing_is_sent_to_an_invoice_that_is_not_found(owed: Owed, terms: Terms) -> None:
    assert not isinstance(judge(owed, InvoiceNotFound(), terms), Send)


@given(any_owed((EffectKind.CREATE,)), looks_at_invoices, any_terms)
def test_nothing_is_created_beside_the_same_money_that_nobody_has_explained(
    owed: Owed, seen: InvoiceSeen, terms: Terms
) -> None:
    typed = TargetPayment("9", owed.wanted.amount, owed.wanted.paid_on, "anna")
    verdict = judge(owed, replace(seen, payments=(*seen.payments, typed)), terms)
    assert not (isinstance(verdict, Send) and isinstance(verdict.change, CreatePayment))


@given(any_owed((EffectKind.CREATE, EffectKind.ADJUST)), looks_at_invoices, any_terms)
def test_an_invoice_never_gets_more_than_is_open_on_it(owed: Owed, seen: InvoiceSeen, terms: Terms) -> None:
    verdict = judge(owed, seen, terms)
    if not isinstance(verdict, Send):
        return
    listed = sum((one.amount for one in seen.payments), Decimal(0))
    match verdict.change:
        case CreatePayment(amount):
            more = amount
        case SetPayment(payment_id, amount):
            there = seen.payment(payment_id)
            assert there is not None
            more = amount - there.amount
        case change:
            raise AssertionError(f"a creation or an edit is never {change}")
    assert more <= max(min(seen.invoice.balance, seen.invoice.total - listed), Decimal(0))


@given(any_owed(), looks_at_invoices, any_terms)
def test_only_a_payment_that_is_there_is_changed_or_removed(owed: Owed, seen: InvoiceSeen, terms: Terms) -> None:
    verdict = judge(owed, seen, terms)
    if isinstance(verdict, Send) and isinstance(verdict.change, SetPayment | RemovePayment):
        assert seen.payment(verdict.change.payment_id) is not None


@given(
    any_owed((EffectKind.CREATE,), doubt=Doubt.NONE),
    looks_at_invoices,
    any_terms.map(lambda one: replace(one, strategy=PaymentStrategy.APPEND)),
)
def test_without_a_send_that_may_have_arrived_no_payment_found_is_ours(
    owed: Owed, seen: InvoiceSeen, terms: Terms
) -> None:
    verdict = judge(owed, seen, terms)
    assert not (isinstance(verdict, Done) and verdict.ours)


@pytest.mark.parametrize("ending", [{"attempts": ATTEMPTS_MAX}, {"changed_since": True}])
@given(any_owed(state=EffectState.IN_DOUBT), looks_at_invoices, any_terms)
def test_a_doubt_that_ends_is_not_followed_by_a_send_that_nobody_wants_any_more(
    ending: dict[str, Any], owed: Owed, seen: InvoiceSeen, terms: Terms
) -> None:
    assert not isinstance(judge(replace(owed, **ending), seen, terms), Send)


@given(any_owed(state=EffectState.IN_DOUBT), looks_at_invoices, any_terms)
def test_a_doubt_is_not_followed_by_a_send_while_syncing_is_switched_off(
    owed: Owed, seen: InvoiceSeen, terms: Terms
) -> None:
    assert not isinstance(judge(owed, seen, replace(terms, sync_enabled=False)), Send)
