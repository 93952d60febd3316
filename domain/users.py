"""The kinds of people and programs that use the platform, and what each may do."""

from enum import StrEnum
from types import MappingProxyType

API_TOKEN_DAYS = 365
API_TOKEN_DAYS_MAX = 730


class UserRole(StrEnum):
    """An operator works in all organizations, one at a time; everybody else in one."""

    OPERATOR = "operator"
    ADMIN = "admin"
    BOOKKEEPER = "bookkeeper"
    VIEWER = "viewer"


class Right(StrEnum):
    """What a request asks for beyond looking, which everybody of the organization may."""

    # Retry, link, look up and add invoices, copy with the Sync Tool, choose its customers.
    WORK = "work"
    # Connections, preferences, people and API tokens.
    MANAGE = "manage"


# The roles that a person of an organization can have, the mightiest first.
ROLES_OF_AN_ORGANIZATION = (UserRole.ADMIN, UserRole.BOOKKEEPER, UserRole.VIEWER)
_RIGHTS = MappingProxyType(
    {
        UserRole.OPERATOR: frozenset(Right),
        UserRole.ADMIN: frozenset(Right),
        UserRole.BOOKKEEPER: frozenset({Right.WORK}),
        UserRole.VIEWER: frozenset[Right](),
    }
)
ROLE_LABELS = MappingProxyType(
    {
        UserRole.OPERATOR: "Operator",
        UserRole.ADMIN: "Admin",
        UserRole.BOOKKEEPER: "Bookkeeper",
        UserRole.VIEWER: "Viewer",
    }
)
ROLE_TEXTS = MappingProxyType(
    {
        UserRole.OPERATOR: "Runs the platform and works in every organization.",
        UserRole.ADMIN: "Does everything, and manages connections, preferences and people.",
        UserRole.BOOKKEEPER: "Works on payments and invoices; does not change connections, preferences or people.",
        UserRole.VIEWER: "Looks at everything and changes nothing.",
    }
)
# Who is asked for a right that one does not have.
_LACKING = MappingProxyType(
    {
        Right.WORK: "looks at everything and changes nothing",
        Right.MANAGE: "does not change connections, preferences or people",
    }
)


def may(role: UserRole, right: Right) -> bool:
    return right in _RIGHTS[role]


def why_not(role: UserRole, right: Right, organization: str) -> str:
    """The sentences for a person whose role lacks the right."""
    return (
        f"Your role is {ROLE_LABELS[role]}: it {_LACKING[right]}. Nothing was changed. "
        f"An admin of {organization} can do this, or give you another role under Settings > People."
    )


class TokenScope(StrEnum):
    """A program's rights with its token; the right to write includes the right to read."""

    READ = "read"
    WRITE = "write"


TOKEN_SCOPE_LABELS = MappingProxyType({TokenScope.READ: "Read", TokenScope.WRITE: "Read and write"})
