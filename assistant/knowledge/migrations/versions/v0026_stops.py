"""That answers are stopped, told to all processes that share a database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "stops",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stops"),
    )


def downgrade() -> None:
    op.drop_table("stops")
