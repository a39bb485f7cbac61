"""Who wrote it, said to machines; and the switch with which an operator ends all writing."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from assistant.errors import (
    DataDirectoryError,
    GenerationStoppedError,
    KnowledgeError,
    PhiloError,
)
from assistant.types import PublicModel

STOP_FILE = "generation.stopped"
LOOK_S = 0.5
"""Between two looks at what other processes were told."""

AI_HEADER = "X-Philo-AI-Generated"
MODEL_HEADER = "X-Philo-Model"

Event = TypeVar("Event")


def disclosure_headers(model: str, made_at: str = "") -> dict[str, str]:
    """Of every HTTP response that holds written text; `model` is "none" where none writes."""
    headers = {AI_HEADER: "true", MODEL_HEADER: _as_header(model)}
    return headers | {"X-Philo-Made-At": _as_header(made_at)} if made_at else headers


def _as_header(text: str) -> str:
    """What of it may stand in a header: printable ASCII, question marks for the rest."""
    return re.sub(r"[^ -~]", "?", text)[:200].strip()


class GenerationState(PublicModel):
    """`since` is UTC; `reason` and `by` are "" while answers are written."""

    state: Literal["running", "stopped"]
    reason: str = ""
    by: str = ""
    since: str = ""


RUNNING = GenerationState(state="running")


class StopRecord(Protocol):
    """Where the processes of an installation tell each other.

    Raises:
        StoreUnavailableError: it is away.
    """

    def read(self) -> GenerationState: ...

    def write(self, state: GenerationState) -> None: ...


class GenerationSwitch:
    """Whether answers and summaries may be written. Thread-safe.

    The state is a file in the data directory, so that it outlives the process, and so that it
    can be switched while a database is busy. Where several processes share a database, it also
    stands there, and each of them looks at it twice a second.
    """

    def __init__(self, directory: Path, record: StopRecord | None = None) -> None:
        """
        Args:
            record: what other processes are told, and tell this one.
        Raises:
            DataDirectoryError: the file is there and cannot be read.
        """
        self._path = directory / STOP_FILE
        self._record = record
        self._lock = threading.Lock()
        self._cancels: set[Callable[[], None]] = set()
        self._state = self._read()
        self._looked = -LOOK_S
        self._lookout: threading.Thread | None = None

    @property
    def state(self) -> GenerationState:
        self._look()
        return self._state

    @property
    def is_stopped(self) -> bool:
        return self.state.state == "stopped"

    def _look(self) -> None:
        """See what other processes were told; what is known stays where the database is away."""
        if self._record is None or time.monotonic() - self._looked < LOOK_S:
            return
        self._looked = time.monotonic()
        with contextlib.suppress(KnowledgeError):
            told = self._record.read()
            with self._lock:
                self._state = told
                cancels = list(self._cancels) if told.state == "stopped" else []
            for cancel in cancels:
                cancel()

    def _keep_looking(self) -> None:
        """While something is written: whoever waits for its next word cannot look."""
        while True:
            time.sleep(LOOK_S)
            with self._lock:
                if not self._cancels:
                    self._lookout = None
                    return
            self._look()

    def stop(self, reason: str, *, by: str) -> GenerationState:
        """End what is being written, and refuse more; durable when the call returns.

        Raises:
            DataDirectoryError, StoreUnavailableError: it could not be kept, or others not be
                told; what is being written here ends all the same.
        """
        since = datetime.now(UTC).isoformat(timespec="seconds")
        stopped = GenerationState(state="stopped", reason=reason, by=by, since=since)
        with self._lock:
            self._state = stopped  # first of all: nothing may begin any more
            cancels = list(self._cancels)
        for cancel in cancels:
            cancel()
        if self._record is not None:
            self._record.write(stopped)
        try:
            fresh = self._path.with_suffix(".new")
            with fresh.open("w", encoding="utf-8") as file:
                file.write(stopped.model_dump_json())
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as exc:
            raise DataDirectoryError(
                f"writing is stopped until Philo ends, but {self._path} cannot be written ({exc}); "
                "free space or mend its rights, then stop again"
            ) from exc
        return stopped

    def resume(self) -> GenerationState:
        """Let answers be written again; no harm when they are.

        Raises:
            StoreUnavailableError: the database is away; nothing is changed.
        """
        if self._record is not None:
            self._record.write(RUNNING)
        with self._lock:
            self._path.unlink(missing_ok=True)
            self._state = RUNNING
        return RUNNING

    def require_running(self) -> None:
        """Raises: GenerationStoppedError: an operator has stopped all writing."""
        if self.is_stopped:
            raise self.refusal()

    def refusal(self) -> GenerationStoppedError:
        state = self._state
        return GenerationStoppedError(
            "Answers and summaries are stopped by an administrator"
            + (f" ({state.reason})" if state.reason else "")
            + "; searching still works. They go on after: philo safety resume"
        )

    def watch(self, events: Iterator[Event], cancel: Callable[[], None]) -> Iterator[Event]:
        """The events, until the switch is turned: then GenerationStoppedError.

        Args:
            cancel: ends, from any thread, what the events wait for.
        """
        with self._lock:
            self._cancels.add(cancel)
            if self._record is not None and self._lookout is None:
                self._lookout = threading.Thread(target=self._keep_looking, daemon=True)
                self._lookout.start()
        try:
            while True:
                self.require_running()
                try:
                    event = next(events)
                except StopIteration:
                    return
                except PhiloError:
                    self.require_running()  # it was cancelled, and this is why
                    raise
                self.require_running()
                yield event
        finally:
            with self._lock:
                self._cancels.discard(cancel)
            close = getattr(events, "close", None)
            if close is not None:
                close()

    def _read(self) -> GenerationState:
        try:
            return GenerationState.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return RUNNING
        except (OSError, ValueError) as exc:
            raise DataDirectoryError(
                f"{self._path} cannot be read ({exc}); it says that answers are stopped. "
                "Remove it to let them be written, or mend it"
            ) from exc
