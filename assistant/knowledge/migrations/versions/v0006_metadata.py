"""Authors and dates of documents, to search by."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

from assistant.words import fold

revision = "0006"
down_revision = "0004"

_DATE = re.compile(
    r"(?:1[5-9]|20|21)\d\d(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?(?!\d)"
)


def upgrade() -> None:
    for name in ("author_key", "date_basis"):
        op.add_column("versions", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    connection = op.get_bind()
    known = sa.table(
        "versions",
        sa.column("id", sa.String),
        sa.column("author", sa.Text),
        sa.column("date", sa.Text),
        sa.column("author_key", sa.Text),
        sa.column("date_basis", sa.Text),
    )
    rows = connection.execute(sa.select(known.c.id, known.c.author, known.c.date)).all()
    for row in rows:
        stated = _DATE.match(row.date)
        connection.execute(
            known.update()
            .where(known.c.id == row.id)
            .values(
                author_key=fold(row.author),
                date=stated.group() if stated else "",
                date_basis="document" if stated else "",
            )
        )
