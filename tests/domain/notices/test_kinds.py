"""Which news it is that a payment has a status for a reason."""

import pytest

from domain.explanations import explain
from domain.notices.kinds import ALARM_KINDS, CHOOSABLE, KIND_LABELS, KIND_TEXTS, PAYMENT_KINDS, NoticeKind, kind_of
from domain.reasons import Reason
from domain.status import PaymentStatus


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (PaymentStatus.ON_ITS_WAY, None, "payment.on_its_way"),
        (PaymentStatus.ON_ITS_WAY, Reason.TAKING_BACK, "payment.on_its_way"),
        (PaymentStatus.SYNCED, Reason.SYNCED, "payment.synced"),
        (PaymentStatus.SYNCED, Reason.ADOPTED, "payment.synced"),
        (PaymentStatus.WAITING, Reason.TARGET_INVOICE_MISSING, "payment.waiting"),
        (PaymentStatus.NEEDS_ATTENTION, Reason.TOTAL_DIFFERS, "payment.held"),
        (PaymentStatus.NEEDS_ATTENTION, Reason.TARGET_REFUSED, "payment.failed"),
        (PaymentStatus.NEEDS_ATTENTION, Reason.ATTEMPTS_EXHAUSTED, "payment.failed"),
        (PaymentStatus.SKIPPED, Reason.UNAPPLIED, "payment.skipped"),
        (PaymentStatus.SKIPPED, Reason.DISMISSED, "payment.skipped"),
        (PaymentStatus.SKIPPED, Reason.TAKEN_BACK, "payment.taken_back"),
    ],
)
def test_a_status_with_its_reason_is_one_kind_of_news(status: PaymentStatus, reason: Reason | None, kind: str) -> None:
    assert kind_of(status, reason) == kind


def test_every_status_is_news_for_every_reason() -> None:
    kinds = {kind_of(status, reason) for status in PaymentStatus for reason in (None, *Reason)}
    assert kinds == set(PAYMENT_KINDS)


def test_what_failed_needs_a_person() -> None:
    assert [reason for reason in Reason if explain(reason).is_failure and not explain(reason).needs_person] == []


def test_every_kind_has_its_words() -> None:
    assert set(KIND_LABELS) == set(NoticeKind)
    assert set(KIND_TEXTS) == set(CHOOSABLE)


def test_every_kind_but_a_test_can_be_chosen() -> None:
    assert set(CHOOSABLE) == {*PAYMENT_KINDS, *ALARM_KINDS} == set(NoticeKind) - {NoticeKind.TEST_PING}
