"""Who may read a collection by default, and what was stated of a document.

Documents that everyone may read inherit from their collection from now on; others keep the groups
that they came with.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("collections", sa.Column("readers", sa.Text(), nullable=True))
    op.add_column("documents", sa.Column("stated", sa.Text(), nullable=True))
    op.add_column(
        "documents",
        sa.Column("own_access", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    connection = op.get_bind()
    documents = sa.table("documents", sa.column("id"), sa.column("stated"))
    rows = connection.execute(sa.text("SELECT document_id, group_name FROM document_groups"))
    groups: dict[str, list[str]] = {}
    for document_id, group in rows:
        groups.setdefault(document_id, []).append(group)
    for document_id in connection.scalars(sa.select(documents.c.id)).all():
        stated = sorted(groups.get(document_id, []))
        if stated != ["everyone"]:
            connection.execute(
                sa.update(documents)
                .where(documents.c.id == document_id)
                .values(stated=json.dumps(stated, ensure_ascii=False))
            )
