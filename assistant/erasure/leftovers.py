"""What lies in files outside of the knowledge itself, and can be made again or is of no use."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import delete, func, or_, select, update

from assistant.audit import HoldKind
from assistant.data_directory import own_directory
from assistant.erasure.residue import temporary_folders
from assistant.erasure.scanning import count_matches, files_under
from assistant.erasure.traces import Traces
from assistant.errors import DataDirectoryBusyError, ErasureError
from assistant.knowledge.bulk import in_batches
from assistant.knowledge.database import Database
from assistant.knowledge.tables import HoldRow, JobRow, SourceRow

EVALUATIONS = "evaluation"
"""Folder of the indexed collections of question sets, as in `evaluation.collection`."""


def remove_evaluations(directory: Path, traces: Traces) -> int:
    """Delete the indexed collections that hold a trace: the next run makes them again.

    Raises:
        ErasureError: an evaluation is working on one of them.
    """
    root = directory / EVALUATIONS
    removed = 0
    for folder in [one for one in root.iterdir() if one.is_dir()] if root.is_dir() else ():
        if not _holds(folder, traces):
            continue
        try:
            lock = own_directory(folder)
        except DataDirectoryBusyError as exc:
            raise ErasureError(
                f"an evaluation works on {folder}, which holds what is to be erased; the erasure "
                "goes on at the next start, or when it is asked for again"
            ) from exc
        try:
            shutil.rmtree(folder)
        finally:
            lock.release()
        removed += 1
    return removed


def remove_temporary(traces: Traces) -> int:
    """Delete folders of killed processes that hold a trace."""
    holding = [folder for folder in temporary_folders() if _holds(folder, traces)]
    for folder in holding:
        shutil.rmtree(folder, ignore_errors=True)
    return len(holding)


def remove_jobs(database: Database, documents: tuple[str, ...], traces: Traces) -> int:
    """The records of how documents came in; what a source said of them as well."""
    removed = 0
    with database.writing() as session:
        for ids in in_batches(documents):
            about = or_(JobRow.document_id.in_(ids), JobRow.parent_id.in_(ids))
            gone = delete(JobRow).where(about).returning(JobRow.id)
            removed += len(session.scalars(gone).all())
        for uri in traces.addresses:
            gone = delete(JobRow).where(JobRow.uri == uri).returning(JobRow.id)
            removed += len(session.scalars(gone).all())
        for row in session.execute(select(SourceRow.id, SourceRow.error)):
            if row.error and traces.holds_phrase(row.error):
                session.execute(
                    update(SourceRow).where(SourceRow.id == row.id).values(error="(erased)")
                )
    return removed


def forget_held_name(database: Database, name: str) -> None:
    """In holds that were released: those in force would have stopped the erasure."""
    theirs = func.lower(HoldRow.subject) == name.lower()
    with database.writing() as session:
        session.execute(
            update(HoldRow)
            .where(theirs, HoldRow.kind == HoldKind.USER, HoldRow.released_at.is_not(None))
            .values(subject="(erased)", reason="(erased)")
        )


def _holds(folder: Path, traces: Traces) -> bool:
    needles = traces.needles()
    return any(count_matches(path, needles) for path in files_under([folder]))
