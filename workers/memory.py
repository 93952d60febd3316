"""How a process that lives long keeps its memory: how often it looks for garbage, and what it gives back.

Python counts how many objects are made, and looks for unreachable cycles after every 700 of them; each longer look goes
through all that was imported as well. Rows and values of a batch are many objects and hardly any cycles: a quarter of
the time that a preview computes went into these looks, which found nothing. The rows of a batch do point at each other,
so what is left of some batches is looked for soon.

The C library gives each thread a heap of its own, so that threads do not wait for each other, and each heap keeps what
its largest batch took. Our threads wait for Python's one lock anyway. And once it has seen a large text, it puts the
next ones into the heap, too, where one small object above them keeps all of it. A look back over 100,000 payments took
336 MB with the defaults.
"""

import ctypes
import gc
from contextlib import suppress

# So many objects are about a megabyte.
OBJECTS_BETWEEN_LOOKS = 10_000
# How many short looks come before a longer one, and how many of those before one at everything that is not imported.
_LOOKS_BEFORE_A_LONGER_ONE = 2
# Python lets one thread at a time work, so they need not wait for each other here. A second heap took 6 MB more.
HEAPS_MAX = 1
# A page of a list and a statement with a thousand rows are larger; each is given back when it is done with.
LARGE_BYTES = 128 * 1024
# What <malloc.h> of glibc calls the number of heaps, and the size from which on something is put beside them.
_M_ARENA_MAX, _M_MMAP_THRESHOLD = -8, -3


def look_for_garbage_rarely() -> None:
    """To be called once, when everything is imported: what exists by now is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS, _LOOKS_BEFORE_A_LONGER_ONE, _LOOKS_BEFORE_A_LONGER_ONE)


def keep_heaps_small() -> None:
    """To be called once, before threads begin. Other C libraries than glibc have no such settings."""
    with suppress(OSError, AttributeError):
        set_up = ctypes.CDLL(None).mallopt
        set_up(_M_ARENA_MAX, HEAPS_MAX)
        set_up(_M_MMAP_THRESHOLD, LARGE_BYTES)
