"""What people, programs and the command line have changed: the kinds of changes, and their words.

Only what somebody chose to do is an activity. What the sync does by itself has its own record: decisions, attempts, and
the runs of the Sync Tool.
"""

from dataclasses import dataclass
from enum import StrEnum

COMMAND_LINE = "command line"
# Nobody is named where the platform itself acted, such as a scheduled copy.
PLATFORM = "External Payments Sync"


class ActivityKind(StrEnum):
    ORGANIZATION_CREATED = "organization_created"
    PREFERENCES_CHANGED = "preferences_changed"
    COPY_CHOICES_CHANGED = "copy_choices_changed"
    CUSTOMER_CHOSEN = "customer_chosen"
    CONNECTED = "connected"
    CONNECTION_SETTINGS_CHANGED = "connection_settings_changed"
    CONNECTION_REVIVED = "connection_revived"
    DISCONNECTED = "disconnected"
    LOOK_BACK_REQUESTED = "look_back_requested"
    GAP_COUNT_REQUESTED = "gap_count_requested"
    INVOICE_ADDED = "invoice_added"
    INVOICES_IMPORTED = "invoices_imported"
    PAYMENT_RETRIED = "payment_retried"
    PAYMENT_CREATED_ANYWAY = "payment_created_anyway"
    PAYMENT_LINKED = "payment_linked"
    PAYMENT_DISMISSED = "payment_dismissed"
    PAYMENT_TAKEN_BACK = "payment_taken_back"
    PAYMENT_OWNED = "payment_owned"
    PAYMENT_SYNCED_AFTER_ALL = "payment_synced_after_all"
    UNDO_CONFIRMED = "undo_confirmed"
    UNDO_STOPPED = "undo_stopped"
    UNDO_WENT_ON = "undo_went_on"
    SENDING_PAUSED = "sending_paused"
    SENDING_RESUMED = "sending_resumed"
    REPLAY_CONFIRMED = "replay_confirmed"
    REPLAY_STOPPED = "replay_stopped"
    REPLAY_WENT_ON = "replay_went_on"
    RECONCILIATION_STARTED = "reconciliation_started"
    WRITES_STOPPED = "writes_stopped"
    WRITES_RESUMED = "writes_resumed"
    BREAK_ACCEPTED = "break_accepted"
    BREAK_OPENED_AGAIN = "break_opened_again"
    STATEMENT_PREPARED = "statement_prepared"
    STATEMENT_REVIEWED = "statement_reviewed"
    RUN_CONFIRMED = "run_confirmed"
    RUN_STOPPED = "run_stopped"
    TOKEN_CREATED = "token_created"  # noqa: S105 - the name of a kind
    TOKENS_REVOKED = "tokens_revoked"
    USER_CREATED = "user_created"
    USER_REMOVED = "user_removed"
    USER_DISABLED = "user_disabled"
    USER_ENABLED = "user_enabled"
    USER_INVITED = "user_invited"
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    USER_JOINED = "user_joined"
    ROLE_CHANGED = "role_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a kind
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    SECOND_FACTOR_RESET = "second_factor_reset"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    LOGGED_OUT_EVERYWHERE = "logged_out_everywhere"
    ENDPOINT_ADDED = "endpoint_added"
    ENDPOINT_CHANGED = "endpoint_changed"
    ENDPOINT_ON = "endpoint_on"
    ENDPOINT_OFF = "endpoint_off"
    ENDPOINT_REMOVED = "endpoint_removed"
    ENDPOINT_SECRET_CHANGED = "endpoint_secret_changed"  # noqa: S105 - the name of a kind
    NOTICES_SENT_AGAIN = "notices_sent_again"


