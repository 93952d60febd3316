"""Whether a source's webhooks reach us: "last webhook heard" against "found only by asking".

Silence alone shows nothing. A company in which nothing happens is as silent as one whose webhooks get lost; what tells
them apart is a change that change data capture brings and no webhook has told of.
"""

from datetime import datetime, timedelta

# A first event can take five minutes (Intuit webhooks page); what is younger may still be on its way.
ON_ITS_WAY = timedelta(minutes=1)
# A company that was never heard is asked often for so long, until it is plain that its webhooks work.
TRIAL = timedelta(days=1)


def webhooks_are_silent(
    connected_at: datetime, heard_at: datetime | None, missed_at: datetime | None, now: datetime
) -> bool:
    """Whether what happens at the source does not reach us by webhook, as far as can be known.

    Args:
        missed_at: when change data capture last brought something that no webhook had told of.
    """
    if missed_at is not None:
        return heard_at is None or heard_at <= missed_at
    return heard_at is None and now - connected_at < TRIAL
