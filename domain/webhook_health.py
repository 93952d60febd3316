"""Whether a source's webhooks reach us: "last webhook heard" against "found only by asking".

Silence alone shows nothing. A company in which nothing happens is as silent as one whose webhooks get lost. Only a
change that change data capture brings, and that no webhook has reported, tells them apart.
"""

from datetime import datetime, timedelta

# A first event can take five minutes (Intuit webhooks page). The event of a change younger than this may be on its way.
ON_ITS_WAY = timedelta(minutes=1)
# For this long we often ask a company that has never sent a webhook, until it is plain that its webhooks work.
TRIAL = timedelta(days=1)


def webhooks_are_silent(
    connected_at: datetime, heard_at: datetime | None, missed_at: datetime | None, now: datetime
) -> bool:
    """Whether the source's webhooks fail to reach us, as far as we can know.

    Args:
        missed_at: when change data capture last brought something that no webhook had reported.
    """
    if missed_at is not None:
        return heard_at is None or heard_at <= missed_at
    return heard_at is None and now - connected_at < TRIAL


def webhooks_are_back(heard_at: datetime | None, lost_at: datetime, now: datetime) -> bool:
    """Whether a stretch of lost webhooks is over: one has arrived since, or nothing was lost for a day."""
    return (heard_at is not None and heard_at > lost_at) or now - lost_at >= TRIAL
