"""Nudges as Celery messages. Best effort by design: the sweep repeats any nudge that cannot be published now."""

from collections.abc import Callable
from dataclasses import dataclass

import redis
import structlog
from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from connectors.aside import aside
from tasks.context import Step

log = structlog.get_logger()

# Two nudges for one lane within this time count as one, until the first has arrived. A lost nudge delays the work by at
# most this much more, because the sweep's nudges are held back as well.
COALESCE_MILLISECONDS = 2000


def _number(step: Step, owner_id: int) -> str:
    return f"{step.owner.name.lower()} {owner_id}"


@dataclass(frozen=True, slots=True)
class CeleryNudge:
    """Publishes nudges.

    Attributes:
        name_of: whose lane it is, for the people who read Flower; the worker goes by the id.
    """

    celery: Celery | None
    redis: redis.Redis | None
    name_of: Callable[[Step, int], str] = _number

    def __call__(self, step: Step, owner_id: int) -> None:
        if self.celery is None:
            return
        # A Redis that does not answer is waited for, and then sent to once more.
        with aside():
            if not self._is_first(step, owner_id):
                return
            try:
                self.celery.send_task(f"payments.{step.value}", args=[owner_id], argsrepr=self.name_of(step, owner_id))
            except (OperationalError, RedisError, OSError) as error:
                log.warning("nudge.not_sent", step=step.value, owner_id=owner_id, error=type(error).__name__)

    def arrived(self, step: Step, owner_id: int) -> None:
        """From now on another nudge for this lane is sent again. Called before the step looks at any row."""
        if self.redis is None:
            return
        try:
            self.redis.delete(_key(step, owner_id))
        except RedisError as error:
            log.warning("nudge.redis_away", error=type(error).__name__)

    def _is_first(self, step: Step, owner_id: int) -> bool:
        if self.redis is None:
            return True
        try:
            return bool(self.redis.set(_key(step, owner_id), b"1", nx=True, px=COALESCE_MILLISECONDS))
        except RedisError:
            return True


def _key(step: Step, owner_id: int) -> str:
    return f"payments-nudge:{step.value}:{owner_id}"
