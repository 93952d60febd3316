"""What goes wrong outside: every fault that the two sandboxes know, and Redis losing everything."""

from random import Random

from sandbox.connectwise import ConnectWiseSandbox
from sandbox.faults import COMMON_KINDS, Fault
from sandbox.quickbooks import QuickBooksSandbox
from sandbox.quickbooks.incomplete import SHAPES

# Real seconds: how long a late request takes to land, and a slow one to be answered (far below the read time limit).
LANDS_LATE_SECONDS = SLOW_SECONDS = 0.02
# Real seconds: longer than the read time limit of a simulated world, so that the answer is given up.
HANG_SECONDS = 0.4
READ_TIMEOUT_SECONDS = 0.3
_SECONDS = {"late_commit": LANDS_LATE_SECONDS, "latency": SLOW_SECONDS}
# A request that the network delivers twice is a second payment that no client can prevent or see: its own test
# (tests/flow) says what is made of it. Hangs cost real time, so they come seldom.
_TARGET_KINDS = sorted(COMMON_KINDS - {"duplicate_delivery", "hang", "hang_after_commit"}) * 3
TARGET_KINDS = [*_TARGET_KINDS, "hang", "hang_after_commit"]
# What "the company has withdrawn its consent" and "the month is used up" mean is decided for days: own tests.
_ENDS_THE_CONNECTION = {"forbidden", "monthly_cap"}
_SOURCE_KINDS = sorted((COMMON_KINDS | QuickBooksSandbox.own_fault_kinds) - _ENDS_THE_CONNECTION - {"hang"})
SOURCE_KINDS = [kind for kind in _SOURCE_KINDS if kind != "hang_after_commit"] * 3 + ["hang"]


def disturb_target(connectwise: ConnectWiseSandbox, random: Random) -> str:
    """Plans one fault for ConnectWise; what was planned, in words."""
    kind = random.choice(TARGET_KINDS)
    method = random.choice(["POST", "POST", "GET", "PATCH", "DELETE", "*"])
    connectwise.faults.add(
        Fault(
            kind=kind,
            method=method,
            path=random.choice([r"/payments", ""]),
            times=random.choice([1, 1, 2]),
            skip=random.choice([0, 0, 1]),
            seconds=_seconds(kind),
            status=random.choice([500, 502, 503]),
            body=random.choice([None, "html"]) if kind.startswith("error") else None,
            retry_after=random.choice([None, 5, 40]),
        )
    )
    return f"ConnectWise will {kind} ({method})"


def disturb_source(quickbooks: QuickBooksSandbox, random: Random) -> str:
    """Plans one fault for QuickBooks, its token server included; what was planned, in words."""
    kind = random.choice(SOURCE_KINDS)
    path = random.choice(["/v3/", "/v3/", "/v3/", "/oauth2/"]) if kind in COMMON_KINDS else "/v3/"
    shape = random.choice(sorted(SHAPES)) if kind == "incomplete_picture" else None
    times = random.choice([1, 2, 5]) if shape else 1
    quickbooks.faults.add(Fault(kind=kind, path=path, times=times, seconds=_seconds(kind), body=shape))
    if path == "/oauth2/":
        quickbooks.expire_access_tokens()
    return f"QuickBooks will {kind} ({path})"


def _seconds(kind: str) -> float:
    return HANG_SECONDS if kind.startswith("hang") else _SECONDS.get(kind, 0)
