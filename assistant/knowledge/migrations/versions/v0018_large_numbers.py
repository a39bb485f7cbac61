"""Numbers of 64 bits where the database's integers are smaller: sizes of files, audit rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

COLUMNS = (
    ("versions", "size_bytes"),
    ("jobs", "size_bytes"),
    ("audit", "number"),
    ("audit_contents", "number"),
    ("audit_checkpoints", "number"),
)


def upgrade() -> None:
    _change(sa.Integer(), sa.BigInteger())


def downgrade() -> None:
    _change(sa.BigInteger(), sa.Integer())


def _change(before: sa.Integer, after: sa.Integer) -> None:
    if op.get_bind().dialect.name != "sqlite":  # whose integers all have 64 bits
        for table, column in COLUMNS:
            op.alter_column(table, column, existing_type=before, type_=after)
