"""PagerDuty, by its Events API v2: an alarm triggers an incident, and its end resolves it.

The key of an incident is that of the alarm: however often we send, and whatever arrives late, there is one open
incident for each kind of alarm of an organization. The integration key of the service is a secret.
"""

import re

import simplejson

from connectors.channel import FOR_PROGRAMS_ALONE, Parcel
from connectors.http import TimeLimits
from connectors.posting import TIME_LIMITS, Poster
from connectors.vendor import Surroundings
from domain.alarms.message import Letter
from domain.notices.trying import Reply

_KEY = re.compile(r"[0-9A-Za-z]{32}")
_NO_KEY = (
    "Write the integration key of a service with the integration 'Events API v2': 32 letters and digits, as PagerDuty "
    "shows it."
)
_SUMMARY_CHARACTERS_MAX = 1_024
_CLIENT = "External Payments Sync"


class PagerDuty:
    """The channel, for one of PagerDuty's service regions. Threads share it."""

    address_label = "Integration key"
    is_address_secret = True

    def __init__(
        self,
        surroundings: Surroundings,
        label: str = "PagerDuty",
        url: str = "https://events.pagerduty.com",
        time_limits: TimeLimits = TIME_LIMITS,
    ) -> None:
        self.label = label
        self._url = url
        self._poster = Poster("pagerduty", surroundings, time_limits)

    def problem_with(self, address: str) -> str | None:
        return None if _KEY.fullmatch(address) else _NO_KEY

    def shown(self, address: str) -> str:  # noqa: ARG002 - nothing of a key is shown
        return self._url

    def new_secret(self) -> str:
        return ""

    def send(self, parcel: Parcel) -> Reply:
        if parcel.letter is None:
            return FOR_PROGRAMS_ALONE
        key = parcel.secrets[0]
        if parcel.letter.is_test:
            # A test must wake nobody for longer than it takes to see it.
            reply = self._event(parcel, trigger_of(parcel.letter, key))
            return self._event(parcel, resolution_of(parcel.letter, key)) if reply.is_success else reply
        is_over = parcel.letter.is_over
        return self._event(parcel, resolution_of(parcel.letter, key) if is_over else trigger_of(parcel.letter, key))

    def _event(self, parcel: Parcel, event: dict[str, object]) -> Reply:
        body = simplejson.dumps(event).encode()
        return self._poster.post(parcel.endpoint_id, f"{self._url}/v2/enqueue", body, secrets=parcel.secrets)


def trigger_of(letter: Letter, key: str) -> dict[str, object]:
    """Opens the alarm's incident, or adds to it."""
    return {
        "routing_key": key,
        "event_action": "trigger",
        "dedup_key": _dedup_key(letter),
        "client": _CLIENT,
        "payload": {
            "summary": letter.subject[:_SUMMARY_CHARACTERS_MAX],
            "source": _CLIENT,
            "severity": letter.severity.value,
            "timestamp": letter.at.isoformat(),
            "custom_details": {"what": list(letter.paragraphs), "why": letter.why},
        },
    } | ({"client_url": letter.link, "links": [{"href": letter.link, "text": "Open"}]} if letter.link else {})


def resolution_of(letter: Letter, key: str) -> dict[str, object]:
    """Resolves the alarm's incident; PagerDuty ignores it if there is none."""
    return {"routing_key": key, "event_action": "resolve", "dedup_key": _dedup_key(letter)}


def _dedup_key(letter: Letter) -> str:
    return f"external-payments-sync.{letter.thread}"
