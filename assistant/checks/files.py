"""The files of a data directory: who may read them, which are missing, how much room is left."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from assistant.audit.chain import KEY_FILE as AUDIT_KEY
from assistant.checks.types import Check
from assistant.knowledge.indexes import DATABASE
from assistant.knowledge.job_records import keeps_original
from assistant.knowledge.tables import (
    AuditCheckpointRow,
    AuditRow,
    DocumentRow,
    ErasureRow,
    JobRow,
    PseudonymRow,
    VersionRow,
)
from assistant.safety.personal.pseudonyms import KEY_FILE as PSEUDONYM_KEY
from assistant.settings import Settings
from assistant.signing import KEY_FILE as SIGNING_KEY

LEAST_FREE_BYTES = 2**30
LEAST_FREE_FILES = 10_000
HASH_S = 20.0
NAMED = 3
"""How many of many are named."""
GROUP_AND_OTHERS, OTHERS = 0o077, 0o007


def check_space(settings: Settings) -> Check:
    place = next(path for path in (settings.data, *settings.data.parents) if path.exists())
    free = shutil.disk_usage(place).free
    finding = f"{free / 2**30:.1f} GiB free"
    if free < LEAST_FREE_BYTES:
        return Check("disk", False, finding, f"free at least {LEAST_FREE_BYTES >> 30} GiB")
    if hasattr(os, "statvfs"):
        state = os.statvfs(place)
        if state.f_files and state.f_favail < LEAST_FREE_FILES:
            finding += f", but room for {state.f_favail} files only"
            return Check("disk", False, finding, "delete small files, or move to another disk")
    database = settings.data / DATABASE
    size = database.stat().st_size if database.exists() else 0
    if free < 2 * size:
        advice = f"an erasure and a backup need {size / 2**30:.1f} GiB for a while"
        return Check("disk", True, finding, advice)
    return Check("disk", True, finding)


def check_rights(settings: Settings) -> Check:
    """Others of this machine may read neither keys nor, through the directory, anything else."""
    data = settings.data
    paths = [data / name for name in (AUDIT_KEY, SIGNING_KEY, PSEUDONYM_KEY)]
    if settings.access.secret_key_file is not None:
        paths.append(settings.access.secret_key_file.expanduser())
    open_to_others = [path for path in paths if path.exists() and _open(path, path.parent)]
    unreadable = [path for path in paths if path.exists() and not os.access(path, os.R_OK)]
    if unreadable:
        names = " ".join(map(str, unreadable))
        return Check("keys' rights", False, f"{names}: Philo may not read it", f"chown it: {names}")
    if open_to_others and os.name == "posix":
        names = " ".join(map(str, open_to_others))
        wide = any(_open(path, path.parent) & ~OTHERS for path in open_to_others)
        mode = "600" if wide else "o-rwx"
        finding = f"others may read {names}"
        return Check("keys' rights", False, finding, f"run: chmod {mode} {names}")
    if os.name == "posix" and data.exists() and (bits := _open(data, data)):
        finding = f"others may look into {data}"
        advice = f"run: chmod {'700' if bits & ~OTHERS else 'o-rwx'} {data}"
        return Check("keys' rights", False, finding, advice)
    return Check("keys' rights", True, "for their owner alone")


def _open(path: Path, directory: Path) -> int:
    """Bits by which others than Philo get at `path`. In a directory that belongs to somebody
    else, as a volume in a cluster does, it is the group that lets Philo in."""
    ours = os.name != "posix" or directory.stat().st_uid == os.geteuid()
    return path.stat().st_mode & (GROUP_AND_OTHERS if ours else OTHERS)


def check_keys(settings: Settings, session: Session) -> Iterator[Check]:
    """Keys that something in the database was made with, and that are gone."""
    wanted = (
        (AUDIT_KEY, select(exists().where(AuditRow.number > 0)), "the audit log"),
        (SIGNING_KEY, select(exists().where(AuditCheckpointRow.number > 0)), "its checkpoints"),
        (SIGNING_KEY, select(exists().where(ErasureRow.receipt.is_not(None))), "receipts"),
        (PSEUDONYM_KEY, select(exists().where(PseudonymRow.digest != "")), "pseudonyms"),
    )
    for name, query, of in wanted:
        path = settings.data / name
        if session.scalar(query) and not path.exists():
            advice = f"put {name} back from a backup; philo restore brings it along"
            yield Check("keys", False, f"{path}, the key of {of}, is missing", advice)
            return
    yield Check("keys", True, "all that are needed are there")


def check_originals(settings: Settings, session: Session) -> Check:
    """Kept files against what refers to them: missing, or not what their names say. Hashed for at
    most 20 seconds, in an order of chance."""
    named: dict[str, str] = {}
    of_jobs = select(JobRow.original, JobRow.uri).where(keeps_original())
    of_versions = (
        select(VersionRow.original, DocumentRow.uri)
        .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
        .where(VersionRow.original.is_not(None))
    )
    for query in (of_jobs, of_versions):
        named |= {str(name): uri for name, uri in session.execute(query)}
    folder = settings.data / "originals"
    missing = [name for name in named if not (folder / name).is_file()]
    if missing:
        return _lost([named[name] for name in missing], "is gone")
    until = time.monotonic() + HASH_S
    hashed = 0
    for name in sorted(named):  # hashes: as good as by chance
        if time.monotonic() > until:
            break
        if _sha256(folder / name) != name:
            return _lost([named[name]], "is damaged")
        hashed += 1
    finding = f"{len(named)} there" + (f", {hashed} of them hashed" if named else "")
    return Check("kept files", True, finding)


def _lost(uris: list[str], how: str) -> Check:
    more = f" and {len(uris) - NAMED} more" if len(uris) > NAMED else ""
    finding = f"the kept file of {', '.join(sorted(uris)[:NAMED])}{more} {how}"
    return Check(
        "kept files",
        False,
        finding,
        "its text is still found; bring the file in again (philo ingest FILE, or upload it), or "
        "delete the document",
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
