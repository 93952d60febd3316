"""The moments at which a process is killed that tells a partner's receiver news or an alarm; see `cases.py`."""

from sqlalchemy import select

from domain.notices.kinds import ALARM_KINDS, PAYMENT_KINDS
from domain.notices.trying import NoticeState
from models.notices import Notice
from models.payments import Payment
from tests.crash.stage import Stage
from usecases.endpoints import Wanted, WithSecret, add_endpoint


def telling(stage: Stage) -> None:
    """Two payments are synced, one is held, and somebody wants to be told."""
    world = stage.world
    wanted = Wanted("Ticket system", stage.receiver.url, PAYMENT_KINDS)
    assert isinstance(add_endpoint(world.context, world.organization_id, wanted), WithSecret)
    for amount in ("100.00", "40.00"):
        world.pay(amount, (stage.invoice("100.00", ends_with=[amount]), amount))
    world.pay("50.00", (world.invoice("DIFFERS", "50.00", connectwise_total="60.00"), "50.00"))


def it_was_told(stage: Stage) -> None:
    """Whatever was owed arrived, each notice always with the same words, and nothing waits."""
    with stage.world.context.database.reading() as session:
        notices = session.scalars(select(Notice)).all()
        payments = {one.external_id: (one.status_changes, one.status) for one in session.scalars(select(Payment)).all()}
    delivered = {one.uid for one in notices if one.state == NoticeState.DELIVERED}
    assert {one.state for one in notices} <= {NoticeState.DELIVERED, NoticeState.REPLACED}
    said: dict[str, set[bytes]] = {}
    for one in stage.receiver.received:
        said.setdefault(one.uid, set()).add(one.body)
    assert delivered <= said.keys()
    assert {len(bodies) for bodies in said.values()} == {1}
    newest: dict[str, tuple[int, str]] = {}
    for one in stage.receiver.received:
        payment = one.document["payment"]
        news = (one.document["sequence"], payment["status"])
        newest[payment["source_id"]] = max(newest.get(payment["source_id"], news), news)
    # A receiver that goes by the sequence knows what is the case.
    assert newest == payments


def raising_an_alarm(stage: Stage) -> None:
    """Two payments are held, and somebody wants to be told of it."""
    world = stage.world
    wanted = Wanted("Operations", stage.receiver.url, ALARM_KINDS)
    assert isinstance(add_endpoint(world.context, world.organization_id, wanted), WithSecret)
    for number in ("DIFFERS-1", "DIFFERS-2"):
        world.pay("50.00", (world.invoice(number, "50.00", connectwise_total="60.00"), "50.00"))


def the_alarm_was_told(stage: Stage) -> None:
    """Each message arrived, always with the same words, and together they say how many payments there are."""
    with stage.world.context.database.reading() as session:
        notices = session.scalars(select(Notice).order_by(Notice.id)).all()
    assert {one.state for one in notices} <= {NoticeState.DELIVERED, NoticeState.REPLACED}
    said: dict[str, set[bytes]] = {}
    for one in stage.receiver.received:
        said.setdefault(one.uid, set()).add(one.body)
    assert {len(bodies) for bodies in said.values()} == {1}
    assert {one.uid for one in notices if one.state == NoticeState.DELIVERED} <= said.keys()
    newest = max(stage.receiver.received, key=lambda one: int(one.document["sequence"]))
    causes = [(one["code"], one["number"]) for one in newest.document["alarm"]["causes"]]
    assert (newest.document["kind"], causes) == ("alarm.attention", [("total_differs", 2)])
