"""What processes tell each other."""

from __future__ import annotations

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.knowledge.tables.base import Table


class ChangeRow(Table):
    """That a document was published, replaced, removed or shared otherwise (see `change_log.py`);
    without an id, that anything may have changed. Numbers grow by one."""

    __tablename__ = "changes"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document_id: Mapped[str | None] = mapped_column(String(32))


class StopRow(Table):
    """One row while answers are stopped: JSON of `GenerationState`."""

    __tablename__ = "stops"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(Text)
