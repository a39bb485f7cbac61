"""Whether the log is as it was written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.audit.chain import (
    FIRST,
    HEAD_FILE,
    VERSION,
    ChainFiles,
    first_row_hash,
    row_hash,
    row_seal,
    same,
)
from assistant.audit.content import MARK, Stored, content_hash, marks, pseudonym_of, render
from assistant.audit.redaction import REDACTION
from assistant.audit.types import Verification
from assistant.knowledge.tables import (
    AuditCheckpointRow,
    AuditContentRow,
    AuditPersonRow,
    AuditRow,
)

_AT_ONCE = 1000


@dataclass(slots=True)
class _Missing:
    """What is not there, and what the log says was erased."""

    contents: dict[int, int] = field(default_factory=dict)  # row -> one of its contents
    people: dict[str, int] = field(default_factory=dict)  # pseudonym -> a row of theirs
    rows_told: list[tuple[int, int]] = field(default_factory=list)
    people_told: set[str] = field(default_factory=set)

    def note_redaction(self, details: Mapping[str, Any]) -> None:
        self.rows_told += [(first, last) for first, last in details["rows"]]
        self.people_told.update(details["people"])

    def unexplained(self) -> str:
        for number in sorted(self.contents):
            if not any(first <= number <= last for first, last in self.rows_told):
                return f"content of row {number} is missing, and the log does not say why"
        for pseudonym, number in self.people.items():
            if pseudonym not in self.people_told:
                return f"who wrote row {number} is missing, and the log does not say why"
        return ""


def verify(session: Session, files: ChainFiles, directory: Path) -> Verification:
    """By a session that has read nothing yet, or what nobody writes meanwhile."""
    noted = files.read_head()
    total = session.scalar(select(func.count()).select_from(AuditRow)) or 0
    if total and not files.key_path.is_file():
        return _broken(0, f"the key {files.key_path} is missing")
    key = files.load_key(has_rows=lambda: bool(total)) if total else b""
    names, problem = _load_names(session)
    if problem:
        return _broken(0, problem)
    start, previous, problem = _start(session, directory)
    if problem:
        return _broken(0, problem)
    last, count = start, 0
    noted_number, noted_hash = noted or (0, "")
    missing = _Missing()
    for row, contents in _all_rows(session):
        if row.number != last + 1:
            return _broken(count, f"row {last + 1} is missing")
        if row.previous != previous:
            return _broken(count, f"row {row.number} does not follow row {last}")
        problem = _check_row(key, row, contents, names, missing)
        if problem:
            return _broken(count, problem)
        if row.number == noted_number and row.hash != noted_hash:
            return _broken(count, f"row {row.number} was replaced")
        last, previous, count = row.number, row.hash, count + 1
    if count and noted is None:
        return _broken(count, f"{HEAD_FILE} is missing: rows may be cut off at the end")
    if noted_number > last:  # a crash may leave the note behind, but not before the rows
        return _broken(count, f"rows {last + 1} to {noted_number} are cut off")
    if problem := missing.unexplained():
        return _broken(count, problem)
    return Verification(
        ok=True, entries=count, from_checkpoint=start, redacted=len(missing.contents)
    )


def _check_row(
    key: bytes,
    row: AuditRow,
    contents: Mapping[int, Stored],
    names: Mapping[str, str],
    missing: _Missing,
) -> str:
    """What is wrong with a row by itself, "" where nothing is."""
    changed = f"row {row.number} was changed"
    if row.version == VERSION:
        if not same(row_hash(key, row), row.hash):
            return changed
    elif row.version != 1 or not _is_first(key, row, contents, names):
        return changed
    if row.version == 1 and row.seal is None:
        return ""  # its hash covers its content
    details = json.loads(row.details)
    wanted = {mark[MARK]: mark for mark in marks(details)}
    for ordinal, mark in wanted.items():
        stored = contents.get(ordinal)
        if stored is None or (mark["kept"] and stored.value is None):
            missing.contents[row.number] = ordinal
        elif stored.value is not None and not same(
            content_hash(stored.salt, stored.value), mark["hash"]
        ):
            return f"content of row {row.number} was changed"
    if contents.keys() - wanted.keys():
        return f"row {row.number} has content that it did not have"
    if row.who.startswith("person:") and row.who not in names:
        missing.people.setdefault(row.who, row.number)
    if row.action == REDACTION:
        missing.note_redaction(details)
    return ""


def _is_first(
    key: bytes, row: AuditRow, contents: Mapping[int, Stored], names: Mapping[str, str]
) -> bool:
    """Whether a row of version 1 is as it was written."""
    if row.seal is None:
        return same(first_row_hash(key, row, who=row.who, details=row.details), row.hash)
    if not same(row_seal(key, row), row.seal):
        return False
    details = json.loads(row.details)
    whole = all(mark[MARK] in contents for mark in marks(details))
    who = names.get(row.who, "" if row.who.startswith("person:") else row.who)
    if not whole or not who:
        return True
    told = json.dumps(render(details, contents), sort_keys=True)
    return same(first_row_hash(key, row, who=who, details=told), row.hash)


def _load_names(session: Session) -> tuple[dict[str, str], str]:
    """Pseudonym -> name; and what is wrong with one of them."""
    names: dict[str, str] = {}
    for row in session.scalars(select(AuditPersonRow)):
        if pseudonym_of(row.name, row.salt) != row.pseudonym:
            return {}, f"the name of {row.pseudonym} was changed"
        names[row.pseudonym] = row.name
    return names, ""


def _start(session: Session, directory: Path) -> tuple[int, str, str]:
    """(number and hash before the first row, what is wrong with the checkpoint)."""
    newest = select(AuditCheckpointRow).order_by(AuditCheckpointRow.number.desc()).limit(1)
    row = session.scalar(newest)
    if row is None:
        return 0, FIRST, ""
    from assistant.audit.retention import checkpoint_content
    from assistant.signing import Signer, is_authentic

    content = checkpoint_content(row.number, row.hash, row.at)
    if not is_authentic(Signer(directory).public, row.signature, content):
        return 0, FIRST, f"the checkpoint at row {row.number} is not signed by this directory"
    return row.number, row.hash, ""


def _all_rows(session: Session) -> Iterator[tuple[AuditRow, dict[int, Stored]]]:
    after = -(2**62)
    ordered = select(AuditRow).order_by(AuditRow.number).limit(_AT_ONCE)
    while rows := session.scalars(ordered.where(AuditRow.number > after)).all():
        between = AuditContentRow.number.between(rows[0].number, rows[-1].number)
        contents: dict[int, dict[int, Stored]] = {}
        for one in session.scalars(select(AuditContentRow).where(between)):
            contents.setdefault(one.number, {})[one.ordinal] = Stored(one.salt, one.value)
        for row in rows:
            yield row, contents.get(row.number, {})
        after = rows[-1].number
        session.expunge_all()


def _broken(count: int, problem: str) -> Verification:
    return Verification(ok=False, entries=count, problem=problem)
