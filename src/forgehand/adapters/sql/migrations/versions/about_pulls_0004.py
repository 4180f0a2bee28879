"""Pull requests of one repository, those in a merge queue, and the jobs about one of them, each as one index range."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _partial("jobs_about", "jobs", ["repository_id", "subject", "created_at", "id"], "repository_id <> 0")
    _partial("pulls_open_of_one", "pulls", ["repository_id", "updated_at", "number"], "state = 'open'")
    _partial("pulls_over_of_one", "pulls", ["repository_id", "updated_at", "number"], "state <> 'open'")
    _partial("pulls_queued", "pulls", ["repository_id", "base_ref", "position", "number"], "standing = 'queued'")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
