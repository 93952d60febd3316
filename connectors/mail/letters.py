"""A letter as an e-mail: plain text with a simple page beside it, and the headers by which programs know what it is."""

import html
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from connectors.mail_server import MailServer
from domain.alarms.message import Letter
from domain.visible_text import visible

_SUBJECT_CHARACTERS_MAX = 200


def mail_of(letter: Letter, server: MailServer, recipient: str, uid: str) -> bytes:
    """The whole mail, with CRLF at the ends of lines and nothing but ASCII in it.

    Args:
        uid: the same in every try; a mailbox that gets it twice can tell.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _address(server.sender)
    mail["To"] = Address(addr_spec=recipient)
    mail["Subject"] = visible(letter.subject)[:_SUBJECT_CHARACTERS_MAX]
    mail["Date"] = format_datetime(letter.at)
    mail["Message-ID"] = f"<{uid}@{server.domain}>"
    # Mail programs put letters about the same alarm together.
    mail["References"] = f"<{letter.thread}@{server.domain}>"
    # No out-of-office reply, please.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_text(letter), cte="quoted-printable")
    mail.add_alternative(_page(letter), subtype="html", cte="quoted-printable")
    return mail.as_bytes()


def _address(written: str) -> Address:
    name, address = parseaddr(written)
    return Address(name, addr_spec=address)


def _text(letter: Letter) -> str:
    lines = [*map(visible, letter.paragraphs), *([letter.link] if letter.link else []), f"-- \n{visible(letter.why)}"]
    return "\n\n".join(lines) + "\n"


def _page(letter: Letter) -> str:
    paragraphs = "".join(f"<p>{html.escape(visible(one))}</p>" for one in letter.paragraphs)
    link = html.escape(letter.link, quote=True)
    button = f'<p><a href="{link}">Open External Payments Sync</a></p>' if link else ""
    heading, why = html.escape(visible(letter.subject)), html.escape(visible(letter.why))
    return f"<html><body><h2>{heading}</h2>{paragraphs}{button}<hr><p><small>{why}</small></p></body></html>"
