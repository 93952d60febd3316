"""News is written in the transaction that changes a payment's status, and only then."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from benchmarks.counting import counted
from domain.notices.kinds import NoticeKind
from models.notices import Notice
from models.payments import Payment
from tasks.context import Step
from tests.flow.notices.told import SILENT, Told
from tests.receiver import Receiver
from tests.world import World
from usecases.endpoints import switch_endpoint

pytestmark = pytest.mark.both_in_the_build


def stored(world: World) -> list[tuple[str, str, str, int]]:
    with world.context.database.reading() as session:
        rows = session.execute(
            select(Payment.external_id, Payment.status, Payment.reason, Payment.status_changes).order_by(Payment.id)
        )
        return [(one, status, reason, changes) for one, status, reason, changes in rows]


def test_a_payment_is_told_from_its_arrival_to_its_invoice(told: Told) -> None:
    payment = told.pay_one("40.00")
    told.work_in_silence()
    assert [kind for kind, _ in told.states] == ["payment.on_its_way", "payment.synced"]
    [first, last] = told.notices
    assert first.facts is not None
    assert first.facts["reason"] is None
    [[_, status, reason, changes]] = stored(told.world)
    assert last.facts is not None
    assert (last.sequence, last.facts["status"], last.facts["reason"]) == (changes, status, reason)
    assert (last.facts["source_id"], last.facts["amount"], last.facts["invoice_numbers"]) == (
        payment,
        "40.00",
        ["INV-1"],
    )
    [entered] = told.world.on(told.invoices[0])
    assert last.facts["target_payment_ids"] == [str(entered.id)]


def test_looking_once_more_with_the_same_result_is_no_news(told: Told) -> None:
    told.pay_one(in_connectwise=False)
    told.work_in_silence()
    before = [(one.uid, one.state) for one in told.notices]
    for _ in range(3):
        told.world.later(*SILENT, hours=7)
    assert [(one.uid, one.state) for one in told.notices] == before


def test_every_change_of_the_stored_status_has_its_notice_and_no_other(told: Told) -> None:
    """Through a hold, an edit and a deletion: the newest notice always says what is stored."""
    world = told.world
    payment = told.pay_one("50.00", in_connectwise=False)
    told.work_in_silence()
    world.connectwise.add_invoice("INV-1", "50.00", company_name="Cascade Dental")
    world.later(*SILENT, hours=1)
    world.quickbooks.edit_payment(payment, total="30.00", lines=[(told.invoices[0].quickbooks_id, "30.00")])
    told.work_in_silence()
    world.quickbooks.delete_payment(payment)
    told.work_in_silence()
    said = [(one.sequence, one.facts["status"], one.facts["reason"] or "") for one in told.notices if one.facts]
    sequences = [sequence for sequence, *_ in said]
    assert sequences == sorted(set(sequences))
    assert len(said) > 4
    assert all(one[1:] != other[1:] for one, other in itertools.pairwise(said))
    [[_, status, reason, changes]] = stored(world)
    assert said[-1] == (changes, status, reason)


def test_a_change_that_was_rolled_back_is_no_news(told: Told) -> None:
    told.pay_one()
    told.work_in_silence()
    before = told.states
    with told.world.context.database.writing() as session:
        payment = session.scalars(select(Payment)).one()
        payment.status = "waiting"
        session.flush()
        session.rollback()
    assert told.states == before


def test_a_change_that_is_undone_in_the_same_transaction_is_no_news(told: Told) -> None:
    told.pay_one()
    told.work_in_silence()
    before = told.states
    with told.world.context.database.writing() as session:
        payment = session.scalars(select(Payment)).one()
        was, payment.status = payment.status, "waiting"
        session.flush()
        payment.status = was
    assert told.states == before


def test_newer_news_about_a_payment_replaces_what_waits(told: Told, receiver: Receiver) -> None:
    told.pay_one()
    other = told.pay_one("20.00")
    told.work_in_silence()
    assert sorted(told.states) == sorted([("payment.on_its_way", "replaced")] * 2 + [("payment.synced", "waiting")] * 2)
    told.tell()
    assert receiver.kinds == ["payment.synced"] * 2
    assert {one.document["payment"]["source_id"] for one in receiver.received} >= {other}


def test_what_was_delivered_is_not_replaced(told: Told, receiver: Receiver) -> None:
    told.pay_one()
    told.world.notice(Step.INGEST)
    told.tell()
    told.world.later(*SILENT, seconds=5)
    told.tell()
    assert receiver.kinds[0] == "payment.on_its_way"
    assert receiver.kinds[-1] == "payment.synced"
    assert [one.document["sequence"] for one in receiver.received] == sorted(
        one.document["sequence"] for one in receiver.received
    )


def test_an_endpoint_is_told_only_what_it_has_chosen(world: World, receiver: Receiver) -> None:
    told = Told(world, receiver)
    told.add(receiver.url, [NoticeKind.PAYMENT_SYNCED], "Books")
    told.add(receiver.url, [NoticeKind.PAYMENT_WAITING, NoticeKind.PAYMENT_HELD], "Tickets")
    told.pay_one()
    told.pay_one(in_connectwise=False)
    told.work_in_silence()
    assert [(one.endpoint_id - told.endpoint_id, one.kind) for one in told.notices] == [
        (1, "payment.waiting"),
        (0, "payment.synced"),
    ]


def test_without_an_endpoint_there_are_no_rows_and_no_statements(world: World, receiver: Receiver) -> None:
    said: list[str] = []

    @event.listens_for(world.context.database.engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    told = Told(world, receiver)
    told.pay_one()
    told.work_in_silence()
    about_news = [one for one in said if "notice" in one or "FROM endpoint" in one]
    assert about_news == []
    assert len(said) > 20
    event.remove(world.context.database.engine, "before_cursor_execute", note)


def test_an_endpoint_that_is_off_is_told_nothing(told: Told) -> None:
    switch_endpoint(told.world.context, told.world.organization_id, told.endpoint_id, on=False)
    told.pay_one()
    told.work_in_silence()
    assert told.states == []
    switch_endpoint(told.world.context, told.world.organization_id, told.endpoint_id, on=True)
    told.pay_one()
    told.work_in_silence()
    assert told.states[-1] == ("payment.synced", "waiting")


def test_many_payments_are_few_statements(told: Told) -> None:
    """A batch is one thing: the statements about news do not grow with the payments."""

    def statements(payments: int) -> int:
        for _ in range(payments):
            told.pay_one()
        with counted(told.world.context.database) as sent:
            told.work_in_silence()
        return sum("notice" in one or "FROM endpoint" in one for one, _ in sent.seen)

    few, many = statements(2), statements(12)
    assert many <= few + 4


def test_the_news_is_there_as_soon_as_the_status_is(told: Told) -> None:
    """One transaction: nobody ever sees the one without the other."""
    seen: list[tuple[int, int]] = []

    def look(session: Session) -> None:
        with told.world.context.database.reading() as other:
            changes = sum(other.scalars(select(Payment.status_changes)).all())
            notices = len(other.scalars(select(Notice.id)).all())
        seen.append((changes, notices))

    told.pay_one()
    event.listen(Session, "after_commit", look)
    told.work_in_silence()
    event.remove(Session, "after_commit", look)
    assert {changes == notices for changes, notices in seen} == {True}
    assert seen[-1][0] >= 2


def test_a_step_nudges_whoever_is_to_be_told(told: Told) -> None:
    told.pay_one()
    told.world.notice(Step.INGEST)
    # The nudge was lost above; the sweep finds the notice all the same.
    told.world.clock.move(seconds=1)
    told.tell()
    assert told.receiver.kinds == ["payment.on_its_way"]
    told.world.later(seconds=5)
    assert told.receiver.kinds[-1] == "payment.synced"


def test_the_log_is_forgotten_after_a_month(told: Told) -> None:
    told.pay_one()
    told.world.notice()
    assert told.notices
    assert told.tries
    told.tell(days=29)
    assert told.tries
    told.world.clock.move(seconds=timedelta(days=2).total_seconds())
    told.tell()
    assert (told.notices, told.tries) == ([], [])
