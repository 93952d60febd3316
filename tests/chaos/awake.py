"""After all trouble: whether every process has come back by itself, as those see it who watch."""

import time

import requests

from sandbox.stack import Stack

# Each wait on its own: a heartbeat comes every ten seconds, a connection that was lost is tried again for longer.
PATIENCE_SECONDS = 90.0
_LOOK_SECONDS = 1.0


def still_asleep(stack: Stack) -> list[str]:
    """Sentences about what has not come back in time: what /readyz finds, and what Flower does not see."""
    began_at, deadline = time.time(), time.monotonic() + PATIENCE_SECONDS
    while wrong := [*_not_ready(stack), *_not_in_flower(stack, began_at)]:
        if time.monotonic() > deadline:
            return wrong
        time.sleep(_LOOK_SECONDS)
    return []


def _not_ready(stack: Stack) -> list[str]:
    """Workers of every step, the clock, Redis and the database."""
    try:
        problems = requests.get(f"{stack.web_url}/readyz", timeout=20).json()["problems"]
    except requests.RequestException as error:
        return [f"/readyz does not answer: {error}"]
    return [f"/readyz: {problem['what']}" for problem in problems]


def _not_in_flower(stack: Stack, since: float) -> list[str]:
    """It has seen a task that a worker has received since then: both have found the Redis that serves now."""
    if "flower" not in stack.processes.names:
        return []
    try:
        tasks = requests.get(f"{stack.flower_url}/api/tasks?limit=20", auth=stack.flower_login, timeout=20).json()
    except requests.RequestException as error:
        return [f"Flower does not answer: {error}"]
    seen = max((task["received"] or 0 for task in tasks.values()), default=0)
    return [] if seen > since else [f"Flower has seen no task for {time.time() - seen:.0f} s"]
