"""E-mail, against a real mail server: what arrives, and what a server that is unwell costs us."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.channel import Parcel
from connectors.http import TimeLimits
from connectors.limits import Limiter
from connectors.mail.channel import NO_SERVER, Mail
from connectors.mail_server import MailSecurity, MailServer
from connectors.registry import Platform
from domain.alarms.message import Letter
from domain.alarms.words import Severity
from domain.notices.trying import Reply
from tests.contexts import TestClock
from tests.mailbox import PASSWORD, SENDER, USERNAME, Mailbox, receiving_mail, text_of
from tests.peers import for_ever, listening, silence, slowly

DEADLINE = TimeLimits(connect_seconds=0.5, read_seconds=0.7)
PATIENCE = TimeLimits(connect_seconds=10, read_seconds=20)
LETTER = Letter(
    subject="Northwind: Payments need attention (3)",
    paragraphs=("3 payments: Müller's total <b>differs</b>.", ".", "Make the totals identical."),
    link="https://pay.example.com/payments?status=needs_attention",
    severity=Severity.WARNING,
    is_over=False,
    thread="northwind.alarm.attention",
    why="You get this because somebody at Northwind asked for it.",
    at=datetime(2026, 11, 20, 12, tzinfo=UTC),
)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with receiving_mail() as opened:
        yield opened


def channel(server: MailServer | None, limits: TimeLimits = PATIENCE) -> Mail:
    clock = TestClock()
    limiter = Limiter(None, processes=1)
    return Mail(Platform(vendors={}, time_limits=limits, limiter=limiter, now=clock.now, mail=server), limits)


def parcel(letter: Letter = LETTER, uid: str = "msg_1") -> Parcel:
    return Parcel(1, "books@northwind.example", uid, b"{}", [""], LETTER.at, letter)


def sent(server: MailServer, limits: TimeLimits = PATIENCE, letter: Letter = LETTER) -> Reply:
    return channel(server, limits).send(parcel(letter))


# --- what arrives ---


def test_a_letter_arrives_as_text_and_as_a_page(mailbox: Mailbox) -> None:
    reply = sent(mailbox.server())
    assert (reply.status, reply.is_success) == (250, True)
    (mail,) = mailbox.mails
    assert mailbox.envelopes == [("payments@msp.example", ["books@northwind.example"])]
    assert (mail["From"], mail["To"], mail["Subject"]) == (SENDER, "books@northwind.example", LETTER.subject)
    text = text_of(mail)
    assert "3 payments: Müller's total <b>differs</b>." in text
    # A line with a dot alone would end the mail.
    assert "\n.\r\n" in text
    assert "Make the totals identical." in text
    assert LETTER.link in text
    page = mail.get_body(("html",))
    assert page is not None
    assert "Müller&#x27;s total &lt;b&gt;differs&lt;/b&gt;" in page.get_content()


def test_each_try_has_the_same_id_and_letters_of_one_alarm_belong_together(mailbox: Mailbox) -> None:
    mail = channel(mailbox.server())
    for _ in range(2):
        assert mail.send(parcel()).is_success
    assert [one["Message-ID"] for one in mailbox.mails] == ["<msg_1@msp.example>"] * 2
    assert {one["References"] for one in mailbox.mails} == {"<northwind.alarm.attention@msp.example>"}
    assert {one["Auto-Submitted"] for one in mailbox.mails} == {"auto-generated"}


@pytest.mark.parametrize("name", ["Evil\r\nBcc: all@example.com", "Evil\nSubject: else", "x" * 3_000, "Ünï \u202e"])
def test_a_name_never_becomes_a_header(mailbox: Mailbox, name: str) -> None:
    assert sent(mailbox.server(), letter=replace(LETTER, subject=f"{name}: Payments need attention")).is_success
    (mail,) = mailbox.mails
    assert mail["Bcc"] is None
    assert len(mail.get_all("Subject", [])) == 1
    assert mailbox.envelopes[0][1] == ["books@northwind.example"]


# --- the way to the server ---


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], ssl.SSLContext]:
    """A server's encryption, which this machine trusts from now on."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )

    def trusted() -> ssl.SSLContext:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate_file))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate_file, key_file)
        return context

    return trusted


