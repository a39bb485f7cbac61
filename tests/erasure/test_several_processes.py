"""Two processes over one database: an erasure is made by one of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from assistant.erasure.erasures import Erasures
from assistant.errors import ErasureError
from assistant.knowledge.jobs import NewJob
from assistant.storage_settings import StorageSettings
from assistant.types import JobKind
from tests.erasure.conftest import CANTEEN, URI, put_secret


class StopError(Exception):
    pass


@pytest.fixture
def pair(open_shelf: Callable[..., Any], postgres_storage: StorageSettings) -> tuple[Any, Any]:
    here, there = (open_shelf(in_memory=True, storage=postgres_storage) for _ in range(2))
    return here, there


def test_an_erasure_that_is_at_work_is_not_taken_up_by_another_process(
    pair: tuple[Any, Any],
) -> None:
    here, there = pair
    secret = put_secret(here)
    seen: list[int] = []
    here.library.failpoint = lambda step: (
        seen.append(len(Erasures(there.library).resume())) if step == "erasure hidden" else None
    )
    assert Erasures(here.library).erase_documents([secret]).complete
    assert seen == [0]
    assert Erasures(there.library).resume() == []
    assert [one.step for one in Erasures(there.library).all()] == ["done"]


def test_one_that_was_cut_short_is_finished_by_another(pair: tuple[Any, Any]) -> None:
    here, there = pair
    secret = put_secret(here)

    def stop(step: str) -> None:
        if step == "erasure hidden":
            raise StopError

    here.library.failpoint = stop
    with pytest.raises(StopError):
        Erasures(here.library).erase_documents([secret])
    [receipt] = Erasures(there.library).resume()
    assert receipt.subject == [secret]


def test_what_another_process_publishes_during_it_is_in_the_fresh_index(
    pair: tuple[Any, Any],
) -> None:
    here, there = pair
    secret = put_secret(here)
    text = "le parking des vélos ouvre à sept heures"
    publishing = threading.Thread(target=there.put, args=("file:///bikes.txt", text))

    def publish(step: str) -> None:
        if step == "vectors renewed":
            publishing.start()
            publishing.join(0.5)
            assert publishing.is_alive(), "it did not wait"

    here.library.failpoint = here.library._upkeep.failpoint = publish
    Erasures(here.library).erase_documents([secret])
    publishing.join(30)
    assert here.matching("parking des vélos") == [text]
    assert here.matching("tickets restaurant") == [CANTEEN]


@pytest.mark.parametrize("days", [1, -1])
def test_one_whose_clock_is_a_day_off_waits_for_workers_that_are_alive_and_for_no_others(
    pair: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    class Off(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + timedelta(days=days)

    here, there = pair
    secret = put_secret(here)
    queue = there.library.jobs
    queue.add([NewJob(JobKind.ADD, URI, "default")])
    queue.claim("w", limit=1)
    monkeypatch.setattr("assistant.erasure.erasures.JOB_WAIT_S", 0.2)
    monkeypatch.setattr("assistant.knowledge.job_records.datetime", Off)
    with pytest.raises(ErasureError, match="does not end"):
        Erasures(here.library).erase_documents([secret])
    with here.database.writing() as session:
        ended = "UPDATE jobs SET lease_until = lease_until - interval '2 minutes'"
        session.connection().exec_driver_sql(ended)
    [receipt] = Erasures(here.library).resume()
    assert receipt.complete
