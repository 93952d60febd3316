"""QuickBooks' JSON into our records (Intuit's entity reference). Rubbish becomes a reason, not a traceback."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from connectors.json_reader import read_json
from connectors.quickbooks.amounts import (
    ID_CHARACTERS_MAX,
    Amount,
    ARef,
    Day,
    Moment,
    Ref,
    Text,
    Wire,
    as_object,
)
from domain.copying.booked import BookedInvoice
from domain.ingest.adding_up import adds_up
from domain.money import is_currency_code, is_storable
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState, SourceAllocation, SourceInvoice, SourcePayment

_NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
# Intuit's Payment reference lists the documents that a line can be linked to; others occur as well (a deposit whose
# money is applied later, a refund receipt, a statement charge). For those without a kind here only the sum decides.
_KIND_OF_TYPE = {
    "invoice": AllocationKind.INVOICE,
    "creditmemo": AllocationKind.CREDIT_MEMO,
    "journalentry": AllocationKind.JOURNAL_ENTRY,
    "expense": AllocationKind.REFUND,
    "check": AllocationKind.REFUND,
    "creditcardcredit": AllocationKind.REFUND,
    "refundreceipt": AllocationKind.REFUND,
}
_VERSION_DIGITS, _VERSION_MAX = 19, 2**31 - 1
# A void puts this word in front of the note (Intuit's Payment reference).
_VOID_NOTE = "Voided"
_NOT_MONEY = frozenset({AllocationKind.CREDIT_MEMO, AllocationKind.REFUND})
# Lines that have no better reason of their own for not being synced.
_MAY_BE_MONEY = frozenset({AllocationKind.INVOICE, AllocationKind.OTHER, AllocationKind.UNREADABLE})


def _listed(value: Any) -> list[Any]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _is_told(value: Any) -> bool:
    """Whether there is a list and every element can be read: a missing list is not an empty one."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


class _Meta(Wire):
    changed_at: Moment = Field(None, alias="LastUpdatedTime")


class _Linked(Wire):
    id: Text = Field("", alias="TxnId")
    type: Text = Field("", alias="TxnType")

    @property
    def kind(self) -> AllocationKind:
        """The kind of the linked document; UNREADABLE if the line does not name its type."""
        name = self.type.strip().casefold()
        return _KIND_OF_TYPE.get(name, AllocationKind.OTHER) if name else AllocationKind.UNREADABLE


class _Line(Wire):
    amount: Amount = Field(None, alias="Amount")
    linked: Annotated[list[_Linked], BeforeValidator(_listed)] = Field([], alias="LinkedTxn")


class _Entity(Wire):
    id: Text = Field("", alias="Id")
    sync_token: Text = Field("", alias="SyncToken")
    meta: Annotated[_Meta, BeforeValidator(as_object)] = Field(_Meta.model_validate({}), alias="MetaData")
    status: Text = ""
    # Ours: the deletion was concluded, not reported (`changes.deletion_of`).
    inferred: Annotated[bool, BeforeValidator(lambda value: value is True)] = False
    total: Amount = Field(None, alias="TotalAmt")
    currency: ARef = Field(Ref(), alias="CurrencyRef")
    customer: ARef = Field(Ref(), alias="CustomerRef")

    @property
    def version(self) -> int:
        """SyncToken counts the changes; a tombstone has none and gets -1, so it sorts first."""
        if not (self.sync_token.isascii() and self.sync_token.isdigit()):
            return -1
        return min(int(self.sync_token[:_VERSION_DIGITS]), _VERSION_MAX)

    def currency_or(self, home_currency: str | None) -> str | None:
        """The currency. Companies without multicurrency leave CurrencyRef out: then the home currency, if known."""
        code = self.currency.value.upper()
        return code if is_currency_code(code) else (home_currency or None)


class _Payment(_Entity):
    paid_on: Day = Field(None, alias="TxnDate")
    unapplied: Amount = Field(None, alias="UnappliedAmt")
    reference: Text = Field("", alias="PaymentRefNum")
    note: Text = Field("", alias="PrivateNote")
    lines: Annotated[list[_Line], BeforeValidator(_listed)] = Field([], alias="Line")
    lines_told: Annotated[bool, BeforeValidator(_is_told)] = Field(False, alias="Line")


class _Invoice(_Entity):
    number: Text = Field("", alias="DocNumber")
    balance: Amount = Field(None, alias="Balance")


