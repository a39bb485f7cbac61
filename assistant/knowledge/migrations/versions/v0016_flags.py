"""How suspicious a text is, beside the text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("pieces", sa.Column("injection", sa.Double(), nullable=True))
    op.add_column("pieces", sa.Column("toxicity", sa.Double(), nullable=True))
