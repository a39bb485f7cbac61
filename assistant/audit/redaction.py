"""Erasing contents and names, each time with a row that says so: what is missing without one
was taken away by somebody else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from assistant.audit.people import pseudonyms_of
from assistant.knowledge.stored import in_batches
from assistant.knowledge.tables import AuditContentRow, AuditPersonRow

if TYPE_CHECKING:
    from assistant.audit.log import Writing

REDACTION = "audit.redact"


def redact_contents(
    writing: Writing,
    numbers: Sequence[int],
    names: Iterable[str],
    *,
    who: str,
    reason: str,
    extra: Mapping[str, Any],
) -> int:
    session = writing.session
    present: set[int] = set()
    erased = 0
    for some in in_batches(numbers):
        held = AuditContentRow.number.in_(some)
        present |= set(session.scalars(select(AuditContentRow.number).where(held)))
        gone = delete(AuditContentRow).where(held).returning(AuditContentRow.number)
        erased += len(session.scalars(gone).all())
    people = [one for name in names for one in pseudonyms_of(session, name)]
    for ids in in_batches(people):
        session.execute(delete(AuditPersonRow).where(AuditPersonRow.pseudonym.in_(ids)))
    if present or people:
        told = {"reason": reason, "rows": to_ranges(sorted(present)), "people": people}
        writing.append(who, REDACTION, {**extra, **told})
    return erased


def to_ranges(numbers: Sequence[int]) -> list[list[int]]:
    """[first, last] of each run, in order."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges
