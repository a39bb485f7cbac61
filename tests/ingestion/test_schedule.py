"""When a source is brought in again."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from assistant.errors import SourceBusyError, SourceOptionsError, SourceUnavailableError
from ingestion.schedule import Scheduler, read_schedule

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDED = NOON - timedelta(days=10)


@pytest.fixture
def paris(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "minutes"), [("1m", 1), ("30m", 30), ("1h", 60), (" 2D ", 2880), ("90 min", 90)]
)
def test_every_so_often(text, minutes):
    schedule = read_schedule(text)
    assert schedule.next_run(NOON, ADDED) == NOON + timedelta(minutes=minutes)
    assert schedule.next_run(None, ADDED) == ADDED


def test_once_a_day_by_this_machines_clock(paris):
    schedule = read_schedule("daily 02:00")
    assert schedule.next_run(NOON, ADDED) == datetime(2026, 3, 2, 1, tzinfo=UTC)
    before = datetime(2026, 3, 2, 0, 59, tzinfo=UTC)
    assert schedule.next_run(before, ADDED) == datetime(2026, 3, 2, 1, tzinfo=UTC)
    at = datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert schedule.next_run(at, ADDED) == datetime(2026, 3, 3, 1, tzinfo=UTC)


def test_once_a_day_also_when_the_clocks_change(paris):
    """On 29 March 2026 there is no 02:30 in Paris; on 25 October there are two."""
    schedule = read_schedule("daily 02:30")
    runs = [datetime(2026, 3, 27, 12, tzinfo=UTC)]
    for _ in range(4):
        runs.append(schedule.next_run(runs[-1], ADDED))
    days = [run.astimezone().date().day for run in runs[1:]]
    assert days == [28, 29, 30, 31]


@pytest.mark.parametrize(
    "text", ["", "often", "0m", "30s", "1000d", "daily", "daily 24:00", "daily 2", "-1h", "1.5h"]
)
def test_what_is_no_schedule_is_told(text):
    with pytest.raises(SourceOptionsError, match="daily 02:00"):
        read_schedule(text)


class Work:
    """Sources as the scheduler sees them, by an injected clock."""

    def __init__(self, every: str = "1h") -> None:
        self.schedule = read_schedule(every)
        self.now = NOON
        self.last: dict[str, datetime | None] = {"a": None, "b": None}
        self.runs: list[tuple[str, datetime]] = []
        self.failures: dict[str, Exception] = {}

    def due(self, now: datetime) -> list[str]:
        return [
            name for name, last in self.last.items() if self.schedule.next_run(last, ADDED) <= now
        ]

    def run(self, name: str) -> None:
        self.last[name] = self.now
        self.runs.append((name, self.now))
        if name in self.failures:
            raise self.failures[name]


def test_a_run_that_was_missed_is_made_up_for_once():
    work = Work()
    scheduler = Scheduler(work, clock=lambda: work.now)
    scheduler.run_due()
    work.now += timedelta(hours=7)
    scheduler.run_due()
    scheduler.run_due()
    assert work.runs == [("a", NOON), ("b", NOON), ("a", work.now), ("b", work.now)]


@pytest.mark.parametrize(
    "failure", [SourceUnavailableError("down"), SourceBusyError("busy"), ZeroDivisionError()]
)
def test_a_source_that_fails_does_not_keep_the_others_waiting(failure, caplog):
    work = Work()
    work.failures["a"] = failure
    Scheduler(work, clock=lambda: work.now).run_due()
    assert [name for name, _ in work.runs] == ["a", "b"]
    assert ("source a" in caplog.text) == (not isinstance(failure, SourceBusyError))


def test_the_thread_runs_what_is_due_and_stops_when_told():
    work = Work()
    looked = threading.Semaphore(0)
    go_on = threading.Semaphore(0)

    def wait(stopped: threading.Event, _seconds: float) -> bool:
        looked.release()
        go_on.acquire(timeout=10)
        return stopped.is_set()

    scheduler = Scheduler(work, clock=lambda: work.now, wait=wait)
    scheduler.start()
    scheduler.start()
    assert looked.acquire(timeout=10)
    work.now += timedelta(hours=2)
    go_on.release()
    assert looked.acquire(timeout=10)
    assert len(work.runs) == 4
    go_on.release()
    scheduler.stop()
    assert not [one for one in threading.enumerate() if one.name == "philo-schedule"]


def test_nothing_is_begun_after_stop():
    work = Work()
    scheduler = Scheduler(work, clock=lambda: work.now)
    work.failures["a"] = SourceUnavailableError("stopped in the middle")
    begin = work.run

    def run(name: str) -> None:
        scheduler.stop()
        begin(name)

    work.run = run
    scheduler.run_due()
    assert [name for name, _ in work.runs] == ["a"]
