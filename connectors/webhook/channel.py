"""Webhooks: a signed POST to an address that a person has entered; `connectors/posting.py` says where it may lead."""

from connectors.channel import Parcel
from connectors.http import TimeLimits
from connectors.posting import TIME_LIMITS, Poster
from connectors.vendor import Surroundings
from connectors.webhook.signature import new_secret, signed_headers
from domain.notices.trying import Reply


class Webhook:
    """The channel. Threads share it."""

    label = "Webhook"
    address_label = "Address"
    is_address_secret = False

    def __init__(self, surroundings: Surroundings, time_limits: TimeLimits = TIME_LIMITS) -> None:
        self._poster = Poster("webhook", surroundings, time_limits)

    def problem_with(self, address: str) -> str | None:
        return self._poster.problem_with(address)

    def shown(self, address: str) -> str:
        return address

    def new_secret(self) -> str:
        return new_secret()

    def send(self, parcel: Parcel) -> Reply:
        headers = signed_headers(parcel.uid, parcel.sent_at, parcel.body, parcel.secrets)
        return self._poster.post(parcel.endpoint_id, parcel.address, parcel.body, headers)
