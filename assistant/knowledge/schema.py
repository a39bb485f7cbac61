"""Of which revision the tables are: brought up to date, taken back, shared with another Philo.

A revision states the oldest one whose processes may work beside it (`oldest_beside` of its file):
so while machines are updated one after the other, older and newer processes share a database. Only
a revision that adds may state an older one than itself: tables, columns that may be left out,
indexes. What it adds and holds content hangs by a foreign key on what it belongs to, so that
older processes delete it too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, text

from assistant.errors import DataDirectoryBusyError, DataDirectoryError, MigrationError

if TYPE_CHECKING:
    from assistant.knowledge.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"

STATED_SINCE = "0031"
"""The first revision that is asked which processes may work beside it."""
LOWEST = "0017"
"""What can be taken back leads no further: what was before is of no release."""


def newest_revision() -> str:
    """Of the tables that this Philo works with."""
    return known_revisions()[-1]


def known_revisions() -> list[str]:
    """Oldest first."""
    return sorted(step.stem[1:5] for step in MIGRATIONS.glob("versions/v[0-9]*.py"))


def revision_of(database: Database) -> str:
    """Of its tables; "" where no Philo has made any."""
    with database.reading() as session:
        return _read_state(session.connection())[0]


def may_work_beside(database: Database) -> bool:
    """Whether its tables are of a newer Philo which says that this one may use them too."""
    with database.reading() as session:
        return _is_beside(*_read_state(session.connection()))


def require_whole(database: Database) -> None:
    """For what has to see all that there is.

    Raises:
        DataDirectoryError: a newer Philo has made tables that this one does not know.
    """
    revision, newest = revision_of(database), newest_revision()
    if revision > newest:
        raise DataDirectoryError(
            f"{database.label} has schema {revision}, and this Philo knows up to {newest}: a part "
            "of what is in it would be left out. Use the newer Philo for it"
        )


def bring_up(database: Database, revision: str | None = None) -> None:
    """Bring the tables up to date, or to an earlier revision; they are made where there are none.

    Raises:
        DataDirectoryError: they are of a newer Philo beside which this one may not work, or older
            processes are at work that may not beside the tables as they would be.
    """
    with database.writing() as session:
        bring_up_within(database, session.connection(), revision)


def bring_up_within(
    database: Database, connection: Connection, revision: str | None = None
) -> None:
    """The same within a transaction that writes: undone with it."""
    known = known_revisions()
    wanted = revision or known[-1]
    present, oldest = _read_state(connection)
    if present == wanted or _is_beside(present, oldest):
        return
    if present and present not in known:
        raise DataDirectoryError(
            f"{database.label} has schema {present}, this Philo knows up to {known[-1]}: "
            "it was written by a newer Philo; update Philo, or use another data directory. "
            f"To go back to this one, run with the newer: philo migrate --down {known[-1]}"
        )
    script = _Script(connection)
    if present:
        _require_none_older(database, script.oldest_beside(wanted), wanted)
    script.run("upgrade", wanted)


def list_undone(database: Database, revision: str) -> list[tuple[str, str]]:
    """What `take_down` would undo, newest first: (revision, what it is for).

    Raises:
        MigrationError: as there.
    """
    known, present = known_revisions(), revision_of(database)
    if present not in known:
        raise MigrationError(
            f"{database.label} has schema {present or 'none'}, this Philo knows up to {known[-1]}; "
            "use the Philo that works on it"
        )
    if revision not in known or revision >= present:
        below = ", ".join(one for one in known if LOWEST <= one < present)
        raise MigrationError(
            f"{revision!r} is no revision before {present}; name the newest one that the older "
            f"Philo knows, of: {below or 'none'}"
        )
    if revision < LOWEST:
        raise MigrationError(
            f"tables cannot be taken back before {LOWEST}: those revisions are of before any "
            "release, and undo nothing; restore a backup of that time into an empty directory"
        )
    with database.reading() as session:
        script = _Script(session.connection())
    return [(one, script.purpose(one)) for one in reversed(known) if revision < one <= present]


def take_down(database: Database, revision: str) -> None:
    """Take the tables back to an earlier revision; what the later ones hold in tables and columns
    of their own is lost. All of it or nothing. Nobody else may be at work.

    Raises:
        MigrationError: there is no way to that revision.
        DataDirectoryBusyError: somebody else is at work; nothing was changed.
        KnowledgeError: a value does not fit into the earlier tables.
    """
    list_undone(database, revision)
    with database.writing() as session:
        if database.others():  # who began since this process had it to itself
            raise DataDirectoryBusyError(
                f"a process of Philo has begun to work on {database.label}; nothing was changed. "
                "End it, and run the command again"
            )
        _Script(session.connection()).run("downgrade", revision)


def _read_state(connection: Connection) -> tuple[str, str]:
    """(revision, the oldest one whose processes may work beside it), "" where none is noted."""
    look = inspect(connection)
    if not look.has_table("alembic_version"):
        return "", ""
    oldest = "NULL"
    if any(one["name"] == "oldest" for one in look.get_columns("alembic_version")):
        oldest = "oldest"
    row = connection.execute(text(f"SELECT version_num, {oldest} FROM alembic_version")).first()  # noqa: S608
    return ("", "") if row is None else (row[0], row[1] or "")


def _is_beside(present: str, oldest: str) -> bool:
    newest = newest_revision()
    return present > newest and bool(oldest) and oldest <= newest


def _require_none_older(database: Database, oldest: str, wanted: str) -> None:
    if older := sorted(one for one in database.others() if one < oldest):
        raise DataDirectoryError(
            f"{len(older)} connections of an older Philo "
            f"(schema {older[0] or f'before {STATED_SINCE}'}) work on {database.label}, and cannot "
            f"with schema {wanted}; end those processes, and start this one again"
        )


class _Script:
    """The migrations, run on a connection by Alembic."""

    def __init__(self, connection: Connection) -> None:
        from alembic.config import Config  # here: it takes half a second that few starts need
        from alembic.script import ScriptDirectory

        self._connection = connection
        self._config = Config(attributes={"connection": connection})
        self._config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        self._directory = ScriptDirectory.from_config(self._config)

    def run(self, way: str, revision: str) -> None:
        from alembic import command

        {"upgrade": command.upgrade, "downgrade": command.downgrade}[way](self._config, revision)
        if revision >= STATED_SINCE:
            self._connection.execute(
                text("UPDATE alembic_version SET oldest = :oldest"),
                {"oldest": self.oldest_beside(revision)},
            )

    def oldest_beside(self, revision: str) -> str:
        """As the revisions on the way to it state; one that states nothing means itself."""
        way = [one for one in known_revisions() if STATED_SINCE <= one <= revision]
        return max((getattr(self._module(one), "oldest_beside", one) for one in way), default="")

    def purpose(self, revision: str) -> str:
        return (self._module(revision).__doc__ or "").strip()

    def _module(self, revision: str) -> Any:
        found = self._directory.get_revision(revision)
        assert found is not None  # noqa: S101 - its file is there
        return found.module
