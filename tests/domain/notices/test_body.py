"""What a receiver reads."""

from datetime import UTC, date, datetime
from decimal import Decimal

from domain.notices.body import News, PaymentFacts, body_of, facts_from
from domain.notices.kinds import NoticeKind
from domain.reasons import Reason
from domain.status import PaymentStatus
from domain.words import Words

WORDS = Words("QuickBooks", "ConnectWise")
FACTS = PaymentFacts(
    source_id="4711/a",
    paid_on=date(2026, 11, 20),
    amount=Decimal("1250.5"),
    currency="USD",
    status=PaymentStatus.NEEDS_ATTENTION,
    reason=Reason.TOTAL_DIFFERS,
    invoice_numbers=("INV-1", "INV-2"),
    target_payment_ids=("88",),
)
NEWS = News("msg_1", NoticeKind.PAYMENT_HELD, datetime(2026, 11, 20, 12, tzinfo=UTC), "northwind", 3, FACTS)


def test_a_payment_is_told_with_its_reason_and_what_to_do() -> None:
    assert body_of(NEWS, WORDS, "https://payments.example.com") == {
        "id": "msg_1",
        "kind": "payment.held",
        "occurred_at": "2026-11-20T12:00:00Z",
        "organization": "northwind",
        "sequence": 3,
        "payment": {
            "source_id": "4711/a",
            "date": "2026-11-20",
            "amount": "1250.50",
            "currency": "USD",
            "status": "needs_attention",
            "reason": {
                "code": "total_differs",
                "sentence": "The invoice total is not the same in QuickBooks and in ConnectWise.",
                "advice": "Make the totals identical; we check again automatically.",
            },
            "invoice_numbers": ["INV-1", "INV-2"],
            "target_payment_ids": ["88"],
            "url": "https://payments.example.com/payments/4711%2Fa",
        },
    }


def test_a_payment_about_which_little_is_known_is_told_all_the_same() -> None:
    bare = PaymentFacts("1", None, Decimal(0), None, PaymentStatus.ON_ITS_WAY, None, (), ())
    told = body_of(News("msg_2", NoticeKind.PAYMENT_ON_ITS_WAY, NEWS.occurred_at, "northwind", 1, bare), WORDS, "")
    assert {told["payment"][name] for name in ("date", "currency", "reason", "url")} == {None}


def test_a_test_says_nothing_about_a_payment() -> None:
    told = body_of(News("msg_3", NoticeKind.TEST_PING, NEWS.occurred_at, "northwind"), WORDS, "")
    assert set(told) == {"id", "kind", "occurred_at", "organization"}


def test_facts_are_stored_and_read_without_a_change() -> None:
    assert facts_from(FACTS.as_stored()) == FACTS
