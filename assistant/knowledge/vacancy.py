"""Whether a database may take in the rows of an installation."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import exists, inspect, literal, select

from assistant.errors import PhiloError
from assistant.knowledge.database import Database
from assistant.knowledge.rows import tables

OF_NOBODY = frozenset({"collections", "indexes", "changes"})
"""Tables that have rows as soon as Philo works on them, and nothing that would be missed."""


def require_vacant(
    target: Database, replace_database: str, *, setting: str, error: type[PhiloError]
) -> None:
    """
    Args:
        replace_database: the name of the database, as a confirmation that what is in it makes
            room; empty: nothing may be in it.
        setting: where it is named, for the message.
        error: what the command that asks fails with.
    Raises:
        PhiloError: it has another name, or something is recorded in it; of the type `error`.
    """
    name = _name(target)
    if replace_database not in ("", name):
        raise error(
            f"the settings name {target.label}, and not {replace_database!r}; name the right one "
            f"in {setting}, or repeat its name with --replace-database"
        )
    if not replace_database and holds_any(target):
        raise error(
            f"{target.label} holds an installation already; name an empty database in {setting}. "
            f"To throw away what is in this one: --replace-database {name}"
        )


def _name(target: Database) -> str:
    named = target.engine.url.database or ""
    return Path(named).name if target.engine.dialect.name == "sqlite" else named


def holds_any(database: Database) -> bool:
    """Whether anything is recorded in it, if only an audit log or a legal hold; of whatever version
    its tables are."""
    with database.reading() as session:
        there = set(inspect(session.connection()).get_table_names()) - OF_NOBODY
        return any(
            session.scalar(select(exists(select(literal(1)).select_from(one))))
            for one in tables()
            if one.name in there
        )
