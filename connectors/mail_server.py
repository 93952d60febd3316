"""The mail server by which the installation sends; the operator names it in the settings."""

from dataclasses import dataclass, field
from email.utils import parseaddr
from enum import StrEnum


class MailSecurity(StrEnum):
    """How the way to the mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    # For a server on the same machine or in the same network, which takes mail without a login.
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where we hand in e-mail.

    Attributes:
        sender: as it stands in the letters, with or without a name.
        username: "" for a server that asks for no login.
    """

    host: str
    port: int
    security: MailSecurity
    sender: str
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def sender_address(self) -> str:
        return parseaddr(self.sender)[1]

    @property
    def domain(self) -> str:
        """Of the sender; it also names us to the server and is part of each letter's id."""
        return self.sender_address.rpartition("@")[2]
