"""A nudge is a message with a task's name: a worker that does not know the name throws it away."""

from settings.celery import QUEUES
from tasks.context import Step
from workers.app import app


def test_the_workers_know_the_task_of_every_step_and_its_queue() -> None:
    app.loader.import_default_modules()
    steps = {f"payments.{step.value}" for step in Step}
    assert steps - set(app.tasks) == set()
    assert steps - set(QUEUES) == set()
