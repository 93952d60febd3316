"""The moments of a later look at what was written; see `cases.py`."""

from datetime import date

from sandbox.faults import Fault
from tests.crash.stage import Stage
from usecases.linking import LinkReport, link_payment


def deleted_by_hand(stage: Stage) -> None:
    """A payment that was synced is removed in ConnectWise; another one stays as it is."""
    _look_is_due(stage)


def nobody_answers_the_look(stage: Stage) -> None:
    """As before, and ConnectWise is away for a moment when somebody looks."""
    _look_is_due(stage)
    stage.world.connectwise.faults.add(Fault("error", method="GET", path="/finance/invoices$", status=503, times=1))


def _look_is_due(stage: Stage) -> None:
    gone, stays = stage.invoice("100.00", ends_with=[]), stage.invoice("100.00", ends_with=["30.00"])
    stage.world.pay("50.00", (gone, "50.00"))
    stage.world.pay("30.00", (stays, "30.00"))
    stage.work()
    [there] = stage.world.on(gone)
    stage.world.connectwise.delete_payment(gone.connectwise_id or 0, there.id)


def linked_by_a_person(stage: Stage) -> None:
    """A payment is held beside a typed one, and a person has said that it is the same money."""
    world = stage.world
    invoice = stage.invoice("100.00", ends_with=["40.00"])
    twin = world.connectwise.type_payment(invoice.connectwise_id or 0, "40.00", payment_date=date(2026, 11, 18))
    payment = world.pay("40.00", (invoice, "40.00"), on="2026-11-20")
    stage.work()
    report = link_payment(stage.person(), world.organization_id, payment, str(twin))
    assert isinstance(report, LinkReport), report
