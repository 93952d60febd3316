"""${message}"""

# The last release works on this schema too: docs/upgrading.md says what that forbids, tests/upgrade/ holds to it.

import sqlalchemy as sa
from alembic import op

import models.base

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
