"""How long contents and rows are kept, and the checkpoint from which a shortened log verifies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from assistant.audit.holds import Covered
from assistant.audit.log import Audit, to_entries, to_moment
from assistant.audit.redaction import Place
from assistant.audit.types import OPERATOR_NAME, Pruned
from assistant.knowledge.tables import AuditCheckpointRow, AuditContentRow, AuditRow
from assistant.signing import Signer

_AT_ONCE = 1000


def prune(
    audit: Audit,
    *,
    keep_days: float | None,
    keep_rows_days: float | None,
    who: str = OPERATOR_NAME,
    now: datetime | None = None,
) -> Pruned:
    """Erase contents and cut off rows that are older. What is under legal hold stays, and so do
    all rows behind a held one: the chain has no gaps.

    Args:
        keep_days: of contents; None: for ever.
        keep_rows_days: of rows; None: for ever.
    """
    moment, covered = now or datetime.now(UTC), audit.holds.in_force()
    contents = held = rows = 0
    if keep_days is not None:
        before = to_moment(moment - timedelta(days=keep_days))
        free, held = _old_contents(audit, before, covered)
        if free:
            contents = audit.redact(free, who=who, reason="retention")
    if keep_rows_days is not None:
        before = to_moment(moment - timedelta(days=keep_rows_days))
        rows = _cut(audit, before, covered, who=who, at=to_moment(moment))
    if contents or rows:
        audit.truncate_log()
    return Pruned(contents=contents, rows=rows, held=held)


def checkpoint_content(number: int, digest: str, at: str) -> dict[str, Any]:
    """What the signature of a checkpoint covers."""
    return {"kind": "audit checkpoint", "number": number, "hash": digest, "at": at}


def _old_contents(audit: Audit, before: str, covered: Covered) -> tuple[dict[int, list[int]], int]:
    """Contents of rows older than that, and how many others are under hold."""
    held = 0

    def free(place: Place) -> bool:
        nonlocal held
        if place.entry.at >= before:
            return False
        if covered.of_entry(place.entry):
            held += 1
            return False
        return True

    return audit.find_contents(free), held


def _cut(audit: Audit, before: str, covered: Covered, *, who: str, at: str) -> int:
    last = _last_to_cut(audit, before, covered)
    if last is None:
        return 0
    signature = Signer(audit.directory).sign(checkpoint_content(last.number, last.hash, at))
    with audit.writing() as writing:
        session = writing.session
        session.execute(delete(AuditContentRow).where(AuditContentRow.number <= last.number))
        gone = session.scalars(
            delete(AuditRow).where(AuditRow.number <= last.number).returning(AuditRow.number)
        ).all()
        session.execute(delete(AuditCheckpointRow))
        session.add(
            AuditCheckpointRow(number=last.number, hash=last.hash, at=at, signature=signature)
        )
        told = {"up_to": last.number, "hash": last.hash, "rows": len(gone)}
        writing.append(who, "audit.cut", told)
    return len(gone)


def _last_to_cut(audit: Audit, before: str, covered: Covered) -> AuditRow | None:
    """The newest row that may go: old enough, no held one before it, and not the last of all,
    which the next row follows."""
    last, after = None, -(2**62)
    with audit.reading() as session:
        end = session.scalar(select(AuditRow.number).order_by(AuditRow.number.desc()).limit(1))
        while rows := session.scalars(
            select(AuditRow)
            .where(AuditRow.number > after, AuditRow.number < (end or 0), AuditRow.at < before)
            .order_by(AuditRow.number)
            .limit(_AT_ONCE)
        ).all():
            for row, entry in zip(rows, to_entries(session, rows), strict=True):
                if covered.of_entry(entry) or (last and row.number != last.number + 1):
                    return last
                last = row
            after = rows[-1].number
            session.expunge_all()
    return last
