"""The tables and their few queries; no other package writes SQL."""

from models.connections import Connection
from models.decisions import DecisionRow
from models.effects import Attempt, Effect
from models.inbox import InboxEvent
from models.invoices import Invoice, SourceInvoiceRow
from models.lanes import Lane
from models.ledger import LedgerEntry
from models.organizations import Organization
from models.payments import Allocation, OwnPayment, Payment
from models.users import ApiToken, DashboardSession, LoginLink, User

TABLES = (
    Organization,
    Connection,
    InboxEvent,
    Invoice,
    SourceInvoiceRow,
    Payment,
    Allocation,
    OwnPayment,
    DecisionRow,
    Effect,
    Attempt,
    LedgerEntry,
    Lane,
    User,
    DashboardSession,
    LoginLink,
    ApiToken,
)
