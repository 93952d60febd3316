"""The web process's sign of life, given by the loop that serves its requests (`workers/pulse.py`)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from domain.version import VERSION
from models.running_processes import ProcessKind
from settings import Settings
from tasks.context import Context
from workers.pulse import BEAT_SECONDS, Pulse


def make_pulse(context: Context, settings: Settings) -> Pulse:
    return Pulse(
        context.database.reserved,
        context.clock.now,
        settings.state_dir,
        kind=ProcessKind.WEB,
        name=settings.process_name or "web",
        version=VERSION,
    )


@asynccontextmanager
async def gives_signs_of_life(app: FastAPI) -> AsyncIterator[None]:
    """While the application runs; an application without a pulse (a test's) gives none."""
    pulse: Pulse | None = getattr(app.state, "pulse", None)
    if pulse is None:
        yield
        return
    beating = asyncio.create_task(_beat(pulse))
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
        await asyncio.to_thread(pulse.end)


async def _beat(pulse: Pulse) -> None:
    while True:
        pulse.beat()
        await asyncio.sleep(BEAT_SECONDS)
