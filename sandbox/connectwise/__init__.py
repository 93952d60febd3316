"""ConnectWise PSA with its real wire formats and its open questions as switches."""

from sandbox.connectwise.sandbox import ConnectWiseSandbox
from sandbox.connectwise.switches import Permissions, Switches
from sandbox.connectwise.truth import InvoiceTruth, PaymentTruth

__all__ = ["ConnectWiseSandbox", "InvoiceTruth", "PaymentTruth", "Permissions", "Switches"]
