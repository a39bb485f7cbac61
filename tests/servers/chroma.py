"""A real Chroma server of the tests' own: one a session, on a loopback port."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from assistant.offline import SWITCHES
from assistant.storage_settings import ChromaSettings
from tests.servers.ports import free_port


class ChromaProcess:
    """Started by `start`, which may be called again after `stop` or `kill`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(Path(sys.executable).with_name("chroma"), "run"),
                    *("--path", self.directory / "data"),
                    *("--host", "127.0.0.1", "--port", str(self.port)),
                ],
                stdout=log,
                stderr=log,
                env={**os.environ, **SWITCHES},
            )
        until = time.monotonic() + 120
        while True:
            with suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{self.port}/api/v2/heartbeat").is_success:
                    return
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise RuntimeError((self.directory / "log").read_text(encoding="utf-8"))
            time.sleep(0.02)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """It keeps its connections and answers nobody, until `thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def settings(self, **fields: object) -> ChromaSettings:
        """Of an installation of its own on this server."""
        stated = {"port": self.port, "collection": f"test-{secrets.token_hex(6)}"}
        return ChromaSettings.model_validate({**stated, **fields})

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None


@pytest.fixture(scope="session")
def chroma_server() -> Iterator[ChromaProcess]:
    """For all tests that leave it running."""
    with tempfile.TemporaryDirectory(prefix="philo-chroma-") as made:
        server = ChromaProcess(Path(made))
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture
def mortal_chroma(tmp_path: Path) -> Iterator[ChromaProcess]:
    """One to stop, freeze and kill."""
    server = ChromaProcess(tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.kill()
