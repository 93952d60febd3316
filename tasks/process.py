"""The context of this process, for the Celery tasks at the foot of each step."""

from celery import current_app

from tasks.context import Context, Step


def process_context(step: Step | None = None, owner_id: int = 0) -> Context:
    """The context that `workers/composition.py` made; says to the nudge that this lane's nudge has arrived."""
    context: Context = current_app.context()
    if step is not None:
        arrived = getattr(context.nudge, "arrived", None)
        if arrived is not None:
            arrived(step, owner_id)
    return context
