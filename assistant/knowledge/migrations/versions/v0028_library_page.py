"""Lists of documents in their order without sorting all of them; whose upload a job is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0026"


def upgrade() -> None:
    op.create_index("ix_versions_newest", "versions", ["published_at", "document_id"])
    op.add_column("jobs", sa.Column("owner_key", sa.String(48), nullable=True))
    op.create_index("ix_jobs_owner", "jobs", ["owner_key", "state"])


def downgrade() -> None:
    op.drop_index("ix_jobs_owner", "jobs")
    op.drop_column("jobs", "owner_key")
    op.drop_index("ix_versions_newest", "versions")
