"""The channels by name, for code that sends on whichever one it has.

Another channel is a folder, its name (`domain/notices/channels.py`), and a row here.
"""

from collections.abc import Callable, Mapping
from functools import partial

from connectors.channel import Channel
from connectors.mail.channel import Mail
from connectors.pagerduty.channel import PagerDuty
from connectors.slack.channel import Slack
from connectors.vendor import Surroundings
from connectors.webhook.channel import Webhook
from domain.notices.channels import WEBHOOK, PeopleChannel

CHANNELS: Mapping[str, Callable[[Surroundings], Channel]] = {
    WEBHOOK: Webhook,
    PeopleChannel.MAIL.value: Mail,
    PeopleChannel.SLACK.value: Slack,
    PeopleChannel.PAGERDUTY.value: PagerDuty,
    PeopleChannel.PAGERDUTY_EU.value: partial(PagerDuty, label="PagerDuty (EU)", url="https://events.eu.pagerduty.com"),
}


def open_channels(surroundings: Surroundings) -> Mapping[str, Channel]:
    """Every channel, by name."""
    return {name: opened(surroundings) for name, opened in CHANNELS.items()}
