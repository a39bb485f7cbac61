"""Each file is parsed in a child process that may crash, hang or run out of memory alone.

The child is a fresh Python in its own session, with an empty environment, in an empty
folder of its own. It is kept for the next file as long as it behaves: a start costs about
a quarter of a second. The limits hold for each file.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from assistant.errors import ParseError
from assistant.types import ParsedDocument
from ingestion.wire import decode_document

START_TIMEOUT_S = 60.0
MOST_FILES = 200
"""A child is replaced after so many files, or once it holds much of a file's memory."""

_BOOT = (
    "import json, sys; config = json.loads(sys.argv[1]); sys.path[:0] = config['search_path']; "
    "from ingestion.sandbox_child import serve_files; "
    "serve_files(config['entry'], config['helpers'])"
)
_ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OMP_THREAD_LIMIT": "1",
    "MALLOC_ARENA_MAX": "2",  # each takes address space, which is limited
}
MOST_BATCHES = 5
"""A document of many pages may take this many times the limit, as long as it advances."""


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What one file may cost. `memory_bytes` is address space beyond the idle child's.

    `timeout_s` holds for each batch of pages (see `ingestion.parsers.pace`), and for each page
    whose characters are recognised; `ocr_timeout_s` for all those pages together, of which at
    most `ocr_threads` are recognised at a time.
    """

    timeout_s: float = 60.0
    ocr_timeout_s: float = 600.0
    ocr_threads: int = 1
    memory_bytes: int = 2**30
    max_pages: int = 3000
    max_file_bytes: int = 200 * 2**20
    max_output_bytes: int = 128 * 2**20


def parse_in_sandbox(path: Path, limits: SandboxLimits) -> ParsedDocument:
    """Parse one file in a child process of its own.

    Raises:
        ParseError: the reason why it could not be read.
    """
    with Sandbox(limits) as sandbox:
        return sandbox.parse(path)


class Sandbox:
    """One child process that parses file after file. For one thread at a time.

    Args:
        entry: "module:function" that the child calls with the path.
        search_path: where the child looks for modules besides the installed ones.
    """

    def __init__(
        self,
        limits: SandboxLimits,
        *,
        entry: str = "ingestion.parsers.base:parse_file",
        search_path: Sequence[str] = (),
    ) -> None:
        self._limits = limits
        root = str(Path(__file__).resolve().parents[1])
        helpers = limits.ocr_threads if limits.ocr_threads > 1 else 0  # one page: no need of any
        config = {"entry": entry, "search_path": [root, *search_path], "helpers": helpers}
        self._config = json.dumps(config)
        self._child: _Child | None = None
        self._interrupted = False

    def parse(self, path: Path, *, ocr_threads: int | None = None) -> ParsedDocument:
        """Parse a file.

        Args:
            ocr_threads: fewer than the limit, because others are at work too.
        Raises:
            ParseError: the parser's reason, or that it crashed or exceeded a limit.
            OSError: no child can be started (no space, no processes left).
        """
        limits = self._limits
        threads = min(limits.ocr_threads, ocr_threads or limits.ocr_threads)
        try:
            try:
                return self._parse(path, limits.ocr_timeout_s, threads)
            except _RecognitionError as died:
                if self._interrupted or died.too_late or threads == 1:
                    raise
                # Several pages at a time took more memory than there is, or so it may be.
                return self._parse(path, limits.ocr_timeout_s, 1)
        except _RecognitionError as died:
            if self._interrupted:
                raise
            try:  # the pages that have a text layer are not lost with those that are pictures
                return self._parse(path, 0.0, 1)
            except ParseError:
                raise died from None

    def _parse(self, path: Path, ocr_timeout_s: float, ocr_threads: int) -> ParsedDocument:
        limits = self._limits
        options = {"max_pages": limits.max_pages, "max_file_bytes": limits.max_file_bytes}
        answer = self.ask(path, options, ocr_timeout_s=ocr_timeout_s, ocr_threads=ocr_threads)
        try:
            return decode_document(answer["document"])
        except (KeyError, ValueError) as exc:
            raise ParseError(f"the parser answered nonsense ({exc})") from exc

    def ask(
        self,
        path: Path,
        options: dict[str, Any],
        *,
        ocr_timeout_s: float = 0.0,
        ocr_threads: int = 1,
    ) -> dict[str, Any]:
        """What the child's function makes of a file, as `ingestion.wire` encodes it.

        Raises:
            ParseError, OSError: as `parse`.
        """
        if self._child is not None and not self._child.is_alive:
            self.close()  # it died idle, by no fault of this file
        if self._child is None:
            self._child = _Child(self._config)
        if self._interrupted:
            raise ParseError("the work was broken off")
        limits = self._limits
        request = {
            "path": str(path.absolute()),
            "memory_bytes": limits.memory_bytes,
            "cpu_s": limits.timeout_s,
            "ocr_timeout_s": ocr_timeout_s,
            "ocr_threads": ocr_threads,
            "options": options,
        }
        child, healthy = self._child, False
        try:
            answer = child.ask(request, limits)
            grown = answer.get("address_space", limits.memory_bytes) - child.idle_bytes
            healthy = grown < limits.memory_bytes // 4 and child.files < MOST_FILES
        finally:
            if not healthy:
                self.close()
        if answer.get("out_of_memory"):
            raise child.failure(_memory_reason(limits))
        if "error" in answer:
            raise ParseError(str(answer["error"]))
        return answer

    @property
    def filtered(self) -> bool:
        """Whether the kernel refuses network and programs to the child; starts it."""
        if self._child is None:
            self._child = _Child(self._config)
        return self._child.filtered

    def interrupt(self) -> None:
        """Make a `parse` that runs in another thread end at once, and all later ones."""
        self._interrupted = True
        child = self._child
        if child is not None:
            child.kill()

    def close(self) -> None:
        """End the child and remove its folder."""
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _memory_reason(limits: SandboxLimits) -> str:
    return (
        f"needed more than {limits.memory_bytes / 2**30:.3g} GiB of memory "
        "(setting ingest.parse_memory_bytes)"
    )


class _ChildError(ParseError):
    """The child ended, or had to be ended. `too_late`: because of a limit of time."""

    too_late = False


class _RecognitionError(_ChildError):
    """While it recognised characters: without that the file may be read."""


class _Child:
    def __init__(self, config: str) -> None:
        self.files = 0
        self.idle_bytes = 0
        self._received = bytearray()
        self._recognising = False
        self._folder = tempfile.mkdtemp(prefix="philo-parse-")
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                [sys.executable, "-I", "-B", "-X", "utf8", "-c", _BOOT, config],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._folder,
                env=_ENVIRONMENT,
                start_new_session=True,
            )
        except OSError:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        try:
            ready = self._receive(time.monotonic() + START_TIMEOUT_S, 4096)
        except (TimeoutError, EOFError, OverflowError, ValueError) as exc:
            self.end()
            raise ParseError(
                f"the parser could not be started (exit status {self._process.returncode})"
            ) from exc
        self.filtered = bool(ready["filtered"])
        self.idle_bytes = int(ready["address_space"])

    def ask(self, request: dict[str, Any], limits: SandboxLimits) -> dict[str, Any]:
        """One file. After an error the child is of no use any more.

        Raises:
            ParseError: it crashed or exceeded a limit; `_RecognitionError` where it was about
                to recognise characters.
        """
        self.files += 1
        self._recognising = False
        try:
            return self._await_answer(request, limits)
        except TimeoutError as exc:
            reason = f"took longer than {limits.timeout_s:g} s (setting ingest.parse_timeout_s)"
            failure = self.failure(reason)
            failure.too_late = True
            raise failure from exc
        except OverflowError as exc:
            raise ParseError(f"gave more than {limits.max_output_bytes >> 20} MiB of text") from exc
        except (EOFError, BrokenPipeError) as exc:
            failure = self.failure(self._reason_of_death(limits))
            failure.too_late = self._process.returncode == -signal.SIGXCPU
            raise failure from exc
        except ValueError as exc:
            raise ParseError("the parser answered nonsense") from exc

    def failure(self, reason: str) -> _ChildError:
        """The error for what went wrong, by what the child was about to do."""
        return _RecognitionError(reason) if self._recognising else _ChildError(reason)

    def _await_answer(self, request: dict[str, Any], limits: SandboxLimits) -> dict[str, Any]:
        assert self._process.stdin is not None  # noqa: S101 - for the type checker
        self._process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
        self._process.stdin.flush()
        last = time.monotonic() + MOST_BATCHES * limits.timeout_s + request["ocr_timeout_s"]
        while True:
            deadline = min(last, time.monotonic() + limits.timeout_s)
            message = self._receive(deadline, limits.max_output_bytes)
            if "progress" not in message:
                return message
            self._recognising = message["progress"] == {"recognising": True}

    def _receive(self, deadline: float, most_bytes: int) -> dict[str, Any]:
        """One line of JSON.

        Raises:
            TimeoutError, OverflowError, EOFError: too late, too long, the child ended.
        """
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        descriptor = self._process.stdout.fileno()
        searched = 0
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while (end := self._received.find(b"\n", searched)) < 0:
                searched = len(self._received)
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                block = os.read(descriptor, 2**20)
                if not block:
                    raise EOFError
                self._received += block
                if len(self._received) > most_bytes:
                    raise OverflowError
        message = json.loads(self._received[:end])
        del self._received[: end + 1]
        if not isinstance(message, dict):
            raise ValueError("not an object")
        return message

    def _reason_of_death(self, limits: SandboxLimits) -> str:
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "the parser broke off"
        if -status == signal.SIGXCPU:
            return f"took longer than {limits.timeout_s:g} s (setting ingest.parse_timeout_s)"
        if -status in (signal.SIGABRT, signal.SIGTRAP, signal.SIGILL):
            # How PDFium and the C library end when memory is refused.
            return f"{_memory_reason(limits)}, or the parser crashed (signal {-status})"
        if status < 0:
            return f"the parser crashed (signal {-status})"
        return f"the parser broke off (exit status {status})"

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        if self.is_alive:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> None:
        self.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        shutil.rmtree(self._folder, ignore_errors=True)
