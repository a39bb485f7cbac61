"""A note of the oldest revision whose processes may work beside this one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
oldest_beside = "0031"


def upgrade() -> None:
    op.add_column("alembic_version", sa.Column("oldest", sa.String(4), nullable=True))


def downgrade() -> None:
    op.drop_column("alembic_version", "oldest")
