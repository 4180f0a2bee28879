"""Run by alembic, on the connection that `migrate.upgrade` brings."""

from alembic import context

from forgehand.adapters.sql.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
