"""A worker's heartbeat, given by its consumer loop: a worker that takes no messages any more gives none.

A thread of its own would go on beating in a worker that is connected and deaf. This one is a step of the consumer: its
timer is run by the loop that reads from the broker, and is gone while that has lost its connection.
"""

import time
from typing import Any

from celery import bootsteps

from workers.pulse import BEAT_SECONDS

# Redis answers a blocking read within a second (kombu's `brpop_timeout`), with a message or with nothing. After this
# long it is no answer that is late; kombu itself gives the connection up a little later.
HEARD_WITHIN_SECONDS = 5.0


class Heartbeat(bootsteps.StartStopStep):  # type: ignore[misc]  # celery ships no types
    """Added to every worker's consumer (`workers/app.py`); `app.pulse` makes the pulse."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self._timer: Any = None

    def start(self, consumer: Any) -> None:
        pulse = consumer.app.pulse(consumer.hostname, tuple(sorted(consumer.app.amqp.queues.consume_from)))

        def beat() -> None:
            if hears(consumer):
                pulse.beat()

        consumer.timer.call_after(1.0, beat)
        self._timer = consumer.timer.call_repeatedly(BEAT_SECONDS, beat)

    def stop(self, consumer: Any) -> None:  # noqa: ARG002 - celery's own signature
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def hears(consumer: Any) -> bool:
    """Whether the broker answers this consumer; True where it has all the messages that it can work on."""
    channel: Any = getattr(consumer.task_consumer, "channel", None)
    # Only Redis' transport asks again and again; with others the loop's own heartbeats find a dead connection.
    asked_at = getattr(channel, "_brpop_sent_at", None)
    if asked_at is None or not getattr(channel, "_in_poll", None):
        return True
    return time.monotonic() - asked_at < HEARD_WITHIN_SECONDS or not channel.qos.can_consume()
