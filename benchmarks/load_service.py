"""A service of its own under load: started on a loopback port, watched, and ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

PHILO = [sys.executable, "-m", "assistant.cli"]
ROOT = Path(__file__).parents[1]
STOP_S = 60.0


@dataclass(frozen=True, slots=True)
class Sample:
    """Of the service's own process; `family_bytes` with the processes that it has started."""

    at_s: float
    resident_bytes: int
    family_bytes: int
    files: int
    threads: int
    cpu_s: float


class Service:
    """A running `philo serve`. `url` has no path."""

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self._process = psutil.Process(pid)

    def sample(self, at_s: float) -> Sample:
        family = 0
        used = self._process.cpu_times()
        cpu_s = used.user + used.system
        for one in self._process.children(recursive=True):
            try:
                family += one.memory_info().rss
                used = one.cpu_times()
                cpu_s += used.user + used.system
            except psutil.NoSuchProcess:
                continue  # it has just ended
        resident = self._process.memory_info().rss
        return Sample(
            at_s=at_s,
            resident_bytes=resident,
            family_bytes=resident + family,
            files=self._process.num_fds(),
            threads=self._process.num_threads(),
            cpu_s=cpu_s,
        )

    def steps(self) -> dict[tuple[str, str], tuple[float, float]]:
        """(way, step) -> how often it was taken so far, and seconds in all."""
        told = httpx.get(f"{self.url}/metrics", timeout=30)
        told.raise_for_status()
        found: dict[tuple[str, str], dict[str, float]] = {}
        for family in text_string_to_metric_families(told.text):
            if family.name == "philo_step_seconds":
                for one in family.samples:
                    key = (one.labels["way"], one.labels["step"])
                    found.setdefault(key, {})[one.name.rpartition("_")[2]] = one.value
        return {key: (one["count"], one["sum"]) for key, one in found.items()}

    @contextmanager
    def watched(self, *, every_s: float) -> Iterator[list[Sample]]:
        """A list to which a sample is added again and again."""
        started = time.perf_counter()
        samples = [self.sample(0.0)]
        over = threading.Event()

        def watch() -> None:
            while not over.wait(every_s):
                samples.append(self.sample(time.perf_counter() - started))

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield samples
        finally:
            over.set()
            thread.join()


@contextmanager
def running_service(data: Path, settings: Mapping[str, str]) -> Iterator[Service]:
    """`philo serve` over a data directory.

    Args:
        settings: PHILO_ variables.
    """
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*PHILO, "serve", "--data", str(data), "--port", "0", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PHILO_OBSERVABILITY__METRICS": "true"} | dict(settings),
    )
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("the service ended before it served; it has said why above")
        yield Service(json.loads(line)["url"], process.pid)
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
