"""What the database says: whether it is whole, and whether work on it goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.audit.log import Audit
from assistant.checks.types import Check
from assistant.errors import PhiloError
from assistant.knowledge.database import Database, open_as_it_is
from assistant.knowledge.indexes import DATABASE
from assistant.knowledge.job_records import WAITING
from assistant.knowledge.schema import (
    known_revisions,
    may_work_beside,
    newest_revision,
    revision_of,
)
from assistant.knowledge.tables import AuditRow, ErasureRow, JobRow
from assistant.settings import Settings
from assistant.types import JobState

DUE_S = 3600.0
"""A job that has been due for longer waits for a worker that does not come."""
LEASE_GRACE_S = 120.0


DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def check_database(path: Path) -> Check:
    """A restore is advised only where the file itself is damaged, and never over it."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            verdict = str(connection.execute("PRAGMA quick_check").fetchone()[0])
            lost = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as exc:
        if getattr(exc, "sqlite_errorcode", 0) & 0xFF not in DAMAGED:
            advice = "look at its disk, and at who may read and write it and its directory"
            return Check("database", False, f"{path} cannot be opened ({exc})", advice)
        verdict, lost = str(exc), None
    if verdict != "ok":
        advice = "restore a backup into an empty directory: philo restore FILE --data DIRECTORY"
        return Check("database", False, verdict, advice)
    if lost is not None:
        finding = f"a row of {lost[0]} refers to a row of {lost[2]} that is not there"
        advice = "another program has changed it: find out which, and keep a copy of the file"
        return Check("database", False, finding, advice)
    return Check("database", True, verdict)


@contextmanager
def opened_as_it_is(settings: Settings) -> Iterator[Database]:
    """The database, in which nothing is changed or brought up to date.

    Raises:
        StoreUnavailableError: its server is away.
    """
    with closing(open_as_it_is(settings.data / DATABASE, settings.storage)) as database:
        yield database


def check_schema(database: Database) -> Check | None:
    """None where its tables are of this Philo: only then can more be looked at."""
    revision = revision_of(database)
    if revision == newest_revision():
        return None
    if not revision:
        advice = "the next start makes its tables"
        return Check("database", True, f"{database.label} holds nothing of Philo yet", advice)
    finding = f"{database.label} has schema {revision}, this Philo works with {newest_revision()}"
    if revision in known_revisions():
        advice = "the next start brings it up to date: make a backup before"
        return Check("database", True, finding, advice)
    if may_work_beside(database):
        advice = "a newer Philo says that this one may work beside it; update it soon"
        return Check("database", True, finding, advice)
    advice = (
        "a newer Philo wrote it: update Philo, or run with the newer: "
        f"philo migrate --down {newest_revision()}"
    )
    return Check("database", False, finding, advice)


def newest_time(session: Session) -> datetime | None:
    """Of what was written down last."""
    at = session.scalar(select(AuditRow.at).order_by(AuditRow.number.desc()).limit(1))
    job = session.scalar(select(func.max(JobRow.created_at)))
    times = [datetime.fromisoformat(at)] if at else []
    return max([*times, *([job] if job else [])], default=None)


def check_audit(database: Database) -> Check:
    try:
        found = Audit(database, database.directory).verify()
    except PhiloError as exc:
        return Check("audit log", False, str(exc))
    if found.ok:
        return Check("audit log", True, f"{found.entries} entries, none changed")
    return Check(
        "audit log",
        False,
        found.problem,
        "find out who changed it; compare with an export (philo audit export), or restore a backup "
        "of before into another directory",
    )


def check_erasures(session: Session) -> Check:
    rows = session.execute(select(ErasureRow.id, ErasureRow.step).where(ErasureRow.step != "done"))
    open_ones = [f"{row.id} ({row.step})" for row in rows]
    if open_ones:
        finding = f"not finished: {', '.join(open_ones)}"
        return Check(
            "erasures", False, finding, "start Philo: it goes on, and its log says why not"
        )
    return Check("erasures", True, "none is unfinished")


def check_jobs(session: Session, *, now: datetime, served: bool) -> Iterator[Check]:
    """
    Args:
        now: see `Database.now`.
        served: a service runs, so somebody should be at work.
    """
    left = select(JobRow.worker, func.count()).group_by(JobRow.worker)
    left = left.where(
        JobRow.state == JobState.RUNNING,
        JobRow.lease_until < now - timedelta(seconds=LEASE_GRACE_S),
    )
    if gone := session.execute(left).all():
        names = ", ".join(f"{count} by {worker}" for worker, count in gone)
        finding = f"held by workers that do not answer: {names}"
        advice = "they are taken up again by the next start: restart Philo"
        yield Check("jobs", not served, finding, advice)
        return
    due = select(func.count()).where(
        JobRow.state.in_(WAITING), JobRow.not_before < now - timedelta(seconds=DUE_S)
    )
    if served and (waiting := session.scalar(due)):
        finding = f"{waiting} have been due for more than an hour, and nobody works on them"
        advice = "restart Philo; its log says what its workers do (philo jobs list)"
        yield Check("jobs", False, finding, advice)
        return
    dead = session.scalar(select(func.count()).where(JobRow.state == JobState.DEAD)) or 0
    advice = "see why: philo jobs list --state dead; then philo jobs retry ID" if dead else ""
    yield Check("jobs", True, f"none is stuck, {dead} gave up" if dead else "none is stuck", advice)
