"""E-mail: a letter to one mailbox, handed in to the mail server of the installation."""

import re

from connectors.channel import FOR_PROGRAMS_ALONE, Parcel
from connectors.http import TimeLimits
from connectors.limits import Rate
from connectors.mail.letters import mail_of
from connectors.mail.smtp import hand_in
from connectors.posting import TIME_LIMITS
from connectors.vendor import Surroundings
from domain.notices.trying import Reply

# Narrower than mail allows: no quotes, no comments, no address literals.
_NAME, _LABEL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}", r"[A-Za-z0-9-]{1,63}"
_ADDRESS = re.compile(rf"{_NAME}@(?=.{{4,190}}$)({_LABEL}\.)+[A-Za-z]{_LABEL}")
_NO_ADDRESS = "Write one e-mail address, such as books@example.com."
NO_SERVER = "This installation sends no e-mail yet: its operator has to name a mail server (SMTP_HOST, SMTP_FROM)."
# A mailbox is for reading; whatever we do wrong must not fill it.
_RATES = (Rate(30, 3600),)


class Mail:
    """The channel. Threads share it."""

    label = "E-mail"
    address_label = "E-mail address"
    is_address_secret = False

    def __init__(self, surroundings: Surroundings, time_limits: TimeLimits = TIME_LIMITS) -> None:
        self._server = surroundings.mail
        self._limiter = surroundings.limiter
        self._time_limits = time_limits

    def problem_with(self, address: str) -> str | None:
        if self._server is None:
            return NO_SERVER
        return None if _ADDRESS.fullmatch(address) and ".." not in address else _NO_ADDRESS

    def shown(self, address: str) -> str:
        return address

    def new_secret(self) -> str:
        return ""

    def send(self, parcel: Parcel) -> Reply:
        if self._server is None:
            return Reply(None, NO_SERVER)
        if parcel.letter is None:
            return FOR_PROGRAMS_ALONE
        wait = self._limiter.permit(f"mail:{parcel.endpoint_id}", _RATES)
        if wait is not None:
            return Reply(None, pause=wait)
        mail = mail_of(parcel.letter, self._server, parcel.address, parcel.uid)
        return hand_in(self._server, parcel.address, mail, self._time_limits)
