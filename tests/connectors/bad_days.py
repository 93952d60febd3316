"""Bad days on which nobody can say what became of a write, whichever vendor it was sent to."""

from connectors.base import Unknown
from sandbox.faults import Fault

# Kind of fault, what the write ends in, how many records it has made.
UNKNOWN_AT_EVERY_VENDOR = [
    (Fault("error_after_commit"), Unknown, 1),
    (Fault("hang", seconds=0.05), Unknown, 0),
    (Fault("hang_after_commit", seconds=0.05), Unknown, 1),
    (Fault("drop_before_commit"), Unknown, 0),
    (Fault("commit_then_drop"), Unknown, 1),
    (Fault("truncate"), Unknown, 1),
    (Fault("garbage"), Unknown, 0),
    (Fault("garbage_after_commit"), Unknown, 1),
    (Fault("redirect"), Unknown, 0),
]