ACTIVITY_LABELS = {
    ActivityKind.ORGANIZATION_CREATED: "Created the organization",
    ActivityKind.PREFERENCES_CHANGED: "Changed preferences",
    ActivityKind.COPY_CHOICES_CHANGED: "Changed choices of the Sync Tool",
    ActivityKind.CUSTOMER_CHOSEN: "Chose a customer",
    ActivityKind.CONNECTED: "Connected",
    ActivityKind.CONNECTION_SETTINGS_CHANGED: "Changed connection settings",
    ActivityKind.CONNECTION_REVIVED: "Tested a connection, and it went on",
    ActivityKind.DISCONNECTED: "Disconnected",
    ActivityKind.LOOK_BACK_REQUESTED: "Asked for older payments",
    ActivityKind.GAP_COUNT_REQUESTED: "Had a gap counted again",
    ActivityKind.INVOICE_ADDED: "Added an invoice",
    ActivityKind.INVOICES_IMPORTED: "Imported invoices",
    ActivityKind.PAYMENT_RETRIED: "Retried a payment",
    ActivityKind.PAYMENT_CREATED_ANYWAY: "Called a similar payment other money",
    ActivityKind.PAYMENT_LINKED: "Linked a payment as the same money",
    ActivityKind.PAYMENT_DISMISSED: "Dismissed a payment",
    ActivityKind.PAYMENT_TAKEN_BACK: "Took a payment back",
    ActivityKind.PAYMENT_OWNED: "Marked a payment as our own",
    ActivityKind.PAYMENT_SYNCED_AFTER_ALL: "Let a payment be synced after all",
    ActivityKind.UNDO_CONFIRMED: "Began to take back a span of time",
    ActivityKind.UNDO_STOPPED: "Stopped taking back a span of time",
    ActivityKind.UNDO_WENT_ON: "Let the taking back of a span go on",
    ActivityKind.SENDING_PAUSED: "Paused the sending of payments",
    ActivityKind.SENDING_RESUMED: "Resumed the sending of payments",
    ActivityKind.REPLAY_CONFIRMED: "Began to retry payments by a filter",
    ActivityKind.REPLAY_STOPPED: "Stopped retrying payments by a filter",
    ActivityKind.REPLAY_WENT_ON: "Let the retrying by a filter go on",
    ActivityKind.RECONCILIATION_STARTED: "Started a reconciliation",
    ActivityKind.WRITES_STOPPED: "Stopped all writes, because our records break a rule",
    ActivityKind.WRITES_RESUMED: "Let writes go on after a check of our records",
    ActivityKind.BREAK_ACCEPTED: "Accepted a difference",
    ActivityKind.BREAK_OPENED_AGAIN: "Opened a difference again",
    ActivityKind.STATEMENT_PREPARED: "Signed a statement",
    ActivityKind.STATEMENT_REVIEWED: "Reviewed a statement and closed its period",
    ActivityKind.RUN_CONFIRMED: "Confirmed a run of the Sync Tool",
    ActivityKind.RUN_STOPPED: "Stopped a run of the Sync Tool",
    ActivityKind.TOKEN_CREATED: "Made an API token",
    ActivityKind.TOKENS_REVOKED: "Revoked API tokens",
    ActivityKind.USER_CREATED: "Added a user",
    ActivityKind.USER_REMOVED: "Removed a user",
    ActivityKind.USER_DISABLED: "Disabled a user",
    ActivityKind.USER_ENABLED: "Enabled a user",
    ActivityKind.USER_INVITED: "Invited a colleague",
    ActivityKind.INVITATION_WITHDRAWN: "Withdrew an invitation",
    ActivityKind.USER_JOINED: "Joined by an invitation",
    ActivityKind.ROLE_CHANGED: "Gave another role",
    ActivityKind.PASSWORD_CHANGED: "Changed a password",
    ActivityKind.SECOND_FACTOR_ON: "Turned a second factor on",
    ActivityKind.SECOND_FACTOR_OFF: "Turned a second factor off",
    ActivityKind.SECOND_FACTOR_RESET: "Reset a second factor",
    ActivityKind.RECOVERY_CODES_RENEWED: "Made new recovery codes",
    ActivityKind.LOGGED_OUT_EVERYWHERE: "Logged out everywhere",
    ActivityKind.ENDPOINT_ADDED: "Added a webhook or channel",
    ActivityKind.ENDPOINT_CHANGED: "Changed a webhook or channel",
    ActivityKind.ENDPOINT_ON: "Switched a webhook or channel on",
    ActivityKind.ENDPOINT_OFF: "Switched a webhook or channel off",
    ActivityKind.ENDPOINT_REMOVED: "Removed a webhook or channel",
    ActivityKind.ENDPOINT_SECRET_CHANGED: "Changed the signing secret of a webhook",
    ActivityKind.NOTICES_SENT_AGAIN: "Had news sent again",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One value that is different now.

    Attributes:
        what: its name, for a person.
        before: as a person reads it; "" where there was none.
    """

    what: str
    before: str
    after: str

    @property
    def told(self) -> str:
        """The change as a person reads it."""
        return f"{self.what}: {self.before or 'not set'} → {self.after or 'not set'}"
