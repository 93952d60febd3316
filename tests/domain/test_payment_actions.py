"""What a person can do about a payment, state by state."""

from dataclasses import replace
from itertools import product

import pytest

from domain.leaving_out import LeftOut
from domain.payment_actions import PaymentAction, Situation, why_not
from domain.reasons import Reason
from domain.status import PaymentStatus

RETRY, DISMISS, TAKE_BACK, OWN, AFTER_ALL = PaymentAction
ATTENTION, WAITING, ON_ITS_WAY, SYNCED, SKIPPED = PaymentStatus
HELD = Situation(ATTENTION, Reason.TOTAL_DIFFERS, None, is_own=False, is_on_its_way=False, has_ours=False)
DONE = replace(HELD, status=SYNCED, reason=Reason.SYNCED, has_ours=True)
DISMISSED = replace(HELD, status=SKIPPED, reason=Reason.DISMISSED, left_out=LeftOut.DISMISSED)
TAKEN_BACK = replace(HELD, status=SKIPPED, reason=Reason.TAKEN_BACK, left_out=LeftOut.TAKEN_BACK)
OURS = replace(HELD, status=SKIPPED, reason=Reason.OWN_PAYMENT, is_own=True)


@pytest.mark.parametrize(
    ("at", "possible"),
    [
        (HELD, {RETRY, DISMISS, OWN}),
        (replace(HELD, status=WAITING, reason=Reason.TARGET_INVOICE_MISSING), {RETRY, DISMISS, OWN}),
        # A correction that waits: what we wrote before is still there.
        (replace(HELD, reason=Reason.CORRECTION_NEEDS_APPROVAL, has_ours=True), {RETRY, DISMISS, TAKE_BACK}),
        (replace(HELD, status=SKIPPED, reason=Reason.SWITCHED_OFF), {RETRY, OWN}),
        (replace(HELD, status=ON_ITS_WAY, reason=Reason.ELIGIBLE), {OWN}),
        (replace(HELD, status=ON_ITS_WAY, reason=None), {OWN}),
        (replace(HELD, status=WAITING, reason=Reason.IN_DOUBT, is_on_its_way=True), {RETRY}),
        (DONE, {TAKE_BACK}),
        (replace(DONE, reason=Reason.ADOPTED, has_ours=False), {OWN}),
        (DISMISSED, {OWN, AFTER_ALL}),
        (replace(DISMISSED, has_ours=True), {TAKE_BACK, AFTER_ALL}),
        (TAKEN_BACK, {OWN, AFTER_ALL}),
        (OURS, {AFTER_ALL}),
    ],
)
def test_what_can_be_done(at: Situation, possible: set[PaymentAction]) -> None:
    assert {action for action in PaymentAction if why_not(action, at) is None} == possible


def test_whatever_cannot_be_done_says_why_in_a_sentence() -> None:
    words = [None, *LeftOut]
    for status, left_out, own, moving, ours in product(
        PaymentStatus, words, (False, True), (False, True), (False, True)
    ):
        at = Situation(status, None, left_out, is_own=own, is_on_its_way=moving, has_ours=ours)
        refusals = [why_not(action, at) for action in PaymentAction]
        assert all(one.endswith(".") for one in refusals if one is not None)
        # Nothing that may be on the wire is replaced by a person's word.
        if moving:
            assert all(why_not(action, at) for action in (DISMISS, TAKE_BACK, OWN))
