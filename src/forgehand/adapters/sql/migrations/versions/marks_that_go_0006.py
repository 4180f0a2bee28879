"""Marks that go with age, as documents do."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("marks", sa.Column("updated_at", sa.Double(), nullable=False, server_default="0"))
    op.add_column("marks", sa.Column("lasts", sa.Integer(), nullable=False, server_default="1"))
    passing = " OR ".join(f"key LIKE '{each}%'" for each in ("cap:", "open_pulls:", "own:"))
    # When they were written nobody knows: they go as if they had been written now.
    op.execute(sa.text(f"UPDATE marks SET lasts = 0, updated_at = :now WHERE {passing}").bindparams(now=time.time()))  # noqa: S608
    goes = sa.text("lasts = 0")
    op.create_index("marks_that_go", "marks", ["updated_at", "key"], sqlite_where=goes, postgresql_where=goes)
