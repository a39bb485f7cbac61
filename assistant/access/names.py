"""Names of users and of groups, as they are stated."""

from __future__ import annotations

import difflib

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.errors import PeopleError, UnknownUserError
from assistant.knowledge.tables import UserRow


def find_user(session: Session, name: str) -> UserRow:
    """
    Raises:
        UnknownUserError: there is no user of that name, whatever its case.
    """
    row = session.scalar(select(UserRow).where(UserRow.key == name.strip().casefold()))
    if row is None:
        known = {name.casefold(): name for name in session.scalars(select(UserRow.name))}
        near = difflib.get_close_matches(name.casefold(), known, n=1)
        hint = f"; did you mean {known[near[0]]!r}?" if near else "; see: philo users list"
        raise UnknownUserError(f"there is no user {name!r}{hint}")
    return row


def is_group_name(group: str) -> bool:
    """Printable, without a comma, at most 100 characters."""
    name = group.strip()
    return bool(name) and len(name) <= 100 and name.isprintable() and "," not in name


def group_name(group: str) -> str:
    """
    Raises:
        PeopleError: it cannot be a group's name.
    """
    name = group.strip()
    if not is_group_name(name):
        raise PeopleError(f"{group!r} cannot be a group's name: printable, no comma, at most 100")
    return name
