"""Names and their pseudonyms: rows hold the pseudonym, so that a name can be erased."""

from __future__ import annotations

import secrets
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.audit.content import pseudonym_of
from assistant.knowledge.tables import AuditPersonRow


def pseudonym_for(session: Session, name: str) -> str:
    """Of somebody, made when they are first seen. What is no person's name, like the
    operator's, stays as it is: it begins with a bracket."""
    if name.startswith("("):
        return name
    known = select(AuditPersonRow.pseudonym).where(AuditPersonRow.name == name)
    pseudonym = session.scalar(known)
    if pseudonym is None:
        salt = secrets.token_hex(16)
        pseudonym = pseudonym_of(name, salt)
        row = AuditPersonRow(pseudonym=pseudonym, name=name, key=name.casefold(), salt=salt)
        session.add(row)
        session.flush()
    return pseudonym


def pseudonyms_of(session: Session, name: str) -> list[str]:
    """However the name's case is."""
    key = name.strip().casefold()
    query = select(AuditPersonRow.pseudonym).where(AuditPersonRow.key == key)
    return list(session.scalars(query))


def names_of(session: Session, pseudonyms: Collection[str]) -> dict[str, str]:
    query = select(AuditPersonRow.pseudonym, AuditPersonRow.name)
    query = query.where(AuditPersonRow.pseudonym.in_(pseudonyms))
    return {row.pseudonym: row.name for row in session.execute(query)}
