"""When a source is brought in again: `30m`, `1h`, `2d`, `daily 02:00`."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol

from assistant.errors import PhiloError, SourceBusyError, SourceOptionsError

logger = logging.getLogger(__name__)

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=366)
LOOK_S = 20.0
GRACE_S = 10.0
_EVERY = re.compile(r"(\d{1,6})\s*(m|min|h|d)")
_DAILY = re.compile(r"daily\s+([01]?\d|2[0-3]):([0-5]\d)")
_UNITS = {
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every so often, or once a day at a time of this machine's own clock."""

    every: timedelta | None = None
    at: time | None = None

    def next_run(self, last: datetime | None, added: datetime) -> datetime:
        """When it is due, at the latest: a run that was missed is due at once, and once.

        Args:
            last: when the last run began; None: there was none.
            added: when the schedule was made.
        """
        if self.every is not None:
            return last + self.every if last is not None else added
        assert self.at is not None  # noqa: S101 - one of both is stated
        before = (last or added).astimezone()
        due = datetime.combine(before.date(), self.at).astimezone()
        if due <= before:
            due = datetime.combine(before.date() + timedelta(days=1), self.at).astimezone()
        return due.astimezone(UTC)


def read_schedule(text: str) -> Schedule:
    """
    Raises:
        SourceOptionsError: it is none, or shorter than a minute or longer than a year.
    """
    stated = text.strip().lower()
    if match := _DAILY.fullmatch(stated):
        return Schedule(at=time(int(match[1]), int(match[2])))
    if match := _EVERY.fullmatch(stated):
        every = int(match[1]) * _UNITS[match[2]]
        if SHORTEST <= every <= LONGEST:
            return Schedule(every=every)
    raise SourceOptionsError(
        f"{text[:50]!r} is no schedule; give one like 30m, 1h, 2d (at least 1m), or daily 02:00"
    )


class Due(Protocol):
    """What the scheduler runs."""

    def due(self, now: datetime) -> Sequence[str]:
        """Names of what is to be run now, the longest overdue first."""

    def run(self, name: str) -> None:
        """Run it to its end."""


class Scheduler:
    """One thread that runs what is due, one after another, so that no two overlap.

    `clock` says what time it is, `wait` waits so many seconds or until the event is set.
    """

    def __init__(
        self,
        work: Due,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        self._work = work
        self._clock = clock
        self._wait = wait
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="philo-schedule", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Begin nothing more, and give what is at work a moment to notice. A server that it
        waits for does not hold up the end: nothing is half done that the next run would miss."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(GRACE_S)
            self._thread = None

    @property
    def is_stopping(self) -> bool:
        return self._stopped.is_set()

    def run_due(self) -> None:
        """Run what is due now. What fails is its own affair: the others are run."""
        try:
            names = self._work.due(self._clock())
        except PhiloError as exc:
            logger.warning("the schedule cannot be read: %s", exc)
            return
        for name in names:
            if self._stopped.is_set():
                return
            try:
                self._work.run(name)
            except SourceBusyError:
                pass  # somebody brings it in at this moment
            except PhiloError as exc:
                logger.warning("source %s: %s", name, exc)
            except Exception:
                logger.exception("source %s failed unexpectedly", name)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self.run_due()
            self._wait(self._stopped, LOOK_S)
