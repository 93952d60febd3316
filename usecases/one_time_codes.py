"""One-time codes: what an authenticator app shows (TOTP, RFC 6238), and the codes that stand for it once.

The usual parameters (SHA-1, six digits, thirty seconds), because some apps know no others and fail without a word.
"""

import base64
import secrets
from datetime import datetime
from hashlib import sha256

from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

ISSUER = "External Payments Sync"
STEP_SECONDS = 30
CODE_DIGITS = 6
# RFC 4226 recommends 160 bits.
_SECRET_BYTES = 20
# A phone's clock may be one step off either way, or the code was typed slowly.
_STEPS_APART_MAX = 1
RECOVERY_CODES = 10
# 80 random bits: a fast hash keeps them, as it keeps a session's key.
_RECOVERY_BYTES = 10
_GROUP_CHARACTERS = 4


def new_secret() -> str:
    """In the letters in which a person types it into an app that cannot read the picture."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def app_link(secret: str, email: str) -> str:
    """The address that an app reads from the picture."""
    # Some apps show a plus as a plus; one in the address itself is written as %2B.
    return _totp(secret).get_provisioning_uri(email, ISSUER).replace("+", "%20")


def code_at(secret: str, moment: datetime) -> str:
    """What the app shows at that moment."""
    return _totp(secret).generate(int(moment.timestamp())).decode()


def step_of_code(secret: str, typed: str, now: datetime) -> int | None:
    """The time step whose code was typed, the newest if several fit; None if it is no code of about now."""
    code = "".join(typed.split())
    if not (code.isascii() and code.isdecimal() and len(code) == CODE_DIGITS):
        return None
    totp, current = _totp(secret), int(now.timestamp()) // STEP_SECONDS
    steps = range(current - _STEPS_APART_MAX, current + _STEPS_APART_MAX + 1)
    # All of them are compared, so that the time that it takes says nothing.
    fitting = [step for step in steps if bytes_eq(totp.generate(step * STEP_SECONDS), code.encode())]
    return max(fitting, default=None)


def new_recovery_codes() -> tuple[str, ...]:
    return tuple(_grouped(_letters(secrets.token_bytes(_RECOVERY_BYTES))) for _ in range(RECOVERY_CODES))


def hashed_recovery_code(typed: str) -> str:
    """However the code was typed: with or without its dashes, in small letters or capitals."""
    plain = "".join(one for one in typed.casefold() if one.isalnum())
    return sha256(plain.encode()).hexdigest()


def _totp(secret: str) -> TOTP:
    return TOTP(base64.b32decode(secret), CODE_DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303 - as the apps expect it


def _letters(key: bytes) -> str:
    return base64.b32encode(key).decode().casefold()


def _grouped(text: str) -> str:
    return "-".join(text[at : at + _GROUP_CHARACTERS] for at in range(0, len(text), _GROUP_CHARACTERS))
