"""Run by Alembic: applies the steps on the connection that `database.py` hands over."""

from __future__ import annotations

from alembic import context

from assistant.knowledge.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
