"""The way to the first synced payment, step by step: what is done, what is next, and what to do about it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.preferences import SYNC_MODE_LABELS, Preferences


class SetUpStep(StrEnum):
    """In their order."""

    CONNECT_SOURCE = "connect_source"
    CONNECT_TARGET = "connect_target"
    CHECK_RIGHTS = "check_rights"
    CHOOSE = "choose"
    FIRST_PAYMENT = "first_payment"


class StepState(StrEnum):
    DONE = "done"
    TO_DO = "to_do"
    # An earlier step has to be done first.
    LATER = "later"
    # It was done, and something is wrong now.
    PROBLEM = "problem"


STEP_STATE_LABELS = {
    StepState.DONE: "Done",
    StepState.TO_DO: "To do",
    StepState.LATER: "Later",
    StepState.PROBLEM: "Problem",
}
# {source} and {target} stand for the names of the two systems.
SET_UP_STEP_LABELS = {
    SetUpStep.CONNECT_SOURCE: "Connect {source}",
    SetUpStep.CONNECT_TARGET: "Connect {target}",
    SetUpStep.CHECK_RIGHTS: "Check the rights",
    SetUpStep.CHOOSE: "Choose what is synced",
    SetUpStep.FIRST_PAYMENT: "Test with one payment",
}


@dataclass(frozen=True, slots=True)
class LinkStanding:
    """How a connection stands; all False while there is none.

    Attributes:
        exists: it was connected once.
        is_active: it may be used now.
        is_tested: the last test succeeded.
    """

    exists: bool = False
    is_active: bool = False
    is_tested: bool = False


@dataclass(frozen=True, slots=True)
class SetUp:
    """What is known about an organization that has not synced a payment yet.

    Attributes:
        payments: how many payments are known from the source.
    """

    source: LinkStanding
    target: LinkStanding
    preferences: Preferences
    payments: int


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the checklist.

    Attributes:
        sentence: how it stands and what to do, with {source} and {target}.
    """

    step: SetUpStep
    state: StepState
    sentence: str


def steps_of(known: SetUp) -> tuple[Step, ...]:
    """All steps in their order, done or not."""
    before: list[Step] = [
        _connect(SetUpStep.CONNECT_SOURCE, "{source}", known.source),
        _connect(SetUpStep.CONNECT_TARGET, "{target}", known.target),
    ]
    before.append(_check_rights(known, before))
    before.append(_choose(known.preferences))
    before.append(_first_payment(known, before))
    return tuple(before)


def _connect(step: SetUpStep, name: str, link: LinkStanding) -> Step:
    if link.is_active:
        return Step(step, StepState.DONE, f"{name} is connected.")
    if link.exists:
        again = f"The connection to {name} no longer works. Connect it again; nothing recorded in the meantime is lost."
        return Step(step, StepState.PROBLEM, again)
    return Step(step, StepState.TO_DO, f"{name} is not connected yet.")


def _check_rights(known: SetUp, before: Sequence[Step]) -> Step:
    step = SetUpStep.CHECK_RIGHTS
    if not _all_done(before):
        return Step(
            step, StepState.LATER, "Once both are connected, one click checks that we may do all we need to do."
        )
    untested = [name for name, link in (("{source}", known.source), ("{target}", known.target)) if not link.is_tested]
    if untested:
        names = f"{untested[0]} has" if len(untested) == 1 else "{source} and {target} have"
        return Step(step, StepState.TO_DO, f"{names} not confirmed our rights yet. The check changes nothing there.")
    return Step(step, StepState.DONE, "We may read payments in {source}, and enter and remove payments in {target}.")


def _choose(preferences: Preferences) -> Step:
    step = SetUpStep.CHOOSE
    if not preferences.sync_enabled:
        off = "External payments sync is switched off. Switch it on, and choose for which invoices."
        return Step(step, StepState.TO_DO, off)
    if not preferences.may_sync:
        disabled = (
            f"The sync mode is “{SYNC_MODE_LABELS[preferences.sync_mode]}”, so nothing is synced. Choose another one."
        )
        return Step(step, StepState.TO_DO, disabled)
    mode = f", in the mode “{SYNC_MODE_LABELS[preferences.sync_mode]}”" if preferences.sync_tool_enabled else ""
    since = f", for payments dated {preferences.cut_off_on} or later" if preferences.cut_off_on else ""
    return Step(step, StepState.DONE, f"External payments sync is switched on{mode}{since}.")


def _first_payment(known: SetUp, before: Sequence[Step]) -> Step:
    step = SetUpStep.FIRST_PAYMENT
    if not _all_done(before):
        return Step(
            step, StepState.LATER, "When everything above is done, one small payment shows that all of it works."
        )
    if known.payments:
        heard = "1 payment has" if known.payments == 1 else f"{known.payments:,} payments have"
        return Step(
            step,
            StepState.TO_DO,
            f"{heard} arrived from {{source}}, and none is on its invoice in {{target}} yet. "
            "Each of them says why, and what to do.",
        )
    return Step(
        step,
        StepState.TO_DO,
        "Record a payment in {source} for an invoice that {target} has too, with the same number, total and currency. "
        "It arrives automatically; you can also look for it now.",
    )


def _all_done(steps: Sequence[Step]) -> bool:
    return all(one.state is StepState.DONE for one in steps)
