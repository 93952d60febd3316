"""Secrets at rest: encrypted with the newest key, readable with any of the older ones (MultiFernet)."""

from collections.abc import Callable, Mapping
from typing import Any

import simplejson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SecretsUnreadable(Exception):
    """The stored secrets were encrypted with a key that is not in ENCRYPTION_KEYS.

    Attributes:
        connection_id: the owner of the secrets, if known.
    """

    connection_id: int | None = None


class Keyring:
    """Seals and opens.

    Args:
        met: is shown whatever is sealed or opened, so that nobody else ever sees it.
    """

    def __init__(self, keys: list[str], met: Callable[[Mapping[str, Any]], None] = lambda _secrets: None) -> None:
        if not keys:
            raise ValueError("at least one encryption key is needed")
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._met = met

    def seal(self, secrets: Mapping[str, Any]) -> str:
        self._met(secrets)
        return self._fernet.encrypt(simplejson.dumps(dict(secrets)).encode()).decode()

    def open(self, sealed: str) -> dict[str, Any]:
        try:
            plain = self._fernet.decrypt(sealed.encode())
        except InvalidToken:
            raise SecretsUnreadable("the stored secrets cannot be read with the keys in ENCRYPTION_KEYS") from None
        opened: dict[str, Any] = simplejson.loads(plain)
        self._met(opened)
        return opened

    def rotate(self, sealed: str) -> str:
        """The same secrets under the newest key."""
        try:
            return self._fernet.rotate(sealed.encode()).decode()
        except InvalidToken:
            raise SecretsUnreadable("the stored secrets cannot be read with the keys in ENCRYPTION_KEYS") from None
