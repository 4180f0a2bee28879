"""Projections, who keeps them, and the outbox of facts that are in none yet.

The database itself puts each new fact into the outbox, in the statement that inserts it: no verb can forget to, and a
fact that is there already comes in no second time. It costs the intake no statement.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("fact", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("fact"),
    )
    op.create_table(
        "projectors",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("forgotten", sa.Double(), nullable=False),
        sa.Column("forgets", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "projections",
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("goes", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("edition", "series", "name"),
        sqlite_with_rowid=False,
    )
    op.create_index("projections_by_time", "projections", ["edition", "series", "at", "name"], unique=False)
    op.create_index(
        "projections_that_go",
        "projections",
        ["edition", "at", "series", "name"],
        unique=False,
        sqlite_where=sa.text("goes = 1"),
        postgresql_where=sa.text("goes = 1"),
    )
    op.execute("INSERT INTO outbox (fact) SELECT seq FROM facts")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER facts_into_outbox AFTER INSERT ON facts"
            " BEGIN INSERT INTO outbox (fact) VALUES (new.seq); END"
        )
        return
    op.execute(
        "CREATE FUNCTION facts_into_outbox() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO outbox (fact) SELECT seq FROM made; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER facts_into_outbox AFTER INSERT ON facts REFERENCING NEW TABLE AS made"
        " FOR EACH STATEMENT EXECUTE FUNCTION facts_into_outbox()"
    )
