"""What was found in documents that is personal or secret; pseudonyms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("versions", sa.Column("findings", sa.Text(), nullable=False, server_default="{}"))
    op.create_table(
        "pseudonyms",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_pseudonyms"),
        sa.UniqueConstraint("kind", "number", name="uq_pseudonyms_kind"),
    )
