"""Pauses of a connection that a person can end sooner; the others end by themselves, and nobody has to act."""

from domain.reasons import Reason

PAUSES_TO_ACT_ON = frozenset(
    {
        Reason.READS_USED_UP,
        Reason.APPLICATION_REFUSED,
        Reason.CLIENT_ID_REFUSED,
        Reason.SECRETS_UNREADABLE,
        Reason.COMPANY_SUSPENDED,
        Reason.TARGET_FORBIDDEN,
    }
)
