"""What a call reports is what came of its documents, however slow the machine and odd its clock."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import IngestError
from assistant.knowledge.database import open_database
from assistant.knowledge.jobs import JobQueue, NewJob
from assistant.types import OPERATOR, Attachment, JobKind, JobState, ParsedDocument
from ingestion.progress import Run
from ingestion.watch import Watch

DOCUMENTS = 15


def fill(folder: Path, number: int = DOCUMENTS) -> Path:
    folder.mkdir()
    for index in range(number):
        (folder / f"{index}.md").write_text(f"# Rule {index}\n\nRule {index} of {folder.name}.")
    return folder


def test_documents_that_end_between_two_looks_are_reported(bench: Any, tmp_path: Path) -> None:
    queue, ended = bench.library.jobs, bench.library.jobs.endings

    def look_slowly(run_id: str, **options: Any) -> Any:
        seen = ended(run_id, **options)
        while queue.unfinished(run_id):
            time.sleep(0.01)
        return seen

    queue.endings = look_slowly
    report = bench.ingestor.ingest([str(fill(tmp_path / "rules"))])
    assert report.added == len(bench.uris()) == DOCUMENTS


def test_reports_hold_while_every_step_takes_its_time(bench: Any, tmp_path: Path) -> None:
    """Two calls at once, mails with attachments, files that cannot be read; each access to the
    queue waits for a while before or after."""
    queue, chance = bench.library.jobs, random.Random(4)  # noqa: S311 - to be repeated

    def delayed(step: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            time.sleep(chance.choice((0, 0, 0, 0.02, 0.08)))
            result = step(*arguments, **options)
            time.sleep(chance.choice((0, 0, 0, 0.02, 0.08)))
            return result

        return call

    for name in ("add", "claim", "fail", "finish", "unwanted", "endings", "unfinished_states"):
        setattr(queue, name, delayed(getattr(queue, name)))

    def change(path: Path, parsed: ParsedDocument) -> ParsedDocument:
        time.sleep(chance.choice((0, 0.01)))
        if path.stem != "mail":
            return parsed
        note = Attachment("note.txt", b"Attached to the mail of " + path.parent.name.encode())
        return ParsedDocument(parsed.title, parsed.blocks, attachments=(note,))

    bench.change = change
    reports: dict[str, Any] = {}

    def ingest(folder: Path) -> None:
        reports[folder.name] = bench.ingestor.ingest([str(folder)])

    folders = [fill(tmp_path / "few", 9), fill(tmp_path / "many", 25)]
    for folder in folders:
        (folder / "mail.md").write_text(f"A mail of {folder.name}, with a note.")
        (folder / "empty.pdf").write_bytes(b"no PDF")
    callers = [threading.Thread(target=ingest, args=(folder,)) for folder in folders]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    for folder in folders:
        stored = [uri for uri in bench.uris() if uri.startswith(folder.as_uri())]
        report = reports[folder.name]
        assert (report.added, len(report.failed)) == (len(stored), 1)
        assert len(stored) == len([*folder.iterdir()])  # one failed, one was attached


def test_who_waits_is_told_when_it_is_closed_and_the_rest_comes_in_later(
    bench: Any, tmp_path: Path
) -> None:
    folder, told, begun = fill(tmp_path / "rules"), [], threading.Event()

    def change(_path: Path, parsed: ParsedDocument) -> ParsedDocument:
        begun.set()
        time.sleep(0.2)
        return parsed

    def ingest() -> None:
        with pytest.raises(IngestError, match="Philo was stopped") as caught:
            bench.ingestor.ingest([str(folder)])
        told.append(caught.value)

    bench.change = change
    caller = threading.Thread(target=ingest)
    caller.start()
    begun.wait(20)
    bench.ingestor.close()
    caller.join(20)
    assert len(told) == 1
    bench.ingestor = bench.open_ingestor()
    bench.ingestor.ingest([str(folder)])
    assert len(bench.uris()) == DOCUMENTS


def test_a_file_that_is_deleted_while_it_is_read_is_told_and_leaves_no_dead_job(
    bench: Any, tmp_path: Path
) -> None:
    folder = fill(tmp_path / "rules", 3)

    def change(path: Path, parsed: ParsedDocument) -> ParsedDocument:
        if path.name == "1.md":
            path.unlink()
        return parsed

    bench.change = change
    report = bench.ingestor.ingest([str(folder)])
    assert (report.added, [one.reason for one in report.failed]) == (2, ["it is no longer there"])
    assert bench.library.jobs.counts(OPERATOR).keys() == {JobState.DONE, JobState.CANCELLED}


def test_a_clock_that_is_set_back_hides_no_ending(bench: Any, tmp_path: Path) -> None:
    now = [datetime(2026, 11, 29, 12, tzinfo=UTC)]
    database = open_database(tmp_path / "queue.db")
    queue = bench.library.jobs = JobQueue(database, clock=lambda: now[0])
    first, second = queue.add(
        [
            NewJob(kind=JobKind.ADD, uri=f"file:///{n}.md", collection="default", run_id="run")
            for n in range(2)
        ]
    )
    jobs = {job.id: job for job in queue.claim("worker", limit=2)}
    run = Run(2)
    watch = Watch(bench.library, "run", run)
    queue.finish([(jobs[first], "unchanged")])
    assert not watch.is_over()
    now[0] -= timedelta(minutes=10)
    queue.finish([(jobs[second], "unchanged")])
    assert watch.is_over()
    assert run.report().unchanged == 2
    database.close()


def test_a_lease_that_ends_while_the_machine_sleeps_does_not_do_the_work_twice(
    bench: Any, tmp_path: Path
) -> None:
    asleep = threading.Event()
    queue, claim = bench.library.jobs, bench.library.jobs.claim

    def change(_path: Path, parsed: ParsedDocument) -> ParsedDocument:
        if not asleep.is_set():
            queue._clock = lambda: datetime.now(UTC) + timedelta(minutes=5)
            asleep.set()
            again.wait(5)
        return parsed

    def claim_and_tell(*arguments: Any, **options: Any) -> Any:
        slept = asleep.is_set()
        claimed = claim(*arguments, **options)
        if slept:
            again.set()
        return claimed

    again = threading.Event()
    bench.change, queue.claim = change, claim_and_tell
    report = bench.ingestor.ingest([str(fill(tmp_path / "rules"))])
    assert (report.added, report.updated) == (DOCUMENTS, 0)
    assert bench.embedder.embedded == report.chunks
