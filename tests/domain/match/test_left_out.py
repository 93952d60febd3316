"""A person's word comes before the rules: what is dismissed stays as it is, what is taken back is removed."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.later_looks import Finding
from domain.leaving_out import LeftOut
from domain.match.decisions import Hold, Keep, Reverse, Skip
from domain.match.facts import SyncedPayment
from domain.preferences import CorrectionPolicy
from domain.reasons import Reason
from domain.records import PaymentState
from tests.domain.situations import AMOUNT, PAID_ON, Situation

OURS = SyncedPayment("200", "77", AMOUNT, PAID_ON, ours=True)
CHANGED = SyncedPayment("200", "77", AMOUNT - 1, PAID_ON, ours=True)


def left_out(word: LeftOut, **facts: Any) -> Situation:
    return Situation().with_facts(left_out=word, **facts)


@pytest.mark.parametrize(
    "facts",
    [
        {"synced": CHANGED},
        {"synced": SyncedPayment("200", "77", AMOUNT, PAID_ON - timedelta(days=1), ours=True)},
        {"synced": SyncedPayment("200", "77", AMOUNT, PAID_ON, ours=True, harmed=True)},
        {"synced": SyncedPayment("200", "77", AMOUNT, PAID_ON, ours=True, finding=Finding.GONE)},
        {"synced": SyncedPayment("200", "77", AMOUNT, PAID_ON, ours=False, finding=Finding.CHANGED)},
        {"synced": OURS, "flaw": Reason.INCOMPLETE},
        {"synced": OURS, "payment_state": PaymentState.VOIDED},
        {"synced": OURS, "linked_target_id": "201"},
    ],
)
def test_a_dismissed_payment_is_left_as_it_is_whatever_is_wrong_with_it(facts: dict[str, Any]) -> None:
    assert left_out(LeftOut.DISMISSED, **facts).decide() == Skip(Reason.DISMISSED)


def test_a_part_that_is_in_order_is_not_called_dismissed() -> None:
    assert left_out(LeftOut.DISMISSED, synced=OURS).decide() == Keep(Reason.SYNCED)


@pytest.mark.parametrize("synced", [OURS, CHANGED])
@pytest.mark.parametrize("policy", CorrectionPolicy)
def test_what_we_wrote_is_removed_without_another_approval(synced: SyncedPayment, policy: CorrectionPolicy) -> None:
    situation = left_out(LeftOut.TAKEN_BACK, synced=synced).with_preferences(correction_policy=policy)
    assert situation.decide() == Reverse("200", "77", Reason.TAKING_BACK)


def test_what_is_gone_in_the_source_as_well_is_removed_for_that_reason() -> None:
    situation = left_out(LeftOut.TAKEN_BACK, synced=OURS, payment_state=PaymentState.VOIDED)
    assert situation.decide() == Reverse("200", "77", Reason.VOIDED_AFTER_SYNC)


def test_what_a_person_typed_is_not_removed() -> None:
    typed = SyncedPayment("200", "77", AMOUNT, PAID_ON, ours=False)
    assert left_out(LeftOut.TAKEN_BACK, synced=typed).decide() == Keep(Reason.ADOPTED)


def test_a_payment_that_the_target_harmed_is_looked_at_by_a_person_first() -> None:
    harmed = SyncedPayment("200", "77", AMOUNT, PAID_ON, ours=True, harmed=True)
    assert left_out(LeftOut.TAKEN_BACK, synced=harmed).decide() == Hold(Reason.TARGET_HARMED)


def test_after_it_was_removed_it_is_skipped_and_never_pushed() -> None:
    assert left_out(LeftOut.TAKEN_BACK, was_reversed=True).decide() == Skip(Reason.TAKEN_BACK)
    assert left_out(LeftOut.TAKEN_BACK).decide() == Skip(Reason.TAKEN_BACK)
    assert left_out(LeftOut.TAKEN_BACK, was_reversed=True, amount=Decimal(0)).decide() == Keep(Reason.REVERSED)
