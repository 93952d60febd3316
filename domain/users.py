"""The kinds of people and programs that use the platform, and for how long a program's token lasts."""

from enum import StrEnum

API_TOKEN_DAYS = 365
API_TOKEN_DAYS_MAX = 730


class UserRole(StrEnum):
    """A partner works in one organization; an operator in all of them, one at a time."""

    PARTNER = "partner"
    OPERATOR = "operator"


class TokenScope(StrEnum):
    """A program's rights with its token; the right to write includes the right to read."""

    READ = "read"
    WRITE = "write"
