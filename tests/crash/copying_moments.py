"""The moments of the Sync Tool at which a process is killed; see `cases.py`."""

from domain.copying.states import CopyAction
from sandbox.faults import Fault
from tasks.points import Point
from tests.copying import Tool, set_up
from tests.crash.stage import Stage


def copying(stage: Stage) -> None:
    """Some to copy, two of them for a customer that is to be created; one to mark; and the list is to be read."""
    tool = _tool(stage)
    for number in ("CW-1", "CW-2"):
        _bill(stage, tool, number, "100.00")
    for number in ("CW-3", "CW-4"):
        _bill(stage, tool, number, "118.25", company_identifier="Fresh", company_name="Fresh Bakery")
    _bill(stage, tool, "CW-5", "55.00", copied=False)
    stage.customers = ("Fresh Bakery",)
    tool.refresh()
    tool.use_proposals(tool.preview("CW-1", "CW-2", "CW-3", "CW-4"), create=True)
    tool.start("CW-1", "CW-2", "CW-3", "CW-4", sure=True)
    tool.start("CW-5", action=CopyAction.MARK, sure=True)
    tool.ask_for_list()


def after_a_death(stage: Stage) -> None:
    """A process died with creations that it was about to send."""
    copying(stage)
    assert stage.die(Point.COPY_INTENDED)


def lost_answers(stage: Stage) -> None:
    """The books, and then the biller, carry out what they are asked to, and nobody hears of it."""
    copying(stage)
    stage.world.quickbooks.faults.add(Fault(kind="commit_then_drop", method="POST", path=r"/invoice$", times=2))
    stage.world.connectwise.faults.add(
        Fault(kind="commit_then_drop", method="POST", path="/accounting/batches", times=2)
    )


def undoing(stage: Stage) -> None:
    """A copy and a mark to take back, and a copy to update after its invoice was edited."""
    tool = _tool(stage)
    for number, total in (("CW-1", "100.00"), ("CW-2", "50.00")):
        _bill(stage, tool, number, total)
    _bill(stage, tool, "CW-3", "70.00", copied=False)
    tool.copy("CW-1", "CW-2")
    tool.do(CopyAction.MARK, "CW-3")
    stage.world.connectwise.edit_after_close(tool.ids["CW-2"], total="150.00")
    tool.refresh()
    assert [tool.state(number) for number in ("CW-1", "CW-2", "CW-3")] == ["copied", "changed", "present"]
    stage.copies = {"CW-1": ([], 0), "CW-2": (["150.00"], 1), "CW-3": ([], 0)}
    tool.start("CW-1", "CW-3", action=CopyAction.TAKE_BACK, sure=True)
    tool.start("CW-2", action=CopyAction.UPDATE, sure=True)


def wrong_total(stage: Stage) -> None:
    """The books come to another total than the biller, so the copy must not stay."""
    tool = _tool(stage)
    connectwise, quickbooks = stage.world.connectwise, stage.world.quickbooks
    connectwise.add_tax_code("TX", [{"rate": "0.0825"}])
    invoice = connectwise.add_invoice("CW-1", "0", tax_code="TX", closed=False)
    connectwise.add_line(invoice, "product", "Switch", "100.00", "1", taxable=True)
    connectwise.close_invoice(invoice)
    quickbooks.set_preferences(uses_sales_tax=True)
    quickbooks.set_switches(ast="recalc_zero")
    stage.copies = {"CW-1": ([], 0)}
    tool.refresh()
    tool.use_proposals(tool.preview("CW-1"))
    tool.start("CW-1", sure=True)


def previewing(stage: Stage) -> None:
    """A person wants to know what copying would do; nothing may be written."""
    tool = _tool(stage)
    for number in ("CW-1", "CW-2"):
        _bill(stage, tool, number, "100.00")
    stage.copies = {"CW-1": ([], 0), "CW-2": ([], 0)}
    tool.refresh()
    tool.start("CW-1", "CW-2")


def _tool(stage: Stage) -> Tool:
    return set_up(stage.world)


def _bill(stage: Stage, tool: Tool, number: str, total: str, *, copied: bool = True, **fields: str) -> None:
    tool.bill(number, total, **fields)  # type: ignore[arg-type]
    stage.copies[number] = ([total] if copied else [], 1)
