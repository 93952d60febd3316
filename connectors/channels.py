"""The channels by name, for code that sends on whichever one it has. Another channel is a folder, and a row here."""

from collections.abc import Callable, Mapping

from connectors.channel import Channel
from connectors.vendor import Surroundings
from connectors.webhook.channel import Webhook

WEBHOOK = "webhook"
CHANNELS: Mapping[str, Callable[[Surroundings], Channel]] = {WEBHOOK: Webhook}


def open_channels(surroundings: Surroundings) -> Mapping[str, Channel]:
    """Every channel, by name."""
    return {name: opened(surroundings) for name, opened in CHANNELS.items()}
