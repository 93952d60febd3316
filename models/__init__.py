"""The tables and their few queries; no other package writes SQL."""

from models.activity import Activity
from models.alarm_tellings import AlarmTelling, AlarmWatch
from models.alarms import AlarmRow
from models.attempts import Attempt
from models.billed_invoices import BilledInvoiceRow
from models.billed_lists import BilledList
from models.books_lists import BooksLists
from models.breakers import Breaker
from models.comparisons import InvoiceComparison
from models.connect_requests import ConnectRequest
from models.connections import Connection
from models.copy_runs import CopyAttempt, CopyRun, CopyRunItem
from models.customer_links import CustomerLink
from models.database import Session
from models.decisions import DecisionRow
from models.effects import Effect
from models.endpoints import Endpoint
from models.former_pictures import FormerPicture
from models.gap_proofs import GapCount, GapPayment
from models.gaps import Gap
from models.idempotency_keys import IdempotencyKey
from models.inbox import InboxEvent
from models.invitations import Invitation
from models.invoices import Invoice, SourceInvoiceRow
from models.lanes import Lane
from models.ledger import LedgerEntry
from models.ledger_changes import LedgerChange, keep_ledger_changes
from models.looks import InvoiceLook
from models.measures import MeasureRow
from models.metered_reads import MeteredReads
from models.notices import Notice, NoticeTry
from models.organizations import Organization
from models.own_intents import OwnIntent, OwnIntentPart
from models.pausable import Installation
from models.payment_counts import PaymentCount
from models.payment_statuses import keep_statuses
from models.payments import Allocation, OwnPayment, Payment
from models.previews import Preview, PreviewPiece
from models.reconciliation_breaks import ReconciliationBreak, ReconciliationStep
from models.reconciliation_runs import ReconciliationPair, ReconciliationRun
from models.reconciliation_statements import ReconciliationStatement
from models.replays import Replay, ReplayItem, ReplayShare
from models.running_processes import RunningProcess
from models.second_factors import RecoveryCode, SecondFactor
from models.undos import Undo, UndoItem
from models.users import ApiToken, DashboardSession, HalfLogin, LoginLink, User

TABLES = (
    Installation,
    Organization,
    Connection,
    InboxEvent,
    Invoice,
    InvoiceComparison,
    SourceInvoiceRow,
    Payment,
    PaymentCount,
    Allocation,
    FormerPicture,
    OwnPayment,
    DecisionRow,
    Effect,
    Attempt,
    LedgerEntry,
    LedgerChange,
    InvoiceLook,
    Lane,
    Activity,
    User,
    DashboardSession,
    HalfLogin,
    LoginLink,
    SecondFactor,
    RecoveryCode,
    Invitation,
    ApiToken,
    IdempotencyKey,
    Gap,
    MeteredReads,
    ConnectRequest,
    OwnIntent,
    OwnIntentPart,
    Breaker,
    CopyRun,
    BilledInvoiceRow,
    BilledList,
    BooksLists,
    CopyRunItem,
    CopyAttempt,
    CustomerLink,
    Preview,
    PreviewPiece,
    ReconciliationRun,
    ReconciliationPair,
    ReconciliationBreak,
    ReconciliationStep,
    Endpoint,
    Notice,
    NoticeTry,
    AlarmRow,
    AlarmTelling,
    AlarmWatch,
    ReconciliationStatement,
    Undo,
    UndoItem,
    GapCount,
    GapPayment,
    RunningProcess,
    MeasureRow,
    Replay,
    ReplayShare,
    ReplayItem,
)

keep_statuses(Session)
keep_ledger_changes(Session)
