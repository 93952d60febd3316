"""Tokens, switches and the meter: everything about a company's connection rather than its books."""

from typing import Any

from sandbox.quickbooks.oauth.endpoints import token_json
from sandbox.quickbooks.operations.base import Operations


class ConnectionOperations(Operations):
    def issue_tokens(self, *, realm_id: str | None = None) -> dict[str, Any]:
        """Issues tokens as the token endpoint does, without the consent page."""
        with self.lock:
            realm_id = self._company(realm_id).realm_id
            return token_json(self.tokens.issue(realm_id), with_hard_expiry=True) | {"realm_id": realm_id}

    def expire_access_tokens(self, *, realm_id: str | None = None) -> None:
        """Lets the access tokens of one company, or (left out) of all, expire now."""
        with self.lock:
            self.tokens.expire_access(realm_id)

    def disconnect(self, *, realm_id: str | None = None) -> None:
        """The customer disconnects the app inside QuickBooks: every token of the company is dead."""
        with self.lock:
            self.tokens.disconnect(self._company(realm_id).realm_id)

    def set_switches(self, /, **values: Any) -> dict[str, Any]:
        with self.lock:
            self.switches.set(**values)
            return vars(self.switches).copy()

    def get_switches(self) -> dict[str, Any]:
        with self.lock:
            return vars(self.switches).copy()

    def metered_reads(self) -> dict[str, int]:
        """Metered calls (reads) per company since the start or the last reset."""
        with self.lock:
            return dict(self.gate.metered_reads)

    def reset_metered_reads(self) -> None:
        with self.lock:
            self.gate.reset_reads()
