from celery import Celery
from celery.contrib.testing.worker import start_worker
from kombu import Queue

from settings import Settings
from settings.celery import celery_configuration
from workers.inspection import who_answers


def test_a_worker_says_from_which_queues_it_takes(redis_url: str) -> None:
    app = Celery("test")
    app.conf.update(celery_configuration(Settings(_env_file=None, redis_url=redis_url)))  # type: ignore[call-arg]
    app.conf.update(worker_consumer="celery.worker.consumer:Consumer", task_queues=[Queue("push"), Queue("match")])
    assert who_answers(app, patience_seconds=0.3).queues == {}
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=20):
        found = who_answers(app, patience_seconds=2)
    assert found.queues == {"push": 1, "match": 1}
    assert found.beats == 0
