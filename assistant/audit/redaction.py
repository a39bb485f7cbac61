"""Erasing contents and names, each time with a row that says so: what is missing without one
was taken away by somebody else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from assistant.audit.content import paths
from assistant.audit.people import pseudonyms_of
from assistant.knowledge.bulk import in_batches
from assistant.knowledge.tables import AuditContentRow, AuditPersonRow, AuditRow

if TYPE_CHECKING:
    from assistant.audit.log import Writing
    from assistant.audit.types import AuditEntry

REDACTION = "audit.redact"

Contents = Mapping[int, Sequence[int]]
"""Row -> ordinals of its contents."""


@dataclass(frozen=True, slots=True)
class Place:
    """One content of a row: under which keys it stands, and the value itself as JSON."""

    entry: AuditEntry
    path: tuple[str, ...]
    value: str


def find_contents(session: Session, wanted: Callable[[Place], bool]) -> dict[int, list[int]]:
    """All contents of the log for which `wanted` holds."""
    found: dict[int, list[int]] = {}
    for row, entry, values in _with_contents(session):
        for path, ordinal in paths(json.loads(row.details)):
            if ordinal in values and wanted(Place(entry, path, values[ordinal] or "")):
                found.setdefault(row.number, []).append(ordinal)
    return found


def _with_contents(
    session: Session,
) -> Iterator[tuple[AuditRow, AuditEntry, dict[int, str | None]]]:
    from assistant.audit.log import load_contents, to_entries

    after = -(2**62)
    has_content = exists().where(AuditContentRow.number == AuditRow.number)
    query = select(AuditRow).where(has_content).order_by(AuditRow.number).limit(1000)
    while rows := session.scalars(query.where(AuditRow.number > after)).all():
        contents = load_contents(session, rows)
        for row, entry in zip(rows, to_entries(session, rows), strict=True):
            stored = contents.get(row.number, {})
            yield row, entry, {ordinal: one.value for ordinal, one in stored.items()}
        after = rows[-1].number


def redact_contents(
    writing: Writing,
    contents: Contents,
    names: Iterable[str],
    *,
    who: str,
    reason: str,
    extra: Mapping[str, Any],
) -> int:
    session = writing.session
    redacted: set[int] = set()
    erased = 0
    for number, ordinals in sorted(contents.items()):
        of_row = (AuditContentRow.number == number) & AuditContentRow.ordinal.in_(ordinals)
        gone = delete(AuditContentRow).where(of_row).returning(AuditContentRow.ordinal)
        if count := len(session.scalars(gone).all()):
            redacted.add(number)
            erased += count
    people = [one for name in names for one in pseudonyms_of(session, name)]
    for ids in in_batches(people):
        session.execute(delete(AuditPersonRow).where(AuditPersonRow.pseudonym.in_(ids)))
    if redacted or people:
        told = {"reason": reason, "rows": to_ranges(sorted(redacted)), "people": people}
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