class _TaxDetail(Wire):
    total: Amount = Field(Decimal(0), alias="TotalTax")


class _Booked(_Invoice):
    issued_on: Day = Field(None, alias="TxnDate")
    note: Text = Field("", alias="PrivateNote")
    tax_detail: Annotated[_TaxDetail, BeforeValidator(as_object)] = Field(
        _TaxDetail.model_validate({}), alias="TxnTaxDetail"
    )


def payment_from(wire: Any, home_currency: str | None) -> SourcePayment:
    """One payment.

    Raises:
        ValueError: it has no Id, so nothing can be said about it.
    """
    read = _Payment.model_validate(wire)
    if not 0 < len(read.id) <= ID_CHARACTERS_MAX:
        raise ValueError("a payment without an Id that can be kept")
    allocations = _allocations(read)
    flaw = _flaw(read, allocations)
    return SourcePayment(
        external_id=read.id,
        version=read.version,
        changed_at=read.meta.changed_at or _NO_MOMENT,
        state=_state(read) if flaw is None else PaymentState.LIVE,
        paid_on=read.paid_on,
        total=read.total or Decimal(0),
        unapplied=read.unapplied or Decimal(0),
        currency=read.currency_or(home_currency),
        customer_id=read.customer.value[:ID_CHARACTERS_MAX],
        customer_name=read.customer.name,
        reference=read.reference,
        note=read.note,
        allocations=allocations,
        inferred=read.inferred and read.status == "Deleted",
        flaw=flaw,
    )


def invoice_from(wire: Any, home_currency: str | None) -> SourceInvoice:
    """One invoice.

    Raises:
        ValueError: it has no Id, so nothing can be said about it.
    """
    read = _Invoice.model_validate(wire)
    if not 0 < len(read.id) <= ID_CHARACTERS_MAX:
        raise ValueError("an invoice without an Id that can be kept")
    return SourceInvoice(
        external_id=read.id,
        version=read.version,
        changed_at=read.meta.changed_at or _NO_MOMENT,
        number=read.number or None,
        total=read.total or Decimal(0),
        balance=read.balance or Decimal(0),
        currency=read.currency_or(home_currency),
        customer_name=read.customer.name,
        deleted=read.status == "Deleted",
        inferred=read.inferred and read.status == "Deleted",
    )


def booked_from(wire: Any) -> BookedInvoice | None:
    """One invoice as the Sync Tool compares it; None if its id, version or one of its amounts cannot be read.

    The amounts decide whether two systems agree, and the version is needed to change it: nothing stands in for them.
    """
    if not isinstance(wire, dict):
        return None
    read = _Booked.model_validate(wire)
    total, balance, tax = read.total, read.balance, read.tax_detail.total
    if not 0 < len(read.id) <= ID_CHARACTERS_MAX or read.version < 0:
        return None
    if total is None or balance is None or tax is None or not all(map(is_storable, (total, balance, tax))):
        return None
    return BookedInvoice(
        external_id=read.id,
        version=read.version,
        number=read.number,
        customer_id=read.customer.value[:ID_CHARACTERS_MAX],
        issued_on=read.issued_on,
        currency=read.currency_or(None),
        total=total,
        tax=tax,
        balance=balance,
        changed_at=read.meta.changed_at,
        voided=total == 0 and read.note.startswith(_VOID_NOTE),
        note=read.note,
    )


def parse(payload: str) -> Any:
    return read_json(payload)


def _state(read: _Payment) -> PaymentState:
    """A void leaves total 0 and no line; a total of 0 with lines is a credit memo being applied, which is live."""
    if read.status == "Deleted":
        return PaymentState.DELETED
    empty = read.total == 0 and not read.unapplied and not read.lines
    return PaymentState.VOIDED if empty else PaymentState.LIVE


