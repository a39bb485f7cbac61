"""The processes of one installation, each started with a command as its own."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.cli.conftest import PHILO

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Started:
    """A process that said that it is ready, and what it said."""

    process: subprocess.Popen[str]
    told: dict[str, Any]

    def end(self, how: int) -> int:
        self.process.send_signal(how)
        return self.process.wait(30)


class Processes:
    """They share `data` and the servers that `environment` names."""

    def __init__(self, data: Path, environment: dict[str, str]) -> None:
        self.data = data
        self._environment = os.environ | environment | {"PHILO_DATA": str(data)}
        self._started: list[subprocess.Popen[str]] = []

    @contextmanager
    def set(self, name: str, value: str) -> Iterator[None]:
        """A variable of those that are started meanwhile."""
        self._environment[name] = value
        try:
            yield
        finally:
            del self._environment[name]

    def begin(self, *command: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*PHILO, *command, "--json"],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def start(self, *command: str) -> Started:
        return told_by(self.begin(*command))

    def kill_all(self) -> None:
        for process in self._started:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def told_by(process: subprocess.Popen[str]) -> Started:
    """Waits until the process is ready."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "it ended before it was ready"
    return Started(process, json.loads(line))


def upload(api: str, name: str, content: str) -> str:
    """The id of the job for it."""
    answer = httpx.post(
        f"{api}/documents", files={"file": (name, content.encode())}, params={"wait": False}
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def await_job(api: str, job_id: str, *states: str) -> dict[str, Any]:
    """The job, once it is in one of the states."""
    until = time.monotonic() + PATIENCE_S
    while True:
        job: dict[str, Any] = httpx.get(f"{api}/jobs/{job_id}").raise_for_status().json()
        if job["state"] in states:
            return job
        assert time.monotonic() < until, job
        time.sleep(0.05)


def titles(api: str, question: str) -> list[str]:
    answer = httpx.get(f"{api}/search", params={"q": question}, timeout=30).raise_for_status()
    return [hit["title"] for hit in answer.json()["hits"]]
