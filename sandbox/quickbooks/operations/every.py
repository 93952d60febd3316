"""All operations on the books and around them, in one class."""

from sandbox.quickbooks.operations.books import BookOperations
from sandbox.quickbooks.operations.connections import ConnectionOperations
from sandbox.quickbooks.operations.lists import ListOperations
from sandbox.quickbooks.operations.payments import PaymentOperations
from sandbox.quickbooks.operations.webhooks import WebhookOperations


class EveryOperation(BookOperations, ListOperations, PaymentOperations, ConnectionOperations, WebhookOperations):
    """The operations that the control API and a world file may call."""


OPERATIONS = {name for kind in EveryOperation.__bases__ for name in vars(kind) if not name.startswith("_")}
