"""The queue: what was asked for is done once, again where it may help, and never forgotten."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from assistant.errors import JobNotFoundError
from assistant.knowledge.database import Database, open_database
from assistant.knowledge.jobs import (
    LEASE_S,
    LEFTOVER_PRIORITY,
    MOST_ATTEMPTS,
    UPLOAD_PRIORITY,
    Job,
    JobQueue,
    NewJob,
)
from assistant.storage_settings import StorageSettings
from assistant.types import OPERATOR, JobKind, JobState, Readable


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path, storage: StorageSettings) -> Iterator[Database]:
    opened = open_database(tmp_path / "philo.db", storage)
    yield opened
    opened.close()


@pytest.fixture
def queue(database: Database, clock: Clock) -> JobQueue:
    chance = random.Random(7)  # noqa: S311 - to be repeated
    return JobQueue(database, clock=clock, chance=chance)


def held(job_id: str, worker: str = "w") -> Job:
    """As a worker that claimed it knows it."""
    return Job(JobKind.ADD, "file:///a", "default", id=job_id, worker=worker)


def wish(uri: str, **fields: Any) -> NewJob:
    return NewJob(kind=JobKind.ADD, uri=f"file:///{uri}", collection="default", **fields)


def claim(queue: JobQueue, worker: str = "w", limit: int = 10, **options: Any) -> list[str]:
    return [job.uri[-1] for job in queue.claim(worker, limit=limit, **options)]


def state_of(queue: JobQueue, job_id: str) -> JobState:
    return queue.job(job_id, OPERATOR).state


def test_the_oldest_goes_first_but_an_upload_goes_before_a_folder(
    queue: JobQueue, clock: Clock
) -> None:
    queue.add([wish("a"), wish("b")])
    clock.pass_(1)
    queue.add([wish("c")])
    queue.add([wish("d", priority=UPLOAD_PRIORITY)])
    assert claim(queue, limit=3) == ["d", "a", "b"]
    assert claim(queue) == ["c"]
    assert claim(queue) == []


def test_a_job_is_given_to_one_worker_only(database: Database, queue: JobQueue) -> None:
    queue.add([wish(f"{number:03d}") for number in range(60)])
    taken: list[str] = []
    lock = threading.Lock()

    def work(name: str) -> None:
        own = JobQueue(database, clock=Clock())
        while jobs := own.claim(name, limit=3):
            with lock:
                taken.extend(job.id for job in jobs)

    workers = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(taken) == len(set(taken)) == 60


def test_a_silent_worker_loses_its_job_and_one_that_beats_keeps_it(
    queue: JobQueue, clock: Clock
) -> None:
    queue.add([wish("a")])
    assert claim(queue, "silent") == ["a"]
    clock.pass_(LEASE_S - 1)
    assert claim(queue, "other") == []
    clock.pass_(2)
    assert claim(queue, "other") == ["a"]
    clock.pass_(LEASE_S - 1)
    queue.beat("other")
    clock.pass_(LEASE_S - 1)
    assert claim(queue, "third") == []


def test_what_a_worker_says_of_a_job_that_another_has_by_now_is_passed_over(
    queue: JobQueue, clock: Clock
) -> None:
    [job_id] = queue.add([wish("a")])
    [job] = queue.claim("silent", limit=1)
    assert queue.unwanted([job]) == set()
    clock.pass_(LEASE_S + 1)
    assert claim(queue, "other") == ["a"]
    assert queue.unwanted([job]) == {job_id}
    queue.finish([(job, "added")])
    queue.drop(job_id, "it is gone", worker="silent")
    assert queue.fail(job_id, "damaged", worker="silent", may_pass=False) == JobState.RUNNING
    queue.give_back("silent")
    queue.beat("silent")
    told = queue.job(job_id, OPERATOR)
    assert (told.state, told.outcome, told.reason) == (JobState.RUNNING, None, None)
    queue.finish([(held(job_id, "other"), "added")])
    assert state_of(queue, job_id) == JobState.DONE
    queue.finish([(job, "cancelled")])
    assert state_of(queue, job_id) == JobState.DONE


def test_what_may_pass_is_tried_again_later_each_time_and_then_no_more(
    queue: JobQueue, clock: Clock
) -> None:
    [job_id] = queue.add([wish("a")])
    waits = []
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert claim(queue) == ["a"]
        state = queue.fail(job_id, "the server is away", worker="w", may_pass=True)
        if attempt < MOST_ATTEMPTS:
            assert state == JobState.FAILED
            assert claim(queue) == []
            due = queue.next_due()
            assert due is not None
            waits.append((due - clock.now).total_seconds())
            clock.now = due
    assert state == JobState.DEAD
    assert all(2**n * 0.5 <= wait <= 2**n * 1.5 for n, wait in enumerate(waits))
    assert len({round(wait / 2**n, 6) for n, wait in enumerate(waits)}) > 1, "no jitter"
    dead = queue.job(job_id, OPERATOR)
    assert (dead.reason, dead.outcome, dead.attempts) == (
        "the server is away",
        "failed",
        MOST_ATTEMPTS,
    )
    clock.pass_(10**6)
    assert claim(queue) == []


def test_what_will_not_pass_is_dead_at_once_until_somebody_retries_it(queue: JobQueue) -> None:
    [job_id] = queue.add([wish("a")])
    claim(queue)
    assert queue.fail(job_id, "damaged", worker="w", may_pass=False) == JobState.DEAD
    assert claim(queue) == []
    assert queue.retry(job_id, OPERATOR).state == JobState.QUEUED
    assert claim(queue) == ["a"]
    assert queue.job(job_id, OPERATOR).attempts == 1


def test_a_document_that_ends_its_workers_is_dead_after_some_tries(
    queue: JobQueue, clock: Clock
) -> None:
    [job_id] = queue.add([wish("a"), wish("b")])[:1]
    for _ in range(MOST_ATTEMPTS):
        assert "a" in claim(queue, "fresh")
        clock.pass_(LEASE_S + 1)
    assert "a" not in claim(queue, "fresh")
    queue.beat("another")
    assert state_of(queue, job_id) == JobState.DEAD
    assert "ended 5 times" in (queue.job(job_id, OPERATOR).reason or "")


def test_an_orderly_stop_costs_no_try(queue: JobQueue) -> None:
    [job_id] = queue.add([wish("a")])
    for _ in range(3 * MOST_ATTEMPTS):
        assert claim(queue) == ["a"]
        queue.give_back("w")
    assert state_of(queue, job_id) == JobState.QUEUED
    claim(queue)
    queue.give_back("w", reason="the embedder failed")
    assert state_of(queue, job_id) == JobState.FAILED


def test_after_a_kill_the_owner_of_the_directory_reclaims_at_once(queue: JobQueue) -> None:
    queue.add([wish("a"), wish("b")])
    assert claim(queue, "killed", limit=1) == ["a"]
    assert queue.reclaim() == 1
    queue.add([wish("c")])
    assert claim(queue, "next") == ["c", "a", "b"]
    listed, _ = queue.jobs(OPERATOR)
    assert [job.priority for job in listed].count(LEFTOVER_PRIORITY) == 2


def test_a_waiting_job_is_cancelled_at_once_and_one_at_work_is_told(queue: JobQueue) -> None:
    waiting, working = queue.add([wish("a"), wish("b")])
    queue.cancel(waiting, OPERATOR)
    assert state_of(queue, waiting) == JobState.CANCELLED
    assert claim(queue) == ["b"]
    assert queue.cancel(working, OPERATOR).state == JobState.RUNNING
    assert queue.unwanted([held(working)]) == {working}
    queue.finish([(held(working), "cancelled")])
    assert state_of(queue, working) == JobState.CANCELLED
    queue.retry(working, OPERATOR)
    assert claim(queue) == ["b"]
    assert queue.unwanted([held(working)]) == set()


def test_a_dead_job_can_be_given_up(queue: JobQueue) -> None:
    [job_id] = queue.add([wish("a")])
    claim(queue)
    queue.fail(job_id, "damaged", worker="w", may_pass=False)
    assert queue.counts(OPERATOR) == {JobState.DEAD: 1}
    assert queue.cancel(job_id, OPERATOR).state == JobState.CANCELLED
    assert queue.counts(OPERATOR) == {JobState.CANCELLED: 1}
    assert queue.counts(Readable()) == {}


def test_a_finished_job_can_be_neither_cancelled_nor_retried(queue: JobQueue) -> None:
    [job_id] = queue.add([wish("a")])
    claim(queue)
    queue.finish([(held(job_id), "added")])
    assert queue.cancel(job_id, OPERATOR).state == JobState.DONE
    assert queue.retry(job_id, OPERATOR).state == JobState.DONE


def test_the_newest_wish_for_a_document_takes_the_place_of_those_that_wait(
    queue: JobQueue,
) -> None:
    [old] = queue.add([wish("a", fingerprint="1")])
    queue.add([wish("a", fingerprint="2")])
    assert state_of(queue, old) == JobState.CANCELLED
    [job] = queue.claim("w", limit=10)
    assert job.fingerprint == "2"


def test_a_document_has_one_job_at_work_at_a_time(queue: JobQueue, clock: Clock) -> None:
    [first] = queue.add([wish("a")])
    assert claim(queue) == ["a"]
    queue.add([wish("a")])
    queue.add([replace(wish("a"), collection="other")])
    assert [job.collection for job in queue.claim("w", limit=10)] == ["other"]
    queue.finish([(held(first), "added")])
    assert claim(queue) == ["a"]


@pytest.mark.parametrize("end", ["kill", "stop", "failure", "silence"])
def test_what_was_asked_for_last_is_never_overtaken(
    queue: JobQueue, clock: Clock, end: str
) -> None:
    [first] = queue.add([wish("a", fingerprint="1")])
    queue.claim("w", limit=10)
    clock.pass_(1)
    queue.add([wish("a", fingerprint="2")])
    if end == "kill":
        queue.reclaim()
    elif end == "stop":
        queue.give_back("w")
    elif end == "failure":
        assert queue.fail(first, "busy", worker="w", may_pass=True) == JobState.CANCELLED
    else:
        clock.pass_(LEASE_S + 1)
        assert [job.fingerprint for job in queue.claim("x", limit=10)] == ["1"]
        queue.finish([(held(first, "x"), "added")])
    assert [job.fingerprint for job in queue.claim("y", limit=10)] == ["2"]


def test_jobs_of_a_source_wait_until_it_is_open(queue: JobQueue) -> None:
    queue.add([NewJob(JobKind.ADD, "s3://bucket/a", "default", source="s3://bucket")])
    assert queue.claim("w", limit=5) == []
    assert queue.next_due() is None
    assert len(queue.claim("w", limit=5, sources=["s3://bucket"])) == 1


def test_jobs_are_listed_by_state_page_by_page_for_who_may_read_everything(
    queue: JobQueue, clock: Clock
) -> None:
    ids = []
    for name in "abc":
        ids += queue.add([wish(name, groups=frozenset({"hr"}))])
        clock.pass_(1)
    claim(queue, limit=1)
    queue.finish([(held(ids[0]), "added")])
    listed, total = queue.jobs(OPERATOR, limit=2)
    assert ([job.uri[-1] for job in listed], total) == (["c", "b"], 3)
    done, total = queue.jobs(OPERATOR, state=JobState.DONE)
    assert ([job.id for job in done], total) == ([ids[0]], 1)
    assert done[0].groups == ["hr"]
    for stranger in (Readable(), Readable(frozenset({"hr"}))):
        assert queue.jobs(stranger) == ([], 0)
        for call in (queue.job, queue.cancel, queue.retry):
            with pytest.raises(JobNotFoundError, match="philo jobs list"):
                call(ids[1], stranger)
    assert state_of(queue, ids[1]) == JobState.QUEUED


def test_ended_jobs_are_forgotten_after_some_days_and_waiting_ones_never(
    queue: JobQueue, clock: Clock
) -> None:
    ended, waiting = queue.add([wish("a"), wish("b")])
    claim(queue, limit=1)
    queue.finish([(held(ended), "added")])
    clock.pass_(86_400 * 9)
    assert queue.prune(keep_days=10) == 0
    clock.pass_(86_400 * 2)
    assert queue.prune(keep_days=10) == 1
    assert state_of(queue, waiting) == JobState.QUEUED
    with pytest.raises(JobNotFoundError):
        queue.job(ended, OPERATOR)


def test_what_a_worker_that_is_gone_has_left_is_due(queue: JobQueue, clock: Clock) -> None:
    queue.add([NewJob(JobKind.ADD, "file:///a", "default")])
    queue.claim("dead", limit=1)
    assert queue.next_due() is None
    clock.pass_(LEASE_S + 1)
    assert queue.next_due() == clock.now
    [job] = queue.claim("w", limit=1)
    assert queue.next_due() is None
    queue.finish([(job, "added")])


AHEAD_S = 24 * 3600.0


def test_what_was_queued_by_a_clock_that_was_ahead_is_done_at_once(
    queue: JobQueue, clock: Clock
) -> None:
    clock.pass_(AHEAD_S)
    queue.add([NewJob(JobKind.ADD, "file:///a", "default")])
    clock.pass_(-AHEAD_S)
    assert queue.next_due() == clock.now
    [job] = queue.claim("w", limit=1)
    queue.finish([(job, "added")])
    assert queue.next_due() is None


def test_a_lease_of_a_clock_that_was_ahead_ends_with_it(queue: JobQueue, clock: Clock) -> None:
    queue.add([NewJob(JobKind.ADD, "file:///a", "default")])
    clock.pass_(AHEAD_S)
    queue.claim("dead", limit=1)
    clock.pass_(-AHEAD_S)
    [job] = queue.claim("w", limit=1)
    assert job.worker == "w"
    queue.beat("w")
    assert queue.claim("x", limit=1) == []


def test_a_worker_keeps_its_work_when_the_clock_is_set_back(queue: JobQueue, clock: Clock) -> None:
    queue.add([NewJob(JobKind.ADD, "file:///a", "default")])
    [job] = queue.claim("w", limit=1)
    clock.pass_(-AHEAD_S)
    queue.beat("w")
    assert queue.claim("x", limit=1) == []
    assert queue.unwanted([job]) == set()


def test_nobody_waits_to_write_while_a_clock_is_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL that is a question to the server, on a connection of its own."""
    write, open_ = database.writing, False

    @contextlib.contextmanager
    def writing() -> Iterator[Session]:
        nonlocal open_
        with write() as session:
            open_ = True
            try:
                yield session
            finally:
                open_ = False

    def read_clock() -> datetime:
        assert not open_
        return database.now()

    monkeypatch.setattr(database, "writing", writing)
    queue = JobQueue(database, clock=read_clock)
    [gone] = queue.add([wish("a")])
    assert queue.cancel(gone, OPERATOR).state == JobState.CANCELLED
    assert queue.retry(gone, OPERATOR).state == JobState.QUEUED
    [job] = queue.claim("w", limit=1)
    queue.finish([(job, "added")])
    assert queue.job(job.id, OPERATOR).outcome == "added"


def test_processes_of_one_postgresql_go_by_its_clock(
    postgres_storage: StorageSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However wrong their own ones are."""
    database = open_database(tmp_path / "philo.db", postgres_storage)

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + timedelta(days=1)

    with monkeypatch.context() as patch:
        patch.setattr("assistant.knowledge.database.datetime", Ahead)
        told = database.now()
    assert abs(told - datetime.now(UTC)) < timedelta(seconds=10)
    database.close()
