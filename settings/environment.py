"""Development and production, and the keys that only development accepts."""

from enum import StrEnum

# Good for trying things out on one machine; production refuses to start with them.
DEVELOPMENT_SECRET_KEY = "for-development-only-anyone-can-read-this-key"  # noqa: S105
DEVELOPMENT_ENCRYPTION_KEY = "Zm9yLWRldmVsb3BtZW50LW9ubHktbm90LXNlY3JldC0="


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"
