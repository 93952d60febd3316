"""A mail server that keeps what it takes, and answers as it is told: a real one, in a thread of its own."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from connectors.mail_server import MailSecurity, MailServer

SENDER = "External Payments Sync <payments@msp.example>"
USERNAME, PASSWORD = "payments", "a-password-of-the-mail-server"


@dataclass
class Mailbox:
    """What the server says can be changed at any time.

    Attributes:
        to_recipient, to_mail: its answers to a name and to a whole mail.
        logins: who handed each of them in ("" for nobody), and whether that was encrypted.
        envelopes: sender and recipients of each mail that it took.
    """

    port: int = 0
    to_recipient: str = "250 OK"
    to_mail: str = "250 OK, taken"
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    logins: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def subjects(self) -> list[str]:
        return [str(one["Subject"]) for one in self.mails]

    def server(self, security: MailSecurity = MailSecurity.NONE, **more: Any) -> MailServer:
        return MailServer("localhost", self.port, security, SENDER, **more)

    # --- what the server asks ---

    async def handle_RCPT(  # noqa: N802 - as the server calls it
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(  # noqa: N802 - as the server calls it
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.to_mail.startswith("250"):
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.envelopes.append((envelope.mail_from or "", list(envelope.rcpt_tos)))
            transport = server.transport
            is_encrypted = transport is not None and transport.get_extra_info("sslcontext") is not None
            self.logins.append((str(session.auth_data or ""), is_encrypted))
        return self.to_mail


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@contextmanager
def receiving_mail(tls: ssl.SSLContext | None = None, *, at_once: bool = False) -> Iterator[Mailbox]:
    """A mail server on this machine.

    Args:
        tls: it insists on encryption, and on a login.
        at_once: encrypted from the first byte, instead of by STARTTLS.
    """
    mailbox, loop = Mailbox(), asyncio.new_event_loop()

    def authenticate(_server: Any, _session: Any, _envelope: Any, _how: str, given: Any) -> AuthResult:
        is_right = isinstance(given, LoginPassword) and given == LoginPassword(USERNAME.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=False, auth_data=USERNAME if is_right else None)

    options: dict[str, Any] = {"hostname": "mail.example", "loop": loop}
    if tls is not None:
        options |= {"auth_required": True, "authenticator": authenticate}
        options |= {} if at_once else {"tls_context": tls, "require_starttls": True}

    sessions: list[SMTP] = []

    def begin() -> SMTP:
        begun = SMTP(mailbox, **options)
        # It does not see that it is encrypted from the first byte, and would offer no login.
        begun._auth_require_tls = not at_once
        sessions.append(begun)
        return begun

    listening = loop.create_server(begin, "127.0.0.1", 0, ssl=tls if at_once else None)
    server = loop.run_until_complete(listening)
    mailbox.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield mailbox
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(_end(sessions))
        loop.close()


async def _end(sessions: list[SMTP]) -> None:
    """Whoever is still connected is cut off."""
    for one in sessions:
        for transport in (one.transport, one._original_transport):
            if transport is not None:
                transport.abort()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
