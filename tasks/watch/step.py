"""Watch: writes the messages about an organization's alarms. It calls nobody; `notify` sends what is written.

Called by: a nudge of the sweep, which has seen that an alarm begins, grows or ends, or that somebody is to be told.
Does: looks once more under its lease, decides (`domain/alarms/deciding.py`), and stores in one transaction the alarms
as they are now, the messages, and that they have been told.
Leaves behind: notices of the endpoints, due now or when their quiet hours are over.
If it dies here: nothing is stored or all of it; the next sweep looks again.
"""

from dataclasses import dataclass

import structlog
from celery import shared_task

from domain.alarms.deciding import decide
from models.alarms import situations, store_decided
from tasks.context import Context, Step
from tasks.points import Point
from tasks.step import Drained, Lease, database_may_be_away, drain, process_context

log = structlog.get_logger()


def watch(context: Context, organization_id: int) -> Drained:
    """Looks at the organization's alarms once."""
    return drain(context, Step.WATCH, organization_id, lambda lease: _Look(context, lease).work())


@dataclass(frozen=True, slots=True)
class _Look:
    context: Context
    lease: Lease

    def work(self) -> bool:
        """Always False: one look sees everything."""
        now, organization_id = self.context.clock.now(), self.lease.owner_id
        with self.context.database.writing() as session:
            self.lease.guard(session)
            situation = situations(session, [organization_id], now).get(organization_id)
            decided = None if situation is None else decide(situation, now)
            if decided:
                store_decided(session, organization_id, decided, now)
        self.context.reached(Point.WATCH_TOLD)
        if decided:
            for message in decided.messages:
                log.info(
                    "alarm.told",
                    organization_id=organization_id,
                    endpoint_id=message.endpoint_id,
                    kind=message.kind.value,
                    phase=message.phase.value,
                )
        return False


@shared_task(name="payments.watch")
def watch_task(organization_id: int) -> None:
    with database_may_be_away():
        watch(process_context(Step.WATCH, organization_id), organization_id)
