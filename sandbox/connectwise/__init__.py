"""ConnectWise PSA with its real wire formats and its open questions as switches."""

from sandbox.connectwise.sandbox import ConnectWiseSandbox
from sandbox.connectwise.switches import Switches
from sandbox.connectwise.truth import InvoiceTruth

__all__ = ["ConnectWiseSandbox", "InvoiceTruth", "Switches"]
