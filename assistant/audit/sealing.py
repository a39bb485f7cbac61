"""Rows of version 1, whose hash covered their contents: these move out, and a second hash, the
seal, covers what stays. The first hash stays too, and holds while the contents are there."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from assistant.audit.chain import first_row_hash, row_seal, same
from assistant.audit.content import Content, split
from assistant.audit.people import pseudonym_for
from assistant.knowledge.tables import AuditContentRow, AuditRow

CONTENTS = ("question", "answer", "summary", "uri", "places", "name", "user")
"""Details of version 1 that say what people wrote and were told, and who they are."""


def _unsealed() -> Any:
    return (AuditRow.version == 1) & AuditRow.seal.is_(None)


def has_unsealed(session: Session) -> bool:
    return bool(session.scalar(select(exists().where(_unsealed()))))


def seal_rows(session: Session, key: bytes) -> int:
    """Those that are as they were written; the others stay, for `verify` to find. How many."""
    sealed = 0
    rows = select(AuditRow).where(_unsealed()).order_by(AuditRow.number)
    for row in session.scalars(rows).all():
        if not same(first_row_hash(key, row, who=row.who, details=row.details), row.hash):
            continue
        details = json.loads(row.details)
        parted = {
            name: Content(value, bare=True) if name in CONTENTS else value
            for name, value in details.items()
        }
        marked, contents = split(parted)
        row.details = json.dumps(marked, sort_keys=True)
        row.who = pseudonym_for(session, row.who)
        row.seal = row_seal(key, row)
        for ordinal, one in enumerate(contents):
            session.add(
                AuditContentRow(number=row.number, ordinal=ordinal, salt=one.salt, value=one.value)
            )
        sealed += 1
    return sealed
