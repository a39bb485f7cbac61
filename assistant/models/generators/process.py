"""The parent's side of a generator's process: starts it, feeds it, survives its death."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from assistant.errors import GenerationError, GeneratorBusyError
from assistant.models.generators.frames import read_frame, write_frame
from assistant.models.generators.line import FairLine
from assistant.models.generators.pace import Pace
from assistant.models.generators.request import Request
from assistant.models.generators.types import Guide
from assistant.models.settings import ServingSettings
from assistant.offline import SWITCHES

CLOSE_TIMEOUT_S = 2.0
MOST_STARTS = 2
"""Processes that die, one after the other, before the model is loaded: then all are told."""
LONGEST_RETRY_S = 600.0


class GenerationProcess:
    """One child process that owns a model and answers several requests at once; the others wait
    in a fair and bounded line.

    It is started when first needed and again after it died: at most the answers that it was
    writing are lost. Requests of which nothing was seen are repeated, one by one, so that the one
    which it died of takes no other with it twice.
    """

    def __init__(self, folder: Path, *, threads: int, serving: ServingSettings) -> None:
        options = json.dumps({**serving.model_dump(mode="json"), "threads": threads})
        self._command = [sys.executable, "-m", "assistant.models.generators.worker"]
        self._command += [str(folder), options]
        self._serving = serving
        self._ids = itertools.count(1)
        # Reentrant: a stream that nobody holds any more is ended by whoever collects it.
        self._lock = threading.RLock()
        # A reservation that nobody holds any more is none: hence weak.
        self._live: weakref.WeakSet[Request] = weakref.WeakSet()
        self._line: FairLine[Request] = FairLine()
        self._active: dict[int, Request] = {}
        self._pace = Pace()
        self._slots = serving.slots
        self._ready = False
        self._failed_starts = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._closed = False
        self.how = ""
        """The way in which the model is run; empty until it was loaded once."""

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is none."""
        child = self._child
        return child.pid if child is not None else None

    @property
    def is_loading(self) -> bool:
        """Whether there is a child that does not answer yet."""
        return self._child is not None and not self._ready

    def start(self) -> None:
        """Begin to load the model; returns at once.

        Raises:
            GenerationError: no process could be started, or it was closed.
        """
        with self._lock:
            self._ensure_child()

    def reserve(self, principal: str, deadline_s: float | None) -> Request:
        """
        Raises:
            GeneratorBusyError: as many as may wait do. Who has nothing waiting yet is let in
                until there are twice as many: nobody can take all places alone.
        """
        with self._lock:
            places = self._slots + self._serving.queue
            taken = len(self._live)
            if taken >= places:
                known = any(request.principal == principal for request in self._live)
                if known or taken >= 2 * places:
                    raise self._busy(taken)
            if deadline_s is None:
                deadline_s = self._serving.deadline_s
            request = Request(self, next(self._ids), principal, deadline_s)
            self._live.add(request)
            return request

    def submit(
        self,
        request: Request,
        prompt: Sequence[int],
        most: int,
        *,
        guide: Guide | None = None,
        continuation: Sequence[int] = (),
    ) -> None:
        """Queue a prompt (token ids) for at most `most` new tokens, or for the scores of its
        continuation.

        Raises:
            GenerationError: no process could be started, it was closed, or the request has
                been submitted or ended already.
        """
        if request.ended or request.message:
            raise GenerationError(
                "the ticket was cancelled, or has served for an answer already; reserve another"
            )
        request.message = {
            "id": request.id,
            "prompt": list(prompt),
            "most": most,
            "guide": [guide.kind, guide.text] if guide else None,
            "continuation": list(continuation),
        }
        with self._lock:
            self._ensure_child()
            self._line.join(request)
            self._advance()

    def end(self, request: Request, reason: GenerationError | None) -> None:
        """Stop a request wherever it is; no harm when it has ended."""
        with self._lock:
            if request.ended:
                return
            self._settle(request, reason)
            if not self._line.leave(request) and request.id in self._active:
                self._send({"cancel": request.id})  # its slot is free when the child says so

    def position(self, request: Request) -> int:
        """How many are before it. A reservation is behind all that came before it, reservations
        as well."""
        with self._lock:
            if request.ended or request.id in self._active:
                return 0
            place = self._line.place(request)
            if place is not None:
                return place
            came_before = sum(one.id < request.id for one in self._live)
            return max(len(self._line), came_before - self._slots)

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

    def _busy(self, taken: int) -> GeneratorBusyError:
        waiting = max(1, taken - self._slots)
        retry_after_s = min(max(1.0, waiting * self._pace.answer_s), LONGEST_RETRY_S)
        return GeneratorBusyError(
            f"{taken} questions are being answered or wait, as many as may; try again in "
            f"{retry_after_s:.0f} s",
            retry_after_s=retry_after_s,
        )

    def _settle(self, request: Request, event: GenerationError | None) -> None:
        request.ended = True
        request.tell(event)
        self._live.discard(request)

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
        """Give the child as many requests as it takes; none before it reads, or the pipe could
        fill up. One that is repeated is alone."""
        while self._ready and len(self._active) < self._slots:
            request = self._line.peek()
            repeating = any(other.attempts > 1 for other in self._active.values())
            if request is None or repeating or (request.attempts and self._active):
                return
            self._line.serve()
            if not self._active:
                self._pace.begin()
            self._active[request.id] = request
            request.attempts += 1
            self._send(request.message)

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
            if "ready" in message:
                self._ready, self._slots, self.how = True, message["ready"], message["how"]
                self._failed_starts = 0
                self._advance()
                return
            request = self._active.get(message["id"])
            if request is None:
                return
            if "token" in message:
                request.begun = True
                request.tell((message["token"], message["logprob"]))
                return
            del self._active[request.id]
            self._pace.finish()
            if not request.ended:
                failed = message.get("error")
                self._settle(
                    request,
                    GenerationError(f"the generator failed: {failed}") if failed else None,
                )
            self._advance()

    def _bury(self, child: subprocess.Popen[bytes], returncode: int, said: str) -> None:
        with self._lock:
            _close_input(child)
            self._child = self._reader = None
            self._failed_starts += not self._ready
            self._ready = False
            lost, self._active = list(self._active.values()), {}
            if self._closed:
                self._fail(lost, GenerationError("the generator was closed"), and_line=True)
                return
            death = GenerationError(
                f"the generator's process ended (exit {returncode}) before the answer did; ask "
                "again, a new one is started" + (f". It said: {said}" if said else "")
            )
            if self._failed_starts >= MOST_STARTS:
                self._failed_starts = 0
                self._fail(lost, death, and_line=True)
                return
            for request in reversed(lost):
                if request.may_be_repeated:
                    self._line.rejoin(request)
            self._fail([request for request in lost if not request.may_be_repeated], death)
            if not self._line:
                return
            try:
                self._ensure_child()
            except GenerationError as exc:
                self._fail([], exc, and_line=True)

    def _fail(
        self, lost: Sequence[Request], reason: GenerationError, *, and_line: bool = False
    ) -> None:
        waiting = iter(self._line.serve, None) if and_line else ()
        for request in (*lost, *waiting):
            if not request.ended:
                self._settle(request, reason)


def _close_input(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        with contextlib.suppress(OSError):  # what was still to be written to a dead child
            child.stdin.close()
