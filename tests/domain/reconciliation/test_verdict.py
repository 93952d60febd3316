"""The verdict in one sentence, and the difference that nobody can name."""

from decimal import Decimal

import pytest

from domain.reconciliation.breaks import BreakKind
from domain.reconciliation.roll_forward import Standing
from domain.reconciliation.untrusted import Untrusted, WhyUntrusted
from domain.reconciliation.verdict import BreakSum, RunOutcome, SideUntrusted, unidentified, verdict_told
from domain.words import Words

WORDS = Words("QuickBooks", "ConnectWise")


def there(
    breaks: int,
    share: str,
    standing: Standing = Standing.OPEN,
    kind: BreakKind = BreakKind.AMOUNT_DIFFERS,
    currency: str | None = "USD",
) -> BreakSum:
    return BreakSum(kind, standing, currency, breaks, Decimal(share))


def told(outcome: RunOutcome, *sums: BreakSum, left_over: int = 0, untrusted: tuple[SideUntrusted, ...] = ()) -> str:
    return verdict_told(outcome, sums, left_over, untrusted, WORDS)


def test_nothing_is_apart() -> None:
    assert told(RunOutcome.AGREES) == "Everything that is open agrees to the cent."


@pytest.mark.parametrize(
    ("sums", "sentence"),
    [
        (
            (there(1, "7.00"),),
            "except 1 difference without an explanation: in all, QuickBooks is 7.00 USD higher than ConnectWise.",
        ),
        (
            (there(6, "-1200.00"), there(1, "-4.50", kind=BreakKind.COUNTED_TWICE)),
            "except 7 differences without an explanation: in all, QuickBooks is 1,204.50 USD lower than ConnectWise.",
        ),
        (
            (there(6, "0.00"), there(1, "-3", currency="JPY")),
            "except 7 differences without an explanation: in all, QuickBooks is 3 JPY lower than ConnectWise.",
        ),
        # Two currencies on one invoice: no sum of money is apart, and yet it does not agree.
        ((there(1, "0.00", kind=BreakKind.CURRENCY_DIFFERS),), "except 1 difference without an explanation."),
    ],
)
def test_what_is_apart_is_counted_and_summed_by_currency(sums: tuple[BreakSum, ...], sentence: str) -> None:
    assert told(RunOutcome.DIFFERS, *sums) == f"Everything that is open agrees to the cent, {sentence}"


def test_two_currencies_are_never_added() -> None:
    sentence = told(RunOutcome.DIFFERS, there(1, "7.00"), there(1, "-3.00", currency="CAD"))
    assert "QuickBooks is 3.00 CAD lower and 7.00 USD higher than ConnectWise." in sentence


def test_what_is_explained_is_no_difference_to_worry_about() -> None:
    held, accepted = there(2, "5.00", Standing.EXPLAINED, BreakKind.HELD), there(1, "1.00", Standing.ACCEPTED)
    assert told(RunOutcome.EXPLAINED, held, accepted).endswith("except 3 differences that are explained.")
    assert told(RunOutcome.DIFFERS, there(1, "7.00"), held).endswith("2 differences more are explained.")


def test_a_date_that_differs_is_no_money() -> None:
    assert "2 differences" not in told(
        RunOutcome.DIFFERS, there(1, "7.00"), there(1, "0.00", kind=BreakKind.DATE_DIFFERS)
    )


def test_what_was_left_over_is_never_called_agreement() -> None:
    sentence = told(RunOutcome.DIFFERS, left_over=3)
    assert "agrees" not in sentence
    assert "3 invoices whose sums differ could not be read in depth yet" in sentence


def test_a_side_that_was_not_read_as_a_whole_is_named_with_its_reason() -> None:
    cut = SideUntrusted("source", Untrusted(WhyUntrusted.TRUNCATED))
    sentence = told(RunOutcome.NOT_COMPARABLE, there(1, "7.00"), untrusted=(cut,))
    assert sentence.startswith("The two systems could not be compared, so nothing is said")
    assert "QuickBooks cut its report short" in sentence


def test_the_unidentified_difference_is_what_nothing_explains() -> None:
    sums = [there(2, "5.00"), there(1, "3.00", kind=BreakKind.UNIDENTIFIED)]
    found = unidentified(RunOutcome.DIFFERS, sums, left_over=0)
    assert (found.is_nothing, found.breaks, found.told) == (False, 1, "3.00 USD")
    nothing = unidentified(RunOutcome.DIFFERS, sums[:1], left_over=0)
    assert (nothing.is_nothing, nothing.told) == (True, "0.00")


def test_two_that_cancel_each_other_out_are_still_shouted() -> None:
    sums = [there(2, "0.00", kind=BreakKind.UNIDENTIFIED)]
    assert not unidentified(RunOutcome.DIFFERS, sums, left_over=0).is_nothing


@pytest.mark.parametrize(("outcome", "left_over"), [(RunOutcome.NOT_COMPARABLE, 0), (RunOutcome.DIFFERS, 1)])
def test_nobody_knows_the_unidentified_difference_of_what_was_not_read(outcome: RunOutcome, left_over: int) -> None:
    found = unidentified(outcome, [], left_over)
    assert (found.is_nothing, found.told) == (False, "not known")
