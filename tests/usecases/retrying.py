"""A person's retry."""

from tasks.letting_go import RetryReport
from tests.world import World
from usecases.retry import retry_payment


def retry(world: World, payment_id: str, *, create_anyway: bool = False) -> RetryReport:
    report = retry_payment(world.context, world.organization_id, payment_id, create_anyway)
    assert isinstance(report, RetryReport), report
    return report
