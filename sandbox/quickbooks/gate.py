"""The gateway in front of the accounting service: access, rate limit and monthly cap."""

from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.quickbooks.envelopes import GatewayFault, authentication_failed, authorization_failed, throttled
from sandbox.quickbooks.oauth.tokens import TokenStore
from sandbox.quickbooks.switches import Switches


class Gate:
    def __init__(self, switches: Switches, tokens: TokenStore, clock: Callable[[], datetime]) -> None:
        self._switches = switches
        self._tokens = tokens
        self._clock = clock
        self._recent: dict[str, deque[datetime]] = defaultdict(deque)
        # Reads are the metered calls ("CorePlus"); writes are free (Intuit App Partner Program).
        self.metered_reads: dict[str, int] = defaultdict(int)
        self._reads_by_month: dict[str, int] = defaultdict(int)

    def check(self, realm_id: str, authorization: str, reads: int) -> GatewayFault | None:
        """None if the request may pass; it is then counted, with `reads` metered reads."""
        return self._authentication(realm_id, authorization) or self._pace(realm_id) or self._meter(realm_id, reads)

    def reset_reads(self) -> None:
        """A new month begins."""
        self.metered_reads.clear()
        self._reads_by_month.clear()

    def _authentication(self, realm_id: str, authorization: str) -> GatewayFault | None:
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token:
            return authentication_failed("Authentication header missing")
        opens, alive = self._tokens.access(token)
        if opens is None:
            return authentication_failed(f"Malformed bearer token: {token}")
        if not alive:
            # The detail really contains the token: logging it raw leaks the token.
            return authentication_failed(f"Token expired: {token}")
        return None if opens == realm_id else authorization_failed()

    def _pace(self, realm_id: str) -> GatewayFault | None:
        now = self._clock()
        recent = self._recent[realm_id]
        while recent and recent[0] <= now - timedelta(minutes=1):
            recent.popleft()
        in_last_second = sum(1 for at in recent if at > now - timedelta(seconds=1))
        per_second = self._switches.requests_per_second
        per_minute = self._switches.requests_per_minute
        if (per_second and in_last_second >= per_second) or (per_minute and len(recent) >= per_minute):
            return throttled()
        if per_second or per_minute:
            recent.append(now)
        return None

    def _meter(self, realm_id: str, reads: int) -> GatewayFault | None:
        """The cap counts all companies together: a runaway poll for one of them stops them all."""
        month = f"{self._clock():%Y-%m}"
        cap = self._switches.monthly_read_cap
        if reads and cap and self._reads_by_month[month] + reads > cap:
            return monthly_cap_reached()
        self._reads_by_month[month] += reads
        self.metered_reads[realm_id] += reads
        return None


def monthly_cap_reached() -> GatewayFault:
    return throttled("The monthly limit of CorePlus API calls for this workspace was reached.")
