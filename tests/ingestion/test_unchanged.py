"""A second run over a folder that has not changed reads no file and takes no time."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any

import pytest


def fill(folder: Path, files: int) -> None:
    """Small files, last changed a day ago."""
    folder.mkdir()
    day_ago = time.time() - 86_400
    for number in range(files):
        path = folder / f"{number:05d}.md"
        path.write_text(f"# Note {number}\n\nNote number {number} is about bicycle {number}.")
        os.utime(path, (day_ago, day_ago))


def count_hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    hashed: list[str] = []
    digest = hashlib.file_digest

    def counted(stream: Any, name: str) -> Any:
        hashed.append(stream.name)
        return digest(stream, name)

    monkeypatch.setattr(hashlib, "file_digest", counted)
    return hashed


def test_an_unchanged_folder_is_not_read(
    bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "notes", 300)
    assert bench.ingestor.ingest([str(tmp_path / "notes")]).added == 300
    hashed = count_hashes(monkeypatch)
    report = bench.ingestor.ingest([str(tmp_path / "notes")])
    assert (report.unchanged, report.added) == (300, 0)
    assert hashed == []


def test_a_file_whose_time_changed_is_read_and_one_that_was_replaced_in_secret_too(
    bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "notes"
    fill(folder, 3)
    bench.ingestor.ingest([str(folder)])
    touched, replaced, _ = sorted(folder.iterdir())
    os.utime(touched, (time.time() - 3600, time.time() - 3600))
    before = replaced.stat()
    other = folder / ".other"
    other.write_bytes(replaced.read_bytes().replace(b"bicycle", b"tricycl"))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(replaced)  # the same size and time, another file
    hashed = count_hashes(monkeypatch)
    report = bench.ingestor.ingest([str(folder)])
    assert (report.unchanged, report.updated) == (2, 1)
    assert {Path(name).name for name in hashed} == {touched.name, replaced.name}
    hashed.clear()
    assert bench.ingestor.ingest([str(folder)]).unchanged == 3
    assert hashed == []


def test_a_file_that_was_just_written_is_read_again(
    bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system that counts in seconds would not tell a second change at once."""
    (tmp_path / "notes").mkdir()
    path = tmp_path / "notes" / "a.md"
    path.write_text("# A\n\nFirst.")
    now = path.stat().st_mtime_ns
    bench.ingestor.ingest([str(tmp_path / "notes")])
    path.write_text("# A\n\nOther.")
    os.utime(path, ns=(now, now))
    assert bench.ingestor.ingest([str(tmp_path / "notes")]).updated == 1


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_ten_thousand_unchanged_files_take_less_than_ten_seconds(
    bench: Any, tmp_path: Path
) -> None:
    fill(tmp_path / "notes", 10_000)
    assert bench.ingestor.ingest([str(tmp_path / "notes")]).added == 10_000
    report = bench.ingestor.ingest([str(tmp_path / "notes")])
    assert report.unchanged == 10_000
    assert report.seconds < 10
