"""The bytes of uploads: there before they are acknowledged, gone with their document."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import StorageFullError
from assistant.knowledge.jobs import NewJob
from assistant.types import OPERATOR, JobKind


def accept(shelf: Any, path: Path, name: str = "a") -> str:
    job_id: str = shelf.library.accept(
        path, lambda sha256: NewJob(JobKind.ADD, f"upload://{name}", "default", original=sha256)
    )
    return job_id


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(b"some bytes")
    return path


def test_a_kept_file_is_found_by_its_content(shelf: Any, file: Path) -> None:
    accept(shelf, file)
    [job] = shelf.library.jobs.claim("w", limit=1)
    assert shelf.library.originals.path(job.original).read_bytes() == b"some bytes"
    assert shelf.library.originals.names() == [job.original]


def test_it_stays_while_a_job_or_a_version_needs_it(shelf: Any, file: Path) -> None:
    job_id = accept(shelf, file)
    assert shelf.library.reconcile().originals_removed == 0
    [job] = shelf.library.jobs.claim("w", limit=1)
    document = shelf.put("upload://a", "texte", original=job.original, job_id=job_id)
    assert shelf.library.jobs.job(job_id, OPERATOR).outcome == "added"
    assert shelf.library.reconcile().originals_removed == 0
    assert shelf.library.originals.names() == [job.original]
    shelf.library.retire(document)
    assert shelf.library.originals.names() == []


def test_two_documents_share_one_file(shelf: Any, file: Path) -> None:
    for name in ("a", "b"):
        job_id = accept(shelf, file, name)
        [job] = shelf.library.jobs.claim("w", limit=1)
        shelf.put(f"upload://{name}", "texte", original=job.original, job_id=job_id)
    shelf.library.retire(shelf.id_of("upload://a"))
    assert len(shelf.library.originals.names()) == 1
    shelf.library.retire(shelf.id_of("upload://b"))
    assert shelf.library.originals.names() == []


def test_what_is_deleted_does_not_come_back_with_a_job_from_before(shelf: Any, file: Path) -> None:
    document = shelf.put("upload://a", "texte")
    accept(shelf, file)
    [job] = shelf.library.jobs.claim("w", limit=1)
    waiting = accept(shelf, file)
    shelf.library.retire(document)
    assert shelf.library.jobs.job(waiting, OPERATOR).state == "cancelled"
    publication = shelf.publication("upload://a", "texte", original=job.original, job_id=job.id)
    assert shelf.library.publish_all([publication]) == ["cancelled"]
    assert shelf.near("texte") == []
    assert shelf.library.jobs.job(job.id, OPERATOR).state == "cancelled"
    shelf.library.reconcile()
    assert shelf.is_in_step()
    assert shelf.library.originals.names() == []
    accept(shelf, file)
    [again] = shelf.library.jobs.claim("w", limit=1)
    shelf.put("upload://a", "texte", original=again.original, job_id=again.id)
    assert shelf.near("texte") == ["texte"]


def test_halves_and_orphans_are_gone_after_a_start(shelf: Any, file: Path) -> None:
    accept(shelf, file)
    folder = shelf.library.originals.folder
    (folder / ".tmp-half").write_bytes(b"so")
    (folder / ("0" * 64)).write_bytes(b"orphan")
    assert shelf.library.reconcile().originals_removed == 2
    assert len(shelf.library.originals.names()) == 1


def test_a_full_disk_keeps_nothing_and_queues_nothing(
    shelf: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFullError, match="free some"):
        accept(shelf, file)
    monkeypatch.undo()
    assert shelf.library.originals.names() == []
    assert shelf.library.jobs.jobs(OPERATOR) == ([], 0)


def test_bytes_of_ended_jobs_go_when_the_jobs_are_forgotten(shelf: Any, file: Path) -> None:
    job_id = accept(shelf, file)
    shelf.library.jobs.claim("w", limit=1)
    shelf.library.jobs.fail(job_id, "damaged", worker="w", may_pass=False)
    assert shelf.library.reconcile().originals_removed == 0  # it may be tried again
    shelf.library.prune_jobs(keep_days=0.0)
    assert shelf.library.originals.names() == []
