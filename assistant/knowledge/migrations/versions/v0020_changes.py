"""Which documents have changed, in the order in which others may see it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "changes",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("document_id", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_changes"),
    )


def downgrade() -> None:
    op.drop_table("changes")