def _flaw(read: _Payment, allocations: Sequence[SourceAllocation]) -> Reason | None:
    """Why we may conclude nothing from this picture; None if it is whole and adds up.

    All of Intuit's samples have TotalAmt, UnappliedAmt and Line, even if the list is empty. UnappliedAmt may be missing
    if the lines add up to the total by themselves.
    """
    if read.status == "Deleted":
        return None
    if read.total is None:
        return Reason.TOTAL_UNREADABLE
    if not read.lines_told or any(line.amount is None for line in read.lines):
        return Reason.INCOMPLETE
    if read.unapplied is None and not read.lines and not read.note.startswith(_VOID_NOTE):
        # The picture has no sign that it is whole.
        return Reason.INCOMPLETE
    unapplied = read.unapplied or Decimal(0)
    if not all(
        is_storable(amount) for amount in (read.total, unapplied, *(line.amount or Decimal(0) for line in read.lines))
    ):
        # The source has such an amount; we cannot add it up exactly.
        return Reason.AMOUNT_NOT_REPRESENTABLE
    return None if adds_up(read.total, unapplied, allocations) else Reason.INCOMPLETE


def _allocations(read: _Payment) -> tuple[SourceAllocation, ...]:
    lines = [_allocation(line) for line in read.lines if line.amount != 0]
    if read.total is None:
        # A missing total is not zero: without it we cannot tell how much of the lines is money.
        untold = SourceAllocation(AllocationKind.UNREADABLE, "", Decimal(0), Reason.TOTAL_UNREADABLE)
        return _held_back(lines, Reason.TOTAL_UNREADABLE) or (untold,)
    if read.total == 0:
        # No money came in: whatever the lines are, none of them is money.
        return _held_back(lines, Reason.CREDIT_APPLIED, _MAY_BE_MONEY)
    if any(line.kind in _NOT_MONEY for line in lines) or _use_credit(lines, read.total, read.unapplied):
        return _held_back(lines, Reason.MIXED_WITH_CREDIT if read.total > 0 else Reason.AMOUNT_NOT_REPRESENTABLE)
    return tuple(lines)


def _use_credit(lines: Sequence[SourceAllocation], total: Decimal, unapplied: Decimal | None) -> bool:
    """Whether the lines add up to more than the money received for them; then the rest is credit.

    A payment adds up: total = charges - credits + unapplied. No line says which of the two a journal entry is.
    """
    rest = max(unapplied or Decimal(0), Decimal(0))
    if not all(is_storable(amount) for amount in (total, rest, *(line.amount for line in lines))):
        # Too large to add up exactly, and no line of it is synced anyway.
        return True
    return sum((abs(line.amount) for line in lines), Decimal(0)) > total - rest


def _held_back(
    lines: Sequence[SourceAllocation], problem: Reason, kinds: Collection[AllocationKind] = (AllocationKind.INVOICE,)
) -> tuple[SourceAllocation, ...]:
    """Credits pay part of the invoices, and the wire does not say which part of which: only money may be synced.

    A problem of the whole payment (CREDIT_APPLIED) goes before a problem of one line.
    """
    first = problem is Reason.CREDIT_APPLIED
    return tuple(
        replace(line, problem=problem if first else line.problem or problem) if line.kind in kinds else line
        for line in lines
    )


def _allocation(line: _Line) -> SourceAllocation:
    linked = list(dict.fromkeys(line.linked))
    amount = line.amount or Decimal(0)
    if len(linked) != 1:
        return _of_several(linked, amount) if linked else _without_document(AllocationKind.UNREADABLE, "", amount)
    kind, document_id = linked[0].kind, linked[0].id[:ID_CHARACTERS_MAX]
    if line.amount is None:
        return SourceAllocation(kind, document_id, amount, Reason.AMOUNT_NOT_REPRESENTABLE)
    is_named = bool(document_id) and document_id == linked[0].id
    if kind is AllocationKind.UNREADABLE or (kind is AllocationKind.INVOICE and not is_named):
        return _without_document(kind, document_id, amount)
    return SourceAllocation(kind, document_id, amount)


def _without_document(kind: AllocationKind, document_id: str, amount: Decimal) -> SourceAllocation:
    return SourceAllocation(kind, document_id, amount, Reason.LINE_WITHOUT_DOCUMENT)


def _of_several(linked: Sequence[_Linked], amount: Decimal) -> SourceAllocation:
    """Every sample links one document per line, but the schema allows several: then we cannot divide the money."""
    document_id = "+".join(one.id for one in linked)[:ID_CHARACTERS_MAX]
    if all(one.kind not in (AllocationKind.INVOICE, AllocationKind.UNREADABLE) for one in linked):
        # We need not: no invoice is among them.
        return SourceAllocation(AllocationKind.OTHER, document_id, amount)
    return SourceAllocation(AllocationKind.UNREADABLE, document_id, amount, Reason.LINE_UNREADABLE)
