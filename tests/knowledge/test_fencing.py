"""A worker that stood still for longer than its lease changes nothing when it wakes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assistant.knowledge.jobs import LEASE_S, Job, NewJob
from assistant.knowledge.library import Attached, Library
from assistant.knowledge.opening import open_library
from assistant.service import choose_vectors
from assistant.storage_settings import StorageSettings
from assistant.types import OPERATOR, JobKind
from tests.knowledge.conftest import DIMENSION, EMBEDDER, Shelf


@pytest.fixture
def claimed(shelf: Any, monkeypatch: pytest.MonkeyPatch) -> Job:
    """By `w`, which then sleeps until its lease is over."""
    queue = shelf.library.jobs
    queue.add([NewJob(JobKind.ADD, "file:///a", "default")])
    [job] = queue.claim("w", limit=1)
    later = datetime.now(UTC) + timedelta(seconds=LEASE_S + 1)
    monkeypatch.setattr(queue, "_clock", lambda: later)
    return job


def version_of(shelf: Any, text: str, job: Job) -> Any:
    return shelf.publication("file:///a", text, job_id=job.id, worker=job.worker)


def test_it_does_not_overwrite_what_another_has_published(shelf: Any, claimed: Job) -> None:
    queue, library = shelf.library.jobs, shelf.library
    [taken] = queue.claim("x", limit=1)
    assert library.publish_all([version_of(shelf, "stale", claimed)]) == ["cancelled"]
    assert queue.job(claimed.id, OPERATOR).state == "running"  # x's, still
    assert library.publish_all([version_of(shelf, "fresh", taken)]) == ["added"]
    assert library.publish_all([version_of(shelf, "stale", claimed)]) == ["cancelled"]
    assert queue.job(claimed.id, OPERATOR).outcome == "added"
    assert shelf.near("stale") == ["fresh"]
    library.reconcile()
    assert shelf.is_in_step()


def test_it_does_not_bring_back_what_was_removed(shelf: Any, claimed: Job) -> None:
    queue, library = shelf.library.jobs, shelf.library
    [taken] = queue.claim("x", limit=1)
    library.publish_all([version_of(shelf, "text", taken)])
    library.retire(shelf.id_of("file:///a"))
    assert library.publish_all([version_of(shelf, "text", claimed)]) == ["cancelled"]
    assert library.documents(OPERATOR) == []


def test_a_job_that_is_forgotten_counts_as_taken_over(shelf: Any, claimed: Job) -> None:
    gone = replace(claimed, id="f" * 32)
    assert shelf.library.publish_all([version_of(shelf, "text", gone)]) == ["cancelled"]
    assert shelf.near("text") == []


def test_what_is_removed_while_it_is_written_is_not_shown(
    shelf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an erasure in a process whose turn was taken for dead, say."""

    def remove(step: str) -> None:
        if step == "lexicon written":
            with shelf.database.writing() as session:
                session.connection().exec_driver_sql(
                    "UPDATE documents SET published_version_id = NULL"
                )
                for table in ("chunks", "versions", "document_groups", "documents"):
                    session.connection().exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608

    monkeypatch.setattr(shelf.library, "failpoint", remove)
    assert shelf.library.publish_all([shelf.publication("file:///a", "text")]) == ["cancelled"]
    assert shelf.near("text") == []


def test_a_start_takes_no_work_from_other_processes(
    postgres_storage: StorageSettings, tmp_path: Path
) -> None:
    storage = postgres_storage.model_copy(update={"vectors": "pgvector"})

    def start() -> Library:
        return open_library(
            tmp_path,
            embedder_id=EMBEDDER,
            dimension=DIMENSION,
            home=choose_vectors(tmp_path, storage),
            storage=storage,
        )

    with closing(start()) as first:
        [job_id] = first.jobs.add([NewJob(JobKind.ADD, "file:///a", "default")])
        [job] = first.jobs.claim("w", limit=1)
        with closing(start()):
            assert first.jobs.unwanted([job]) == set()
        assert first.jobs.job(job_id, OPERATOR).state == "running"


def test_a_publication_by_a_wrong_clock_is_written_down_by_the_common_one(
    postgres_storage: StorageSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else what is attached waits until that moment, and others take it for left behind."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + timedelta(minutes=30)

    shelf = Shelf(tmp_path, in_memory=True, storage=postgres_storage)
    with closing(shelf.library):
        for module in ("publishing", "job_records"):
            name = f"assistant.knowledge.{module}.datetime"
            monkeypatch.setattr(name, Ahead, raising=False)
        attached = Attached(NewJob(JobKind.ADD, "file:///a#b", "default", name="b.txt"), b"text")
        shelf.library.publish_all(
            [replace(shelf.publication("file:///a", "text"), attached=(attached,))]
        )
        assert [job.uri for job in shelf.library.jobs.claim("w", limit=1)] == ["file:///a#b"]
        document = shelf.library.document(shelf.id_of("file:///a"), OPERATOR)
        for moment in (document.staged_at, document.published_at):
            assert datetime.fromisoformat(moment) < datetime.now(UTC) + timedelta(minutes=1)
