"""What a notice says: the document that an endpoint receives. Pure; nothing in it is secret."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from domain.alarms.message import AlarmNews, Letter, alarm_document, alarm_letter, letter_of_test
from domain.clocks import written
from domain.money import plain_amount
from domain.notices.kinds import NoticeKind
from domain.reasons import Reason
from domain.status import PaymentStatus
from domain.words import Words


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """A payment at the moment of the news; stored with the notice, because the payment goes on changing.

    Attributes:
        source_id: its id in the source.
        invoice_numbers: of the source's invoices that it pays.
        target_payment_ids: which payments in the target stand for it.
    """

    source_id: str
    paid_on: date | None
    amount: Decimal
    currency: str | None
    status: PaymentStatus
    reason: Reason | None
    invoice_numbers: Sequence[str]
    target_payment_ids: Sequence[str]

    def as_stored(self) -> dict[str, Any]:
        """As JSON; `facts_from` reads it."""
        texts = {
            "paid_on": self.paid_on.isoformat() if self.paid_on else None,
            "amount": str(self.amount),
            "status": self.status.value,
            "reason": self.reason.value if self.reason else None,
            "invoice_numbers": list(self.invoice_numbers),
            "target_payment_ids": list(self.target_payment_ids),
        }
        return asdict(self) | texts


def facts_from(stored: Mapping[str, Any]) -> PaymentFacts:
    paid_on, reason = stored["paid_on"], stored["reason"]
    return PaymentFacts(
        source_id=stored["source_id"],
        paid_on=date.fromisoformat(paid_on) if paid_on else None,
        amount=Decimal(stored["amount"]),
        currency=stored["currency"],
        status=PaymentStatus(stored["status"]),
        reason=Reason(reason) if reason else None,
        invoice_numbers=tuple(stored["invoice_numbers"]),
        target_payment_ids=tuple(stored["target_payment_ids"]),
    )


@dataclass(frozen=True, slots=True)
class News:
    """One piece of news, before it is put into words.

    Attributes:
        uid: names it for the receiver, the same in every try.
        occurred_at: when it became true, UTC.
        organization: the organization's short name.
        sequence: counts the changes of the payment's status and reason, or the messages about this alarm, so that a
            receiver can put news in order.
    """

    uid: str
    kind: NoticeKind
    occurred_at: datetime
    organization: str
    sequence: int | None = None
    payment: PaymentFacts | None = None
    alarm: AlarmNews | None = None


def body_of(news: News, words: Words, address: str) -> dict[str, Any]:
    """The document.

    Args:
        address: of the dashboard, the start of every link; "" if the installation does not know it.
    """
    body: dict[str, Any] = {
        "id": news.uid,
        "kind": news.kind.value,
        "occurred_at": written(news.occurred_at),
        "organization": news.organization,
    }
    if news.payment is not None:
        body |= {"sequence": news.sequence, "payment": _payment(news.payment, words, address)}
    if news.alarm is not None:
        body |= {"sequence": news.sequence, "alarm": alarm_document(news.kind, news.alarm, words, address)}
    return body


def letter_of(news: News, organization: str, words: Words, address: str) -> Letter | None:
    """The same for people; None for news that is for programs alone.

    Args:
        organization: its name.
    """
    if news.kind is NoticeKind.TEST_PING:
        letter = letter_of_test(organization, news.occurred_at, address)
    elif news.alarm is not None:
        letter = alarm_letter(news.kind, news.alarm, organization, news.occurred_at, words, address)
    else:
        return None
    return replace(letter, thread=f"{news.organization}.{letter.thread}")


def _payment(payment: PaymentFacts, words: Words, address: str) -> dict[str, Any]:
    return {
        "source_id": payment.source_id,
        "date": payment.paid_on.isoformat() if payment.paid_on else None,
        "amount": plain_amount(payment.amount, payment.currency),
        "currency": payment.currency,
        "status": payment.status.value,
        "reason": _reason(payment.reason, words),
        "invoice_numbers": list(payment.invoice_numbers),
        "target_payment_ids": list(payment.target_payment_ids),
        "url": f"{address}/payments/{quote(payment.source_id, safe='')}" if address else None,
    }


def _reason(reason: Reason | None, words: Words) -> dict[str, str] | None:
    if reason is None:
        return None
    return {"code": reason.value, "sentence": words.sentence(reason), "advice": words.advice(reason)}
