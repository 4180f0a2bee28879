"""What people asked for and what was written to the world, each as one index range over the facts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _partial("facts_by_people", "substr(kind, 1, 6) = 'admin.'")
    _partial("facts_written", "kind IN ('effect.done', 'effect.unknown', 'effect.rejected', 'effect.refused')")


def _partial(name: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "facts", ["at", "id"], unique=False, sqlite_where=condition, postgresql_where=condition)
