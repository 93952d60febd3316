"""Both vendors as running servers, with our connectors in front of them."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.connectwise.client import Client as ConnectWiseClient
from connectors.connectwise.client import Keys
from connectors.connectwise.target import ConnectWiseTarget
from connectors.http import TimeLimits, Wire
from connectors.limits import Limiter, Rate
from connectors.quickbooks.client import Client as QuickBooksClient
from connectors.quickbooks.source import QuickBooksSource
from connectors.quickbooks.tokens import Application, Tokens, secrets_from
from sandbox.connectwise import ConnectWiseSandbox
from sandbox.quickbooks import QuickBooksSandbox
from sandbox.server import serve

REALM = "9130357766"
CUSTOMER = "Cascade Dental"
NO_LIMIT = (Rate(100_000, 1),)
KEYS = Keys("acme", "sandbox-public-key", "sandbox-private-key", "00000000-0000-4000-8000-000000000001")
APPLICATION_ID, APPLICATION_SECRET = "sandbox-client", "sandbox-secret"
# A busy machine answers late; only a test of a hang waits as long as this.
PATIENCE = TimeLimits(connect_seconds=2, read_seconds=5)


@dataclass
class Clock:
    """Stands still unless the test moves it."""

    moment: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def move(self, **duration: float) -> None:
        self.moment += timedelta(**duration)


@dataclass
class MemoryKeeper:
    """Keeps secrets for one process; counts what the connector does with them."""

    secrets: dict[str, Any]
    saved: int = 0
    reconnects: int = 0
    patience_seconds: float = 5
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def load(self) -> Mapping[str, Any]:
        return dict(self.secrets)

    def save(self, secrets: Mapping[str, Any]) -> bool:
        self.secrets, self.saved = dict(secrets), self.saved + 1
        return True

    @contextmanager
    def alone(self) -> "Iterator[MemoryKeeper | None]":
        got = self._turn.acquire(timeout=self.patience_seconds)
        try:
            yield self if got else None
        finally:
            if got:
                self._turn.release()

    def reconnect_needed(self) -> bool:
        self.reconnects += 1
        return True


def wire_to(system: str, time_limits: TimeLimits = PATIENCE) -> Wire:
    return Wire(system, Limiter(None), system, NO_LIMIT, time_limits)


@dataclass
class ConnectWise:
    """A tenant of ConnectWise and our target in front of it."""

    sandbox: ConnectWiseSandbox
    url: str
    clock: Clock
    target: ConnectWiseTarget

    def connect(self, keys: Keys = KEYS, url: str = "", default_currency: str | None = "USD", hour: int = 0) -> Any:
        client = ConnectWiseClient(url or self.url, keys, "2025.16", wire_to("connectwise"), self.clock.now)
        return ConnectWiseTarget(client, default_currency, hour)

    def posts(self) -> int:
        return self.sandbox.calls.count("POST /finance/invoices/{id}/payments")


@contextmanager
def open_connectwise() -> Iterator[ConnectWise]:
    clock = Clock()
    sandbox = ConnectWiseSandbox(clock=clock.now)
    with serve(sandbox) as server:
        opened = ConnectWise(sandbox, server.url, clock, target=None)  # type: ignore[arg-type]
        opened.target = opened.connect()
        yield opened


@dataclass
class QuickBooks:
    """A company in QuickBooks and our source in front of it."""

    sandbox: QuickBooksSandbox
    url: str
    clock: Clock
    keeper: MemoryKeeper
    source: QuickBooksSource
    customer_id: str

    def invoice(self, total: str = "1000000000", number: str | None = None) -> str:
        return self.sandbox.add_invoice(self.customer_id, total, number)

    def pay(self, total: str, *lines: tuple[str, str], **more: Any) -> str:
        return self.sandbox.record_payment(self.customer_id, total, lines, **more)


@contextmanager
def open_quickbooks(home_currency: str | None = "USD") -> Iterator[QuickBooks]:
    clock = Clock()
    sandbox = QuickBooksSandbox(APPLICATION_ID, APPLICATION_SECRET, clock=clock.now)
    with serve(sandbox) as server:
        sandbox.add_company(REALM, "Northwind MSP")
        keeper = MemoryKeeper(secrets_from(sandbox.issue_tokens(), clock.now()))
        application = Application(APPLICATION_ID, APPLICATION_SECRET, server.url + "/oauth2/v1/tokens/bearer")
        wire = wire_to("quickbooks")
        client = QuickBooksClient(server.url, REALM, Tokens(application, keeper, wire, clock.now), wire, clock.now)
        source = QuickBooksSource(client, home_currency)
        yield QuickBooks(sandbox, server.url, clock, keeper, source, sandbox.add_customer(CUSTOMER))
