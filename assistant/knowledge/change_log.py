"""Which documents have changed, for the other processes over the same database.

Writers take turns, so the numbers come true in their order: who has seen one has seen all below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from assistant.knowledge.tables import ChangeRow

KEPT_CHANGES = 100_000
"""Who is further behind takes everything for changed."""


@dataclass(frozen=True, slots=True)
class Changed:
    """`number` is the newest change; `documents` are those that changed, None: perhaps all."""

    number: int
    documents: frozenset[str] | None


def log_changes(session: Session, document_ids: Iterable[str]) -> None:
    """Published, replaced, removed, or shared otherwise: in the transaction that does it."""
    _log(session, [*dict.fromkeys(document_ids)])


def log_any_change(session: Session) -> None:
    """Everything may have changed."""
    _log(session, [None])


def newest_change(session: Session) -> int:
    """Its number; 0 where there was none yet."""
    return session.scalar(select(func.max(ChangeRow.number))) or 0


def changes_since(session: Session, number: int) -> Changed:
    newest = newest_change(session)
    oldest = session.scalar(select(func.min(ChangeRow.number))) or 0
    if newest < number or oldest > number + 1:  # a backup was put back, or some are forgotten
        return Changed(newest, None)
    query = select(ChangeRow.document_id).where(ChangeRow.number > number).distinct()
    documents = set(session.scalars(query))
    if None in documents:
        return Changed(newest, None)
    return Changed(newest, frozenset(one for one in documents if one is not None))


def _log(session: Session, document_ids: Sequence[str | None]) -> None:
    if not document_ids:
        return
    first = newest_change(session) + 1
    rows = [
        {"number": number, "document_id": document_id}
        for number, document_id in enumerate(document_ids, start=first)
    ]
    session.execute(insert(ChangeRow), rows)
    forgotten = first + len(rows) - 1 - KEPT_CHANGES
    if forgotten > 0:
        session.execute(delete(ChangeRow).where(ChangeRow.number <= forgotten))
