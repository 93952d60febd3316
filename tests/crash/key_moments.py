"""Moments in which ConnectWise refuses our keys: once, for minutes, for hours."""

from sandbox.faults import Fault
from tests.crash.stage import Stage
from usecases.connections import test_connection as check_connection


def keys_refused(stage: Stage) -> None:
    """ConnectWise does not accept our keys any more."""
    stage.world.pay("40.00", (stage.invoice("100.00", ends_with=["40.00"]), "40.00"))
    stage.world.connectwise.set_keys(private_key="another one")


def keys_refused_for_minutes(stage: Stage) -> None:
    """One refusal more, and the verdict is due."""
    keys_refused(stage)
    stage.work()


def keys_refused_for_hours(stage: Stage) -> None:
    """The keys were given up, and it is time to try them again."""
    keys_refused_for_minutes(stage)
    stage.work()
    assert stage.target().status == "needs_reconnect"
    stage.processes += 12


def write_refused(stage: Stage) -> None:
    """The keys still read, and are refused at the write, once."""
    stage.world.pay("40.00", (stage.invoice("100.00", ends_with=["40.00"]), "40.00"))
    stage.world.connectwise.faults.add(Fault("error", method="POST", path=r"/payments$", status=401, times=1))


def accept_keys(stage: Stage) -> None:
    for _ in range(3):
        if stage.target().status == "active":
            stage.work()
    assert stage.target().status == "needs_reconnect"
    stage.world.connectwise.set_keys(private_key="sandbox-private-key")
    assert check_connection(stage.person(), stage.world.target_id).ok
    stage.work()
