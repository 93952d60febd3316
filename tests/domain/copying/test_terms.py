"""A partner's choices survive the database, and whatever else may stand there does no harm."""

from datetime import date
from decimal import Decimal
from string import Formatter

import pytest

from domain.copying.billed import LineKind
from domain.copying.reasons import EXPLAINED_COPIES, CopyReason, copy_advice, copy_sentence
from domain.copying.states import ALLOWED, AT_WORK, CopyAction
from domain.copying.terms import CopyTerms, DebtorChoice, LineDetail, TaxAs, terms_from
from domain.reasons import Reason
from domain.words import Words

CHOSEN = CopyTerms(
    start_on=date(2026, 1, 1),
    line_detail=LineDetail.TOTALS,
    tax_as=TaxAs.LINE,
    debtor=DebtorChoice.COMPANY,
    items={LineKind.SERVICE: "5"},
    tax_item_id="6",
    taxable_code_id="7",
    exempt_code_id="8",
    tax_codes={"GST": "9"},
    rounding_max=Decimal("0.10"),
    adopt=False,
    zero_totals=True,
    online_payment=True,
    automatic=True,
    prefix="MSP",
)


def test_choices_are_read_as_they_were_stored() -> None:
    assert terms_from(CHOSEN.as_stored()) == CHOSEN


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"start_on": "yesterday", "rounding_max": "much", "line_detail": "some", "items": {"song": "1"}},
        {"rounding_max": "NaN", "items": None, "tax_codes": None, "prefix": ""},
        {"rounding_max": "-1", "start_on": 7},
    ],
)
def test_what_cannot_be_read_has_its_default(stored: dict[str, object]) -> None:
    assert terms_from(stored) == CopyTerms()


def test_nothing_can_be_asked_for_while_a_worker_is_at_work() -> None:
    assert all(not states & AT_WORK for states in ALLOWED.values())
    assert ALLOWED.keys() == set(CopyAction)


@pytest.mark.parametrize("reason", CopyReason)
def test_every_reason_has_a_sentence_and_an_advice_with_the_names_of_the_systems(reason: CopyReason) -> None:
    words = Words("QuickBooks", "ConnectWise")
    for text in (copy_sentence(words, reason), copy_advice(words, reason)):
        assert text.endswith(".")
        assert "{" not in text
    explained = EXPLAINED_COPIES[reason]
    named = {
        name for text in (explained.sentence, explained.advice) for _, name, _, _ in Formatter().parse(text) if name
    }
    assert named <= {"source", "target"}


def test_no_word_means_a_payments_reason_and_a_copys() -> None:
    assert {reason.value for reason in CopyReason}.isdisjoint({reason.value for reason in Reason})
    assert EXPLAINED_COPIES.keys() == set(CopyReason)
