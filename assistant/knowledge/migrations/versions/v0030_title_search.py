"""Titles are searched within the index that gives the order of the list. SQLite only: there the
rows of `versions` are as wide as their texts, and an index takes titles of any length."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0028"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        columns = ["published_at", "document_id", "search_key"]
        op.create_index("ix_versions_titles", "versions", columns)
        op.drop_index("ix_versions_newest", "versions")  # the other one begins with it


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("ix_versions_newest", "versions", ["published_at", "document_id"])
        op.drop_index("ix_versions_titles", "versions")
