"""QuickBooks Online with its real wire formats, its webhooks, and its open questions as switches."""

from sandbox.quickbooks.sandbox import QuickBooksSandbox
from sandbox.quickbooks.switches import Switches
from sandbox.quickbooks.truth import InvoiceTruth, PaymentTruth

__all__ = ["InvoiceTruth", "PaymentTruth", "QuickBooksSandbox", "Switches"]
