"""`philo serve --replicas 2 --cluster auto`: the real model, on a cluster of this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from assistant.data_directory import find_service

PHILO = [sys.executable, "-m", "assistant.cli"]


@pytest.fixture
def service(tmp_path: Path, model_directory: Path) -> Iterator[tuple[subprocess.Popen, str, dict]]:
    environment = os.environ | {
        "PHILO_DATA": str(tmp_path / "data"),
        "PHILO_MODELS__DIRECTORY": str(model_directory),
    }
    environment.pop("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", None)  # philo sets it itself
    process = subprocess.Popen(
        [*PHILO, "serve", "--replicas", "2", "--cluster", "auto", "--port", "0", "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    assert line, "the service ended before it served"
    yield process, json.loads(line)["url"], environment
    process.kill()
    process.wait()
    process.stdout.close()


def descendants(process_id: int) -> set[int]:
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has just ended
        children.setdefault(parent, []).append(int(folder.name))
    found, waiting = set(), [process_id]
    while waiting:
        one = waiting.pop()
        found.add(one)
        waiting.extend(children.get(one, ()))
    return found


def listening(process_ids: set[int]) -> set[str]:
    """Addresses in hexadecimal, as the kernel has them, on which the processes listen."""
    sockets = set()
    for process_id in process_ids:
        for link in Path(f"/proc/{process_id}/fd").glob("*"):
            try:
                sockets.add(str(link.readlink()))
            except OSError:
                continue
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                found.add(fields[1].partition(":")[0])
    return found


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_replicas_of_the_real_model_answer_and_only_this_machine_can_reach_them(
    service: tuple[subprocess.Popen, str, dict], tmp_path: Path
) -> None:
    process, url, environment = service
    (tmp_path / "leave.md").write_text(
        "# Leave policy\n\nEvery employee in Dublin has 26 days of annual leave in each calendar "
        "year.\n"
    )

    def philo(*arguments: str) -> dict:
        done = subprocess.run(
            [*PHILO, *arguments, "--json"], env=environment, capture_output=True, timeout=120
        )
        return json.loads(done.stdout)

    assert philo("ingest", str(tmp_path / "leave.md"))["added"] == 1
    answer = philo("ask", "How many days of leave does each employee in Dublin have?")
    assert "26" in answer["answer"]
    assert (answer["model"], answer["writer"]) == ("smollm2-135m-instruct", "model")
    refused = philo("ingest", "--cluster", "auto", str(tmp_path / "leave.md"))
    assert "[ingest]" in refused["error"]["message"]
    assert httpx.get(f"{url}/api/health").json()["status"] == "ok"
    assert httpx.get(url).status_code == 404  # no page

    family = descendants(process.pid)
    assert len(family) > 6
    loopback = {"0100007F", "0000000000000000FFFF00000100007F", "0" * 24 + "01000000"}
    assert listening(family) <= loopback
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM
    assert find_service(tmp_path / "data") is None
    deadline = time.monotonic() + 20
    while left := [one for one in family if Path(f"/proc/{one}").exists()]:
        assert time.monotonic() < deadline, left
        time.sleep(0.2)
