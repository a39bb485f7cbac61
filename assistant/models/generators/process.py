"""The parent's side of a generator's process: starts it, feeds it, survives its death."""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from assistant.errors import GenerationError
from assistant.models.generators.frames import read_frame, write_frame
from assistant.offline import SWITCHES

CLOSE_TIMEOUT_S = 2.0
MOST_ATTEMPTS = 2


class Request:
    """One prompt on its way. Tokens are kept until they are read, so a slow reader does not
    keep the next request waiting."""

    def __init__(self, request_id: int, prompt: Sequence[int], most: int) -> None:
        self.id = request_id
        self.prompt = prompt
        self.most = most
        self.attempts = 0
        self.begun = False
        self.cancelled = False
        self.events: queue.SimpleQueue[int | GenerationError | None] = queue.SimpleQueue()

    @property
    def may_be_repeated(self) -> bool:
        """Whether nobody saw anything of it, and somebody still wants to."""
        return not self.begun and not self.cancelled and self.attempts < MOST_ATTEMPTS

    def tokens(self) -> Iterator[int]:
        """Raises: GenerationError: the process failed or died."""
        while (event := self.events.get()) is not None:
            if isinstance(event, GenerationError):
                raise event
            yield event


class GenerationProcess:
    """One child process that answers one request at a time, first come first served.

    It is started when first needed and again after it died: at most the answer that it was
    writing is lost.
    """

    def __init__(self, folder: Path, *, threads: int) -> None:
        self._command = [sys.executable, "-m", "assistant.models.generators.worker"]
        self._command += [str(folder), str(threads)]
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: deque[Request] = deque()
        self._active: Request | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is none."""
        child = self._child
        return child.pid if child is not None else None

    def start(self) -> None:
        """Begin to load the model; returns at once.

        Raises:
            GenerationError: no process could be started, or it was closed.
        """
        with self._lock:
            self._ensure_child()

    def submit(self, prompt: Sequence[int], most: int) -> Request:
        """Queue a prompt (token ids) for at most `most` new tokens.

        Raises:
            GenerationError: no process could be started, or it was closed.
        """
        with self._lock:
            request = Request(next(self._ids), prompt, most)
            self._ensure_child()
            self._waiting.append(request)
            self._advance()
        return request

    def cancel(self, request: Request) -> None:
        """Stop a request wherever it is; no harm when it has ended."""
        with self._lock:
            request.cancelled = True
            if request in self._waiting:
                self._waiting.remove(request)
            elif request is self._active:
                self._send({"cancel": request.id})

    def close(self) -> None:
        """End the process and all requests; returns when it is gone."""
        with self._lock:
            self._closed = True
            child, reader = self._child, self._reader
            if child is not None:
                _close_input(child)  # which ends the worker
        if child is not None:
            try:
                child.wait(CLOSE_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if reader is not None:
            reader.join()

    def _ensure_child(self) -> None:
        if self._closed:
            raise GenerationError("the generator was closed; open it again")
        if self._child is not None:
            return
        log = tempfile.TemporaryFile()  # noqa: SIM115 - the reader thread closes it
        try:
            self._child = subprocess.Popen(  # noqa: S603 - constants and the model's own path
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **SWITCHES},
            )
        except OSError as exc:
            log.close()
            raise GenerationError(f"the generator's process cannot be started: {exc}") from exc
        self._reader = threading.Thread(
            target=self._read, args=(self._child, log), name="philo-generator", daemon=True
        )
        self._reader.start()

    def _advance(self) -> None:
        if self._active is None and self._waiting:
            request = self._active = self._waiting.popleft()
            request.attempts += 1
            self._send({"write": request.id, "prompt": list(request.prompt), "most": request.most})

    def _send(self, message: dict[str, Any]) -> None:
        child = self._child
        if child is None or child.stdin is None:
            return
        try:
            write_frame(child.stdin, message)
        except (OSError, ValueError):  # it just died or was closed: the reader finds out too
            return

    def _read(self, child: subprocess.Popen[bytes], log: IO[bytes]) -> None:
        with log:
            assert child.stdout is not None  # noqa: S101 - a pipe was asked for
            while (message := read_frame(child.stdout)) is not None:
                self._handle(message)
            returncode = child.wait()
            child.stdout.close()
            log.seek(0)
            said = log.read().decode(errors="replace").strip().rpartition("\n")[2]
        self._bury(child, returncode, said)

    def _handle(self, message: dict[str, Any]) -> None:
        with self._lock:
            request = self._active
            if request is None or message.get("id") != request.id:
                return
            if "token" in message:
                request.begun = True
                request.events.put(message["token"])
                return
            if "error" in message:
                request.events.put(GenerationError(f"the generator failed: {message['error']}"))
            else:
                request.events.put(None)
            self._active = None
            self._advance()

    def _bury(self, child: subprocess.Popen[bytes], returncode: int, said: str) -> None:
        with self._lock:
            _close_input(child)
            self._child = self._reader = None
            lost, self._active = self._active, None
            if self._closed:
                for request in filter(None, (lost, *self._waiting)):
                    request.events.put(GenerationError("the generator was closed"))
                self._waiting.clear()
                return
            if lost is not None and lost.may_be_repeated:
                self._waiting.appendleft(lost)
            elif lost is not None:
                lost.events.put(
                    GenerationError(
                        f"the generator's process ended (exit {returncode}) before the answer "
                        "did; ask again, a new one is started"
                        + (f". It said: {said}" if said else "")
                    )
                )
            if not self._waiting:
                return
            try:
                self._ensure_child()
            except GenerationError as exc:
                for request in self._waiting:
                    request.events.put(exc)
                self._waiting.clear()
            else:
                self._advance()


def _close_input(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        with contextlib.suppress(OSError):  # what was still to be written to a dead child
            child.stdin.close()
