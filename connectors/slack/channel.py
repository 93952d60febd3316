"""Slack: a letter posted to an incoming webhook; Mattermost and Rocket.Chat take the same. The address is secret."""

from urllib.parse import urlsplit

import simplejson

from connectors.channel import FOR_PROGRAMS_ALONE, Parcel
from connectors.http import TimeLimits
from connectors.posting import TIME_LIMITS, Poster
from connectors.vendor import Surroundings
from domain.alarms.message import Letter
from domain.alarms.words import Severity
from domain.notices.trying import Reply

_NO_WEBHOOK = (
    "Write the whole address of the incoming webhook, such as https://hooks.slack.com/services/T000/B000/XXXX."
)
# Slack cuts longer texts of a section, and refuses a message with more than fifty blocks.
_SECTION_CHARACTERS_MAX, _SECTIONS_MAX = 3_000, 40
_SIGNS = {Severity.CRITICAL: ":rotating_light:", Severity.WARNING: ":warning:", Severity.INFO: ":information_source:"}
_OVER = ":white_check_mark:"


class Slack:
    """The channel. Threads share it."""

    label = "Slack"
    address_label = "Address of an incoming webhook"
    is_address_secret = True

    def __init__(self, surroundings: Surroundings, time_limits: TimeLimits = TIME_LIMITS) -> None:
        self._poster = Poster("slack", surroundings, time_limits)

    def problem_with(self, address: str) -> str | None:
        problem = self._poster.problem_with(address)
        return problem or (None if urlsplit(address).path.strip("/") else _NO_WEBHOOK)

    def shown(self, address: str) -> str:
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.netloc}"

    def new_secret(self) -> str:
        return ""

    def send(self, parcel: Parcel) -> Reply:
        if parcel.letter is None:
            return FOR_PROGRAMS_ALONE
        address = parcel.secrets[0]
        body = simplejson.dumps(message_of(parcel.letter)).encode()
        return self._poster.post(parcel.endpoint_id, address, body, secrets=[address, urlsplit(address).path])


def message_of(letter: Letter) -> dict[str, object]:
    """The letter as Slack's blocks, with a text for notifications and screen readers."""
    sign = _OVER if letter.is_over else _SIGNS[letter.severity]
    blocks = [_section(f"{sign} *{_escaped(letter.subject)}*")]
    blocks += [_section(_escaped(one)) for one in letter.paragraphs[:_SECTIONS_MAX]]
    if letter.link:
        blocks.append(_section(f"<{letter.link}|Open External Payments Sync>"))
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": _escaped(letter.why)}]})
    return {"text": _escaped(letter.subject), "blocks": blocks}


def _section(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:_SECTION_CHARACTERS_MAX]}}


def _escaped(text: str) -> str:
    """Nobody's name may become a link, or a call for everybody in the channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
