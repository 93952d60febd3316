"""Passwords: kept as argon2id, compared slowly on purpose, and never so many at once that memory runs out."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# NIST SP 800-63B asks for at least eight and forbids rules on their content; twelve costs a person nothing more.
PASSWORD_CHARACTERS_MIN = 12
# People do not type more; a megabyte would only be work for us.
PASSWORD_CHARACTERS_MAX = 500

# The library's defaults follow RFC 9106 (low memory): 64 MiB for each comparison. At most two at once limit the memory
# that a crowd at the login page can take.
_hasher = PasswordHasher()
_places = BoundedSemaphore(2)
_WAIT_SECONDS = 10


class TooBusy(Exception):
    """Too many people are logging in at this moment."""


def hash_password(password: str) -> str:
    with _place():
        return _hasher.hash(password)


def is_password(password_hash: str | None, password: str) -> bool:
    """Whether it is the password; takes just as long when there is no hash to compare with.

    Raises:
        TooBusy: the comparison could not begin within seconds.
    """
    if len(password) > PASSWORD_CHARACTERS_MAX:
        return False
    with _place():
        try:
            _hasher.verify(password_hash or _nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


def what_is_wrong_with(password: str) -> str | None:
    """Why this cannot become a password, as a sentence; None if it can."""
    if len(password) < PASSWORD_CHARACTERS_MIN:
        return f"A password needs at least {PASSWORD_CHARACTERS_MIN} characters."
    if len(password) > PASSWORD_CHARACTERS_MAX:
        return f"A password may have at most {PASSWORD_CHARACTERS_MAX} characters."
    return None


@cache
def _nobody() -> str:
    """A hash to compare with when there is no such user, so that the answer takes as long as for an existing one.

    Made on first use: most programs that load this module never log a user in, and a hash costs them 0.2 s. The very
    first unknown user waits for it once; that reveals nothing about which users exist.
    """
    return _hasher.hash("nobody has this password")


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=_WAIT_SECONDS):
        raise TooBusy
    try:
        yield
    finally:
        _places.release()
