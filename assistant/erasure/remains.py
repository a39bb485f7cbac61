"""What an erasure leaves, and why: said on every receipt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from sqlalchemy import func, select

from assistant.erasure.planning import Plan
from assistant.erasure.traces import Traces
from assistant.erasure.types import Stays
from assistant.knowledge.library import Library
from assistant.knowledge.tables import AuditRow, DocumentRow


def what_stays(library: Library, plan: Plan, traces: Traces) -> list[Stays]:
    return [
        *_in_the_audit(library, plan, traces),
        *_shared(library, plan, traces),
        *_outside(library, traces),
    ]


def _in_the_audit(library: Library, plan: Plan, traces: Traces) -> Iterator[Stays]:
    with library.database.reading() as session:
        count = sum(
            session.scalar(
                select(func.count())
                .select_from(AuditRow)
                .where(AuditRow.details.contains(one, autoescape=True))
            )
            or 0
            for one in plan.documents
        )
    if count:
        yield Stays(
            what="audit rows that name its id",
            why="who asked, when and under which permission has to stay provable; they hold ids "
            "and hashes, no text",
            count=count,
        )
    if traces.names:
        yield Stays(
            what="audit rows of the person",
            why="the chain has to stay whole; they hold a pseudonym that leads to nobody, and "
            "hashes",
        )


def _shared(library: Library, plan: Plan, traces: Traces) -> Iterator[Stays]:
    if shared := plan.counts.get("texts shared with other documents", 0):
        yield Stays(
            what="texts that other documents have as well",
            why="those documents were not to be erased",
            count=shared,
        )
    kept = [one for one in plan.originals if library.originals.path(one).exists()]
    if kept:
        yield Stays(
            what="kept files",
            why="another document has the same bytes",
            count=len(kept),
        )
    with library.database.reading() as session:
        for name in traces.names:
            theirs = DocumentRow.uri.contains(f"/~{quote(name, safe='')}/", autoescape=True)
            uploads = session.scalar(select(func.count()).select_from(DocumentRow).where(theirs))
            if uploads:
                yield Stays(
                    what="documents that the person brought in, with the name in their address",
                    why="they are the organisation's; erase them with --document",
                    count=uploads,
                )


def _outside(library: Library, traces: Traces) -> Iterator[Stays]:
    for uri in traces.addresses:
        parts = urlsplit(uri)
        if parts.scheme == "file" and Path(unquote(parts.path)).exists():
            yield Stays(
                what="the file that a document was read from",
                why="it lies outside of Philo; delete it, or the next ingestion of its folder "
                "brings it in again",
            )
    exports = library.exports.paths("audit log", "personal data")
    if exports:
        yield Stays(
            what="exported files that may hold it: " + ", ".join(exports),
            why="they were taken out of Philo on purpose",
            count=len(exports),
        )
    backups = [path for path in library.exports.paths("backup") if Path(path).exists()]
    if backups:
        yield Stays(
            what="backups that may hold it: " + ", ".join(backups),
            why="they are one encrypted file each; philo restore erases it again from what it "
            "restores, when it is given this receipt",
            count=len(backups),
        )
    noted = library.exports.paths("former store")
    if former := [one for one in noted if not Path(one).is_absolute() or Path(one).exists()]:
        yield Stays(
            what="stores that Philo was moved from, which may hold it: " + ", ".join(former),
            why="philo migrate leaves them as they were; drop those that are still there and that "
            "[storage] does not name. Whether a server's were dropped cannot be seen from here: "
            "they stay named until philo migrate --dropped STORE says so",
            count=len(former),
        )
    yield Stays(
        what="copies of backups, and blocks that the file system has freed but not overwritten",
        why="they are out of Philo's reach",
    )
    if library.database.engine.name == "postgresql":
        yield Stays(
            what="PostgreSQL's write-ahead log, its archives and replicas",
            why="the tables were written anew without it; the server recycles its log by its own "
            "settings, and only its administrator reaches archives",
        )
    yield Stays(
        what="beginnings of texts in the memory of a running model",
        why="they are overwritten as it answers, and gone when Philo is restarted",
    )
