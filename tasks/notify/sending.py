"""One try to deliver a notice: from the row to what is sent, and from the answer to the row of the try.

Shared with the test that a person sends (`usecases/endpoints.py`).
"""

from datetime import datetime

import simplejson
from sqlalchemy.orm import Session

from connectors.channel import Parcel
from domain.notices.body import News, body_of, letter_of
from domain.notices.trying import Reply, Tried, Verdict, judge
from domain.words import Words
from models.endpoints import Endpoint, secrets_in_force
from models.notices import DETAIL_CHARACTERS_MAX, Notice, NoticeTry
from models.organizations import Organization
from tasks.context import Context


def parcel_for(
    context: Context, endpoint: Endpoint, organization: Organization, news: News, words: Words, now: datetime
) -> Parcel:
    """The notice as it is sent now.

    Raises:
        SecretsUnreadable: the signing secret was sealed with a key that is not there.
    """
    return Parcel(
        endpoint_id=endpoint.id,
        address=endpoint.address,
        uid=news.uid,
        body=simplejson.dumps(body_of(news, words, context.address), ensure_ascii=False).encode(),
        secrets=secrets_in_force(context.keyring.open(endpoint.sealed_secrets), now),
        sent_at=now,
        letter=letter_of(news, organization.name, words, context.address),
    )


def judged(
    notice: Notice, endpoint: Endpoint, reply: Reply, tried_at: datetime, now: datetime, jitter: float
) -> Verdict:
    """What becomes of the notice, by how often and since when it and its endpoint have been tried."""
    tried = Tried(
        tries=notice.tries + 1,
        first_at=notice.first_tried_at or tried_at,
        failing_since=endpoint.failing_since,
        failures=endpoint.failures,
        now=now,
        jitter=jitter,
    )
    return judge(reply, tried)


def note_try(session: Session, notice: Notice, tried_at: datetime, reply: Reply) -> None:
    """Adds the try to the log, and to the notice's own count."""
    notice.tries += 1
    notice.first_tried_at = notice.first_tried_at or tried_at
    session.add(
        NoticeTry(
            notice_id=notice.id,
            tried_at=tried_at,
            milliseconds=reply.milliseconds,
            status=reply.status,
            detail=reply.detail[:DETAIL_CHARACTERS_MAX],
            answer=reply.text,
        )
    )
