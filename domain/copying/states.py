"""Where an invoice stands on its way into the books, and what a person wants done with it."""

from enum import StrEnum


class CopyState(StrEnum):
    # Closed at the biller and in no batch; nobody has asked for anything.
    AVAILABLE = "available"
    # A person wants something done (`CopyAction`), and a worker will do it.
    QUEUED = "queued"
    # The creation is on disk and may be on the wire.
    CREATING = "creating"
    # The creation got no answer: a look decides, after the settle time.
    IN_DOUBT = "in_doubt"
    # It cannot be done as things are; the reason says why, and a person may try again.
    HELD = "held"
    # In the books, and in a batch of ours at the biller.
    COPIED = "copied"
    # In a batch of ours without a copy: a person said that the books have it already.
    PRESENT = "present"
    # Not in the list any more, though we did nothing: another tool or a person has batched it or opened it again.
    ELSEWHERE = "elsewhere"
    # Copied by us once, and taken out of its batch at the biller since.
    CHANGED = "changed"


class CopyAction(StrEnum):
    COPY = "copy"
    # Put it into a batch without copying it: the books have it already.
    MARK = "mark"
    # Undo a copy or a mark of ours.
    TAKE_BACK = "take_back"
    # Set our copy in the books to what the biller says now.
    UPDATE = "update"
    # Leave our copy in the books as it is, and put the invoice into a batch again.
    LEAVE = "leave"


class RunState(StrEnum):
    """A run: what a person asked for, about many invoices at once."""

    # A worker works out what would be done. Nothing is written outside.
    CHECKING = "checking"
    # Worked out; waits for the person's word.
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    # A person decided against it before anything was done, or stopped what had not begun.
    STOPPED = "stopped"


class ItemState(StrEnum):
    """One invoice of a run."""

    CHECKING = "checking"
    # It can be done as the preview says.
    READY = "ready"
    # It cannot be done; the reason says why.
    PROBLEM = "problem"
    QUEUED = "queued"
    DONE = "done"
    HELD = "held"
    # Taken out of the run before anything was done.
    LEFT_OUT = "left_out"


# A worker works on these; nobody else changes them.
AT_WORK = frozenset({CopyState.QUEUED, CopyState.CREATING, CopyState.IN_DOUBT})
# The creation may be in the books although we do not know it.
MAY_BE_IN_BOOKS = frozenset({CopyState.CREATING, CopyState.IN_DOUBT})
# States from which each action may be asked for.
ALLOWED: dict[CopyAction, frozenset[CopyState]] = {
    CopyAction.COPY: frozenset({CopyState.AVAILABLE, CopyState.HELD}),
    CopyAction.MARK: frozenset({CopyState.AVAILABLE, CopyState.HELD}),
    CopyAction.TAKE_BACK: frozenset({CopyState.COPIED, CopyState.PRESENT, CopyState.CHANGED, CopyState.HELD}),
    CopyAction.UPDATE: frozenset({CopyState.CHANGED, CopyState.HELD}),
    CopyAction.LEAVE: frozenset({CopyState.CHANGED, CopyState.HELD}),
}
ENDED_RUNS = frozenset({RunState.DONE, RunState.STOPPED})
OPEN_ITEMS = frozenset({ItemState.CHECKING, ItemState.READY, ItemState.QUEUED})
