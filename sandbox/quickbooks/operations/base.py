"""The state that the operations work on."""

import threading
from collections.abc import Callable
from datetime import datetime

from sandbox.quickbooks.gate import Gate
from sandbox.quickbooks.oauth.tokens import TokenStore
from sandbox.quickbooks.switches import Switches
from sandbox.quickbooks.webhooks.sender import WebhookSender
from sandbox.quickbooks.world.company import Company


class Operations:
    """The public methods of the subclasses are the control API: same names, same arguments, over HTTP as JSON.

    `realm_id` may be left out; the default is the first company.
    """

    lock: threading.RLock
    clock: Callable[[], datetime]
    switches: Switches
    companies: dict[str, Company]
    tokens: TokenStore
    gate: Gate
    webhooks: WebhookSender

    def _company(self, realm_id: str | None) -> Company:
        if realm_id is None:
            if not self.companies:
                raise ValueError("there is no company yet")
            return next(iter(self.companies.values()))
        if realm_id not in self.companies:
            raise ValueError(f"there is no company {realm_id!r}")
        return self.companies[realm_id]
