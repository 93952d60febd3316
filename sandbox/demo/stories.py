"""The stories: the accountant's actions, the faults, and the promised ending."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.reasons import Reason
from sandbox.demo.copying import copied_then_paid
from sandbox.demo.stage import Expected, Play, Row, Stage, yesterday
from sandbox.faults import Fault
from usecases.own_payments import register


@dataclass(frozen=True)
class Story:
    """One story.

    Attributes:
        bad_day: plays at the MSP whose ConnectWise misbehaves.
        early: begins before the workers start.
        accepted: why a person accepts the difference that it leaves, where no decision of ours explains one.
    """

    title: str
    play: Play
    bad_day: bool = False
    early: bool = False
    accepted: str = ""


def paid_in_full(stage: Stage) -> Sequence[Row]:
    invoice = stage.invoice("1250.00")
    payment = stage.pay("1250.00", (invoice, "1250.00"))
    return stage.until(payment, Expected(Reason.SYNCED, invoice, amounts=("1250.00",)))


def partial(stage: Stage) -> Sequence[Row]:
    invoice = stage.invoice("980.40")
    payment = stage.pay("400.00", (invoice, "400.00"))
    return stage.until(payment, Expected(Reason.SYNCED, invoice, amounts=("400.00",)))


def over_three_invoices(stage: Stage) -> Sequence[Row]:
    first, second, third = (stage.invoice(total) for total in ("300.00", "450.50", "249.50"))
    payment = stage.pay("900.00", (first, "300.00"), (second, "450.50"), (third, "149.50"))
    return stage.until(
        payment,
        Expected(Reason.SYNCED, first, amounts=("300.00",)),
        Expected(Reason.SYNCED, second, amounts=("450.50",)),
        Expected(Reason.SYNCED, third, amounts=("149.50",)),
    )


def part_unapplied(stage: Stage) -> Sequence[Row]:
    invoice = stage.invoice("200.00")
    payment = stage.pay("260.00", (invoice, "200.00"))
    return stage.until(
        payment,
        Expected(Reason.SYNCED, invoice, amounts=("200.00",)),
        Expected(Reason.UNAPPLIED, kind="unapplied"),
    )


def two_payments(stage: Stage) -> Sequence[Row]:
    invoice = stage.invoice("500.00")
    first = stage.pay("200.00", (invoice, "200.00"))
    second = stage.pay("300.00", (invoice, "300.00"))
    both = ("200.00", "300.00")
    return [
        *stage.until(first, Expected(Reason.SYNCED, invoice, amounts=both)),
        *stage.until(second, Expected(Reason.SYNCED, invoice, amounts=both)),
    ]


def own_payment(stage: Stage) -> Sequence[Row]:
    invoice = stage.invoice("75.00")
    payment = stage.pay("75.00", (invoice, "75.00"))
    register(stage.context, stage.tenant.organization_id, [payment])
    stage.ready.set()
    return stage.until(payment, Expected(Reason.OWN_PAYMENT, invoice))


def not_in_this_mode(stage: Stage) -> Sequence[Row]:
    invoice = stage.invoice("310.00", origin="partner_dashboard")
    payment = stage.pay("310.00", (invoice, "310.00"))
    return stage.until(payment, Expected(Reason.INVOICE_NOT_SYNCED, invoice))


def appears_later(stage: Stage) -> Sequence[Row]:
    invoice = stage.invoice("640.00", in_connectwise=False)
    payment = stage.pay("640.00", (invoice, "640.00"))
    stage.wait_for(payment, Reason.TARGET_INVOICE_MISSING)
    stage.act("Somebody creates the invoice in ConnectWise.", lambda: stage.bill(invoice.number, "640.00"))
    return stage.until(payment, Expected(Reason.SYNCED, invoice, amounts=("640.00",)))


def totals_differ(stage: Stage) -> Sequence[Row]:
    invoice = stage.invoice("820.00", connectwise_total="802.00")
    payment = stage.pay("820.00", (invoice, "820.00"))
    return stage.until(payment, Expected(Reason.TOTAL_DIFFERS, invoice))


def duplicate_webhook(stage: Stage) -> Sequence[Row]:
    invoice = stage.invoice("99.00")
    with stage.books:
        stage.quickbooks.double_webhooks(count=4)
        payment = stage.pay("99.00", (invoice, "99.00"))
        stage.quickbooks.double_webhooks()
    return stage.until(payment, Expected(Reason.SYNCED, invoice, amounts=("99.00",)))


def lost_webhook(stage: Stage) -> Sequence[Row]:
    invoice = stage.invoice("145.00")
    with stage.books:
        stage.quickbooks.lose_webhooks(fraction=1.0)
        payment = stage.pay("145.00", (invoice, "145.00"))
        stage.quickbooks.lose_webhooks()
    return stage.until(payment, Expected(Reason.SYNCED, invoice, amounts=("145.00",)))


def voided_after_sync(stage: Stage) -> Sequence[Row]:
    invoice = stage.invoice("410.00")
    payment = stage.pay("410.00", (invoice, "410.00"))
    stage.wait_for(payment, Reason.SYNCED)
    stage.act(
        "The accountant voids the payment in QuickBooks.",
        lambda: stage.quickbooks.void_payment(payment, realm_id=stage.tenant.realm_id),
    )
    return stage.until(payment, Expected(Reason.REVERSED, invoice))


def edited_after_sync(stage: Stage) -> Sequence[Row]:
    invoice = stage.invoice("700.00")
    payment = stage.pay("350.00", (invoice, "350.00"))
    stage.wait_for(payment, Reason.SYNCED)
    stage.act(
        "The accountant corrects the amount in QuickBooks.",
        lambda: stage.quickbooks.edit_payment(
            payment, total="360.00", lines=[(invoice.quickbooks_id, "360.00")], realm_id=stage.tenant.realm_id
        ),
    )
    return stage.until(payment, Expected(Reason.SYNCED, invoice, amounts=("360.00",)))


def moved_after_sync(stage: Stage) -> Sequence[Row]:
    wrong, right = stage.invoice("120.00"), stage.invoice("120.00")
    payment = stage.pay("120.00", (wrong, "120.00"))
    stage.wait_for(payment, Reason.SYNCED)
    stage.act(
        "The accountant moves the payment to the right invoice.",
        lambda: stage.quickbooks.move_payment(
            payment, wrong.quickbooks_id, right.quickbooks_id, realm_id=stage.tenant.realm_id
        ),
    )
    return stage.until(
        payment,
        Expected(Reason.REVERSED, wrong),
        Expected(Reason.SYNCED, right, amounts=("120.00",)),
    )


def typed_by_hand(stage: Stage) -> Sequence[Row]:
    invoice = stage.invoice("515.00")
    if invoice.connectwise_id is not None:
        stage.connectwise.type_payment(invoice.connectwise_id, "515.00", payment_date=yesterday())
    payment = stage.pay("515.00", (invoice, "515.00"))
    return stage.until(payment, Expected(Reason.ADOPTED, invoice, amounts=("515.00",)))


# --- bad days: the fault hits only the payments of this story's invoice ---


def _with_fault(
    stage: Stage, total: str, kind: str, *, seconds: float = 0, retry_after: int | None = None
) -> Sequence[Row]:
    invoice = stage.invoice(total)
    path = rf"/finance/invoices/{invoice.connectwise_id}/payments$"
    stage.connectwise.add_fault(
        Fault(kind=kind, method="POST", path=path, times=1, seconds=seconds, retry_after=retry_after)
    )
    payment = stage.pay(total, (invoice, total))
    return stage.until(payment, Expected(Reason.SYNCED, invoice, amounts=(total,)))


def throttled(stage: Stage) -> Sequence[Row]:
    return _with_fault(stage, "230.00", "throttle", retry_after=2)


def answer_lost(stage: Stage) -> Sequence[Row]:
    return _with_fault(stage, "1999.99", "commit_then_drop")


def request_lost(stage: Stage) -> Sequence[Row]:
    return _with_fault(stage, "333.33", "drop_before_commit")


def error_after_commit(stage: Stage) -> Sequence[Row]:
    return _with_fault(stage, "275.00", "error_after_commit")


def lands_late(stage: Stage) -> Sequence[Row]:
    return _with_fault(stage, "88.80", "late_commit", seconds=2)


STORIES = (
    Story("the platform's own payment", own_payment, early=True),
    Story("paid in full", paid_in_full),
    Story("partial payment", partial),
    Story("one payment over three invoices", over_three_invoices),
    Story("part of it unapplied", part_unapplied),
    Story("two payments on one invoice", two_payments),
    Story("invoice not eligible in this mode", not_in_this_mode),
    Story("invoice appears in ConnectWise later", appears_later),
    Story("totals differ", totals_differ, accepted="18.00 of late fees, billed in QuickBooks only"),
    Story("webhook delivered twice", duplicate_webhook),
    Story("webhook lost, found by catch-up", lost_webhook),
    Story("already typed into ConnectWise", typed_by_hand),
    Story("voided after the sync", voided_after_sync),
    Story("edited after the sync", edited_after_sync),
    Story("moved after the sync", moved_after_sync),
    Story("429, then success", throttled, bad_day=True),
    Story("answer lost after the commit", answer_lost, bad_day=True),
    Story("request lost before the commit", request_lost, bad_day=True),
    Story("500 after the commit", error_after_commit, bad_day=True),
    Story("request lands late", lands_late, bad_day=True),
    Story("copied by the Sync Tool, then paid", copied_then_paid),
)
