"""Whose clocks a command shows: those of the organization that it is about, and UTC where it is about none or all."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from domain.visible_text import visible

if TYPE_CHECKING:
    from domain.locality import Locality

_locality: ContextVar[Locality | None] = ContextVar("locality", default=None)


def show_times_of(locality: Locality | None) -> None:
    """From here on a person reads times by these clocks. Programs always read UTC."""
    _locality.set(locality)


def shown(text: str) -> str:
    """The text as a person sees it: every moment in it was written in UTC, and gets its zone here."""
    locality = _locality.get()
    if locality is None:
        return visible(text)
    from domain.local_text import with_moments
    from domain.locality import offset_text

    zone = locality.zone

    def written(moment: datetime, has_seconds: bool) -> str:
        local = moment.astimezone(zone)
        return f"{local:{'%Y-%m-%d %H:%M:%S' if has_seconds else '%Y-%m-%d %H:%M'}} {offset_text(local)}"

    return visible(with_moments(text, datetime.now(UTC), written))
