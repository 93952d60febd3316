"""Hands one mail in to a mail server, within one deadline, however slowly the server answers.

The standard library's client knows time limits between bytes only; its sockets are replaced by ours
(`connectors/sockets.py`), which keep to the budget of the exchange.
"""

import smtplib
import socket
import ssl
import time
from contextlib import suppress
from http import HTTPStatus

import structlog

from connectors.aside import aside
from connectors.budget import Budget, TooMuch, current_budget, spending
from connectors.foreign_text import Secrets
from connectors.http import TimeLimits
from connectors.mail_server import MailSecurity, MailServer
from connectors.sockets import bounded_tls, connected
from domain.notices.trying import Reply

log = structlog.get_logger()

_ANSWER_BYTES_MAX = 64 * 1024
_ANSWER_CHARACTERS_MAX = 300
_LOGIN_REFUSED = "the mail server refuses our login; the operator checks SMTP_USERNAME and SMTP_PASSWORD"
_NOT_ENCRYPTED = "the mail server offers no encryption or no login; the operator checks SMTP_SECURITY and SMTP_PORT"
_NO_TRUST = "the encrypted connection to the mail server failed; the operator checks SMTP_HOST and SMTP_SECURITY"


def hand_in(server: MailServer, recipient: str, mail: bytes, limits: TimeLimits) -> Reply:
    """Sends once; the reply's status is the server's last code."""
    started = time.monotonic()
    budget = Budget(
        connect_ends=started + limits.connect_seconds,
        ends=started + limits.exchange_seconds,
        answer_seconds=limits.read_seconds,
        body_bytes_max=_ANSWER_BYTES_MAX,
    )
    with aside(), spending(budget):
        status, detail = _handed_in(server, recipient, mail, budget)
    milliseconds = round((time.monotonic() - started) * 1000)
    if status is None and time.monotonic() >= budget.ends:
        detail = "no answer within the time limit"
    log.info("wire.call", system="smtp", outcome=status or detail, milliseconds=milliseconds)
    told = Secrets(frozenset(one for one in (server.password,) if one)).words(detail, _ANSWER_CHARACTERS_MAX)
    is_taken = status is not None and status < HTTPStatus.MULTIPLE_CHOICES
    return Reply(status, "" if is_taken else told, told if is_taken else "", milliseconds)


def _handed_in(server: MailServer, recipient: str, mail: bytes, budget: Budget) -> tuple[int | None, str]:
    """The server's last code, or None without one, and its words or ours."""
    client = _Client(server)
    try:
        client.begin(budget)
        return client.deliver(recipient, mail)
    except smtplib.SMTPAuthenticationError as error:
        return error.smtp_code, _LOGIN_REFUSED
    except smtplib.SMTPResponseException as error:
        return _code(error.smtp_code), _words(error.smtp_error)
    except (TooMuch, OSError, ValueError) as error:
        return None, next(text for kind, text in _WHAT_FAILED.items() if isinstance(error, kind))
    finally:
        client.close()


# The more particular first.
_WHAT_FAILED: dict[type[Exception], str] = {
    smtplib.SMTPNotSupportedError: _NOT_ENCRYPTED,
    smtplib.SMTPServerDisconnected: "the connection broke",
    smtplib.SMTPException: "the mail server's answer could not be understood",
    ssl.SSLError: _NO_TRUST,
    TimeoutError: "no answer within the time limit",
    socket.gaierror: "the mail server's name is not known; the operator checks SMTP_HOST",
    OSError: "no connection could be made to the mail server",
    TooMuch: "the mail server's answer is longer than any that we expect",
    ValueError: "the mail server's answer could not be understood",
}


class _Client(smtplib.SMTP):
    """The standard library's client on our sockets."""

    def __init__(self, server: MailServer) -> None:
        # Its own name for us would ask the name servers.
        super().__init__(local_hostname=server.domain)
        self._server = server
        self._tls = bounded_tls()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 - of the library
        opened = connected(host, port)
        if self._server.security is not MailSecurity.TLS:
            return opened
        return self._tls.wrap_socket(opened, server_hostname=host)

    def begin(self, budget: Budget) -> None:
        """Connects, encrypts and logs in, as the settings say."""
        # The library's own name for the host, by which it checks the certificate.
        self._host = self._server.host
        code, words = self.connect(self._server.host, self._server.port)
        budget.begin_request()
        if code != _READY:
            raise smtplib.SMTPConnectError(code, words)
        if self._server.security is MailSecurity.STARTTLS:
            self.starttls(context=self._tls)
        self.ehlo_or_helo_if_needed()
        if self._server.username:
            self.login(self._server.username, self._server.password)

    def deliver(self, recipient: str, mail: bytes) -> tuple[int, str]:
        """From the sender's name to the dot; the code after it is the only one that says that the mail is taken."""
        for code, words in (self.mail(self._server.sender_address), self.rcpt(recipient)):
            if code not in _TAKEN:
                return _code(code), _words(words)
        code, words = self.data(mail)
        with suppress(OSError):
            # Out of politeness; the mail is taken, whatever becomes of it.
            self.putcmd("quit")
        return _code(code), _words(words)

    def starttls(self, *, context: ssl.SSLContext | None = None) -> tuple[int, bytes]:  # type: ignore[override]
        budget = current_budget()
        if budget is not None and self.sock is not None:
            self.sock.settimeout(budget.seconds_left())
        return super().starttls(context=context)


_READY = 220
_TAKEN = frozenset({250, 251})
# What a server says that says nothing of SMTP's; it must never pass for a success.
_NO_CODE = 500


def _code(code: int) -> int:
    """The server's code, as far as it is one: whoever answers 200 speaks another protocol."""
    return code if code in _TAKEN or code >= HTTPStatus.BAD_REQUEST else _NO_CODE


def _words(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
