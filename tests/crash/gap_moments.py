"""The moment at which a process is killed that proves a gap; see `cases.py`."""

from datetime import timedelta

from sqlalchemy import select

from domain.gap_statement.counts import CountOutcome
from domain.gaps import GapKind
from models.gap_proofs import GapCount, GapPayment
from models.gaps import Gap, ProofStage, open_gap
from tests.crash.stage import Stage


def proving(stage: Stage) -> None:
    """A closed gap whose proof is due: QuickBooks has a payment there that no message has told of."""
    world = stage.world
    invoice = stage.invoice("100.00", ends_with=["40.00"])
    stage.work()
    now = world.clock.now()
    world.pay("40.00", (invoice, "40.00"), at=now - timedelta(days=45))
    with world.context.database.writing() as session:
        gap = open_gap(session, world.source_id, GapKind.OUTAGE, now - timedelta(days=60), now)
        gap.close(now - timedelta(days=30), now, timedelta(0))


def it_is_proved(stage: Stage) -> None:
    """The payment is found and listed once, and nothing is called agreement before."""
    with stage.world.context.database.reading() as session:
        [gap] = session.scalars(select(Gap)).all()
        [listed] = session.scalars(select(GapPayment)).all()
        counts = [row.as_count().outcome for row in session.scalars(select(GapCount).order_by(GapCount.id))]
    assert (gap.proof_stage, gap.new_count) == (ProofStage.DONE, 1)
    assert listed.found_by == "count"
    assert counts[-1] is CountOutcome.AGREES
    assert CountOutcome.DIFFERS in counts
