"""What clocks may be trusted with."""

from datetime import timedelta
from typing import Final

# Clocks that are kept differ by seconds; one of two that differ by more than this is wrong.
CLOCKS_APART_MAX: Final = timedelta(minutes=5)
