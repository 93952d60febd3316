"""How often a process that lives long looks for garbage.

Python counts how many objects are made, and looks for unreachable cycles after every 700 of them; each longer look goes
through all that was imported as well. Rows and values of a batch are many objects and hardly any cycles: a quarter of
the time that a preview computes went into these looks, which found nothing.
"""

import gc

# So many objects are a few megabytes.
OBJECTS_BETWEEN_LOOKS = 50_000


def look_for_garbage_rarely() -> None:
    """To be called once, when everything is imported: what exists by now is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS, 20, 20)