@pytest.mark.parametrize("security", [MailSecurity.STARTTLS, MailSecurity.TLS])
def test_the_login_and_the_letter_travel_encrypted(
    certificate: Callable[[], ssl.SSLContext], security: MailSecurity
) -> None:
    with receiving_mail(certificate(), at_once=security is MailSecurity.TLS) as mailbox:
        reply = sent(mailbox.server(security, username=USERNAME, password=PASSWORD))
        assert reply.is_success, reply
        assert mailbox.logins == [(USERNAME, True)]


def test_a_server_that_nobody_vouches_for_gets_neither_login_nor_letter(
    certificate: Callable[[], ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = certificate()
    monkeypatch.delenv("SSL_CERT_FILE")
    with receiving_mail(context) as mailbox:
        reply = sent(mailbox.server(MailSecurity.STARTTLS, username=USERNAME, password=PASSWORD))
        assert (reply.status, mailbox.mails) == (None, [])
        assert "encrypted connection" in reply.detail


def test_a_server_without_encryption_gets_nothing_where_it_is_asked_for(mailbox: Mailbox) -> None:
    reply = sent(mailbox.server(MailSecurity.STARTTLS))
    assert (reply.status, mailbox.mails) == (None, [])
    assert "SMTP_SECURITY" in reply.detail


def test_a_wrong_password_is_told_to_the_operator_and_not_repeated(
    certificate: Callable[[], ssl.SSLContext],
) -> None:
    with receiving_mail(certificate()) as mailbox:
        reply = sent(mailbox.server(MailSecurity.STARTTLS, username=USERNAME, password="not-the-password"))
    assert (reply.status, reply.is_success) == (535, False)
    assert "SMTP_PASSWORD" in reply.detail
    assert "not-the-password" not in repr(reply)


# --- bad days ---


@pytest.mark.parametrize(
    ("recipient", "mail", "status"),
    [("550 no such mailbox", "250 OK", 550), ("451 later", "250 OK", 451), ("250 OK", "552 too much of it", 552)],
)
def test_a_refusal_is_a_reply_with_the_servers_words(mailbox: Mailbox, recipient: str, mail: str, status: int) -> None:
    mailbox.to_recipient, mailbox.to_mail = recipient, mail
    reply = sent(mailbox.server())
    assert (reply.status, reply.is_success, mailbox.mails) == (status, False, [])
    assert reply.detail in (recipient[4:], mail[4:])


@pytest.mark.parametrize(
    "answer",
    [
        silence,
        lambda: slowly(b"220 hello, this goes on and on and on"),
        lambda: for_ever(b"220-and another line\r\n"),
        lambda: for_ever(b"x"),
        lambda: iter([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]),
        lambda: iter([b"\x00\xff\xfe garbage \r\n"]),
        # Only the code after the dot says that the mail is taken.
        lambda: iter([b"220 hello\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n200 fine\r\n"]),
        lambda: iter([]),
    ],
)
def test_a_server_that_answers_anything_else_is_a_failure_within_the_deadline(
    answer: Callable[[], Iterator[bytes]],
) -> None:
    def serve(connection: socket.socket) -> None:
        for piece in answer():
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            """Whatever is said to it."""

    with listening(serve) as port:
        began = time.monotonic()
        reply = sent(MailServer("127.0.0.1", port, MailSecurity.NONE, SENDER), DEADLINE)
        assert time.monotonic() - began < 10
    assert not reply.is_success
    assert reply.told


def test_nobody_listens() -> None:
    reply = sent(MailServer("127.0.0.1", 1, MailSecurity.NONE, SENDER), DEADLINE)
    assert (reply.status, reply.detail) == (None, "no connection could be made to the mail server")


def test_without_a_mail_server_the_operator_is_named() -> None:
    assert channel(None).problem_with("books@northwind.example") == NO_SERVER


@pytest.mark.parametrize(
    "address",
    [
        "",
        "books",
        "books@northwind",
        "a@b.example, c@d.example",
        "a b@northwind.example",
        "<books@northwind.example>",
        "books@northwind.example\r\nRCPT TO:<x@example.com>",
        "books@[127.0.0.1]",
        '"a"@northwind.example',
        "bücher@northwind.example",
        "books@northwind..example",
    ],
)
def test_what_is_no_single_mailbox_is_refused(address: str) -> None:
    mail = channel(MailServer("localhost", 25, MailSecurity.NONE, SENDER))
    assert mail.problem_with(address) is not None
    assert mail.problem_with("books+cw@northwind.example") is None
