"""How far clocks can be trusted."""

from datetime import timedelta
from typing import Final

# Synchronized clocks differ by seconds. If two clocks differ by more than this, one of them is wrong.
CLOCKS_APART_MAX: Final = timedelta(minutes=5)
