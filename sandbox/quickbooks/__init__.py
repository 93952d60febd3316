"""QuickBooks Online with its real wire formats, its webhooks, and its open questions as switches."""

from sandbox.quickbooks.sandbox import QuickBooksSandbox
from sandbox.quickbooks.switches import Switches

__all__ = ["QuickBooksSandbox", "Switches"]
