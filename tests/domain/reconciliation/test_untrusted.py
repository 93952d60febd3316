"""Why a side is not comparable, in words for a bookkeeper."""

import pytest

from domain.reconciliation.untrusted import Untrusted, WhyUntrusted, untrusted_told


@pytest.mark.parametrize("why", WhyUntrusted)
def test_every_reason_has_a_sentence_and_an_advice(why: WhyUntrusted) -> None:
    told = untrusted_told(Untrusted(why), "QuickBooks")
    assert "{" not in told.sentence + told.advice
    assert told.sentence.endswith(".")
    assert told.advice.endswith(".")


def test_the_detail_comes_after_the_sentence() -> None:
    told = untrusted_told(Untrusted(WhyUntrusted.COUNT_DIFFERS, "3 counted, 2 came"), "ConnectWise")
    assert told.sentence == "ConnectWise counts another number of invoices than it shows. (3 counted, 2 came)"
