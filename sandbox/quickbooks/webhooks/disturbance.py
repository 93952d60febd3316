"""Disturbs events before they are sent: lost, doubled, out of order, held back."""

import random

from sandbox.quickbooks.webhooks.events import Event


class Disturbance:
    def __init__(self, seed: int = 0) -> None:
        self.holding = False
        self.lost: list[Event] = []
        self._lose_next = 0
        self._lose_fraction = 0.0
        self._double_next = 0
        self._double_fraction = 0.0
        self._reorder_next = 0
        self._waiting: list[Event] = []
        self._held: list[Event] = []
        self._random = random.Random(seed)

    def lose(self, count: int, fraction: float) -> None:
        self._lose_next, self._lose_fraction = count, fraction

    def double(self, count: int, fraction: float) -> None:
        self._double_next, self._double_fraction = count, fraction

    def reorder(self, count: int) -> None:
        """Keeps the next `count` events until all are there, then releases them in reverse order."""
        self._reorder_next = count

    def hold(self) -> None:
        self.holding = True

    def release(self) -> list[Event]:
        """Releases all events held back or kept for reordering."""
        self.holding = False
        self._reorder_next = 0
        released = [*self._held, *reversed(self._waiting)]
        self._held, self._waiting = [], []
        return released

    def pass_on(self, event: Event) -> list[Event]:
        """The events to send now that this one has happened."""
        if self._strikes("_lose_next", self._lose_fraction):
            self.lost.append(event)
            return []
        events = [event, event] if self._strikes("_double_next", self._double_fraction) else [event]
        if self.holding:
            self._held += events
            return []
        if not self._reorder_next:
            return events
        self._waiting += events
        self._reorder_next -= 1
        if self._reorder_next:
            return []
        released, self._waiting = self._waiting[::-1], []
        return released

    def _strikes(self, counter: str, fraction: float) -> bool:
        left: int = getattr(self, counter)
        if left:
            setattr(self, counter, left - 1)
            return True
        return fraction > 0 and self._random.random() < fraction
