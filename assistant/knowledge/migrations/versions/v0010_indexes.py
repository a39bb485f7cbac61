"""A second index beside the first; where the blocks stand in a version's text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

CHUNK_TOKENS = 220
"""Nobody wrote down what the chunks aimed at: the default of that time."""


def upgrade() -> None:
    op.add_column("versions", sa.Column("layout", sa.Text(), nullable=True))
    op.add_column("versions", sa.Column("counterpart_of", sa.String(32), nullable=True))
    op.create_index("ix_versions_counterpart_of", "versions", ["counterpart_of"], unique=True)
    op.create_table(
        "indexes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("embedder", sa.Text(), nullable=False),
        sa.Column("embedder_id", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("chunk_tokens", sa.Integer(), nullable=False),
        sa.Column("in_use", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_indexes"),
    )
    _register_present(op.get_bind())


def _register_present(connection: sa.Connection) -> None:
    """The index that the documents are in, where there are some."""
    row = connection.execute(
        sa.text(
            "SELECT v.embedder, length(p.embedding) / 4, v.staged_at FROM versions v "
            "JOIN documents d ON d.published_version_id = v.id "
            "JOIN chunks c ON c.version_id = v.id JOIN pieces p ON p.key = c.piece_key LIMIT 1"
        )
    ).first()
    if row is not None:
        connection.execute(
            sa.text(
                "INSERT INTO indexes VALUES "
                "(1, '', :embedder, :embedder_id, :dimension, :tokens, :in_use, :at)"
            ),
            {
                "embedder": row[0].partition("@")[0],
                "embedder_id": row[0],
                "dimension": row[1],
                "tokens": CHUNK_TOKENS,
                "in_use": True,
                "at": row[2],
            },
        )
