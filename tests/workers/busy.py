"""A worker set up as ours are, with a task that lasts as long as a test wants it to."""

import time
from pathlib import Path

from celery import Celery

from settings import load_settings
from settings.celery import celery_configuration

app = Celery("busy")
app.conf.update(celery_configuration(load_settings()))


@app.task(name="busy.work")
def work(begun: str, may_end: str) -> None:
    Path(begun).touch()
    while not Path(may_end).exists():
        time.sleep(0.02)
