"""Jobs; quarantine; pieces, so that a text in several documents is kept once."""

from __future__ import annotations

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BATCH = 500


def upgrade() -> None:
    op.add_column("documents", sa.Column("held_version_id", sa.String(32), nullable=True))
    op.add_column("documents", sa.Column("held_reason", sa.Text(), nullable=True))
    op.add_column("documents", sa.Column("fingerprint", sa.Text(), nullable=True))
    op.add_column("documents", sa.Column("parent_id", sa.String(32), nullable=True))
    for column in ("held_version_id", "parent_id"):
        op.create_index(f"ix_documents_{column}", "documents", [column])
    op.add_column(
        "versions", sa.Column("recognised", sa.Text(), nullable=False, server_default="[]")
    )
    op.add_column("versions", sa.Column("original", sa.String(64), nullable=True))
    op.create_index("ix_versions_original", "versions", ["original"])
    _create_pieces()
    _create_jobs()


def _create_pieces() -> None:
    op.create_table(
        "pieces",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_pieces"),
    )
    op.add_column("chunks", sa.Column("piece_key", sa.String(64), nullable=True))
    _fill_pieces(op.get_bind())
    with op.batch_alter_table("chunks") as chunks:
        chunks.alter_column("piece_key", existing_type=sa.String(64), nullable=False)
        chunks.create_foreign_key("fk_chunks_piece_key_pieces", "pieces", ["piece_key"], ["key"])
        chunks.drop_column("text")
        chunks.drop_column("embedding")
    op.create_index("ix_chunks_piece_key", "chunks", ["piece_key"])


def _fill_pieces(connection: sa.Connection) -> None:
    rows = connection.execute(
        sa.text(
            "SELECT c.id, v.embedder, v.title, c.heading, c.table_header, c.text, c.embedding "
            "FROM chunks c JOIN versions v ON v.id = c.version_id ORDER BY c.id"
        )
    )
    keep = sa.text(
        "INSERT INTO pieces (key, text, embedding) VALUES (:key, :text, :embedding) "
        "ON CONFLICT (key) DO NOTHING"
    )
    refer = sa.text("UPDATE chunks SET piece_key = :key WHERE id = :id")
    keys: list[dict[str, str]] = []
    # Every row is read before a chunk is changed: a changed one could be met again.
    for batch in rows.partitions(BATCH):
        pieces = []
        for chunk_id, embedder, title, heading, table_header, text, embedding in batch:
            path = [part for part in (title, *json.loads(heading)) if part]
            context = " > ".join(dict.fromkeys(path))
            indexed = "\n".join(part for part in (context, table_header, text) if part)
            key = hashlib.sha256(f"{embedder}\0{len(text)}\0{indexed}".encode()).hexdigest()
            pieces.append({"key": key, "text": text, "embedding": embedding})
            keys.append({"key": key, "id": chunk_id})
        connection.execute(keep, pieces)
    if keys:
        connection.execute(refer, keys)


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("collection", sa.String(200), nullable=False),
        sa.Column("groups", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=True),
        sa.Column("original", sa.String(64), nullable=True),
        sa.Column("parent_id", sa.String(32), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(32), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("cancel_wanted", sa.Boolean(), nullable=False),
        sa.Column("not_before", sa.DateTime(), nullable=False),
        sa.Column("worker", sa.String(80), nullable=True),
        sa.Column("lease_until", sa.DateTime(), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("document_id", sa.String(32), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_uri", "jobs", ["uri", "collection"])
    op.create_index("ix_jobs_claim", "jobs", ["state", "priority", "not_before"])
    op.create_index("ix_jobs_run", "jobs", ["run_id", "finished_at"])
    for column in ("original", "parent_id", "finished_at"):
        op.create_index(f"ix_jobs_{column}", "jobs", [column])
