"""Another program has the SQLite file locked: who needs it waits or is told to come back."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from assistant.api.rest import create_api
from assistant.knowledge import sqlite
from assistant.service import open_assistant
from assistant.settings import load_settings
from tests.cli.processes import Processes

TOKEN = "the operator's own"
LOCKED_S = 30.0
LONGEST_S = 40.0
"""A request that waits for the database does so for 30 s."""


@contextmanager
def locked(data: Path) -> Iterator[None]:
    with closing(sqlite3.connect(data / "philo.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def upload(client: httpx.Client, name: str) -> httpx.Response:
    file = {"file": (name, f"{name} is about leave.".encode())}
    return client.post("/documents", files=file, params={"wait": False})


def await_done(client: httpx.Client, job_ids: Sequence[str]) -> None:
    until = time.monotonic() + 60
    for job_id in job_ids:
        while (state := client.get(f"/jobs/{job_id}").json()["state"]) != "done":
            assert time.monotonic() < until, state
            time.sleep(0.05)


def test_who_cannot_wait_any_longer_is_told_to_come_back(
    tmp_path: Path, model_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.3)
    environ = {
        "PHILO_MODELS__DIRECTORY": str(model_directory),
        "PHILO_MODELS__GENERATOR": "none",
        "PHILO_MODELS__READER": "none",
    }
    with open_assistant(load_settings(tmp_path, environ=environ)) as assistant:
        client = TestClient(
            create_api(assistant, operator_token=TOKEN), raise_server_exceptions=False
        )
        assistant.ingestor.start()
        job = upload(client, "before.txt").json()["id"]
        await_done(client, [job])
        with locked(tmp_path):
            refused = upload(client, "meanwhile.txt")
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
            assert refused.json()["error"]["type"] == "DataDirectoryBusyError"
            asked = client.get("/search", params={"q": "leave"})
            assert asked.status_code == 503  # what cannot be written down is not answered
        job = upload(client, "after.txt").json()["id"]
        await_done(client, [job])


@pytest.mark.long
def test_half_a_minute_of_a_locked_database_loses_nothing(
    tmp_path: Path, model_directory: Path
) -> None:
    processes = Processes(
        tmp_path / "data",
        {"PHILO_MODELS__DIRECTORY": str(model_directory), "PHILO_MODELS__GENERATOR": "none"},
    )
    statuses: Counter[int] = Counter()
    accepted: list[str] = []
    ended = threading.Event()

    def work(client: httpx.Client, number: int) -> None:
        turn = 0
        while not ended.wait(0.2):
            turn += 1
            sent = upload(client, f"paper{number}-{turn}.txt")
            found = client.get("/search", params={"q": "What is about leave?"})
            statuses.update([sent.status_code, found.status_code])
            if sent.status_code == 202:
                accepted.append(sent.json()["id"])

    try:
        api = processes.start("serve", "--port", "0").told["api"]
        with httpx.Client(base_url=api, timeout=LONGEST_S) as client, ThreadPoolExecutor(3) as pool:
            running = [pool.submit(work, client, number) for number in range(3)]
            try:
                time.sleep(2)
                with locked(tmp_path / "data"):
                    time.sleep(LOCKED_S + 5)
                began_s = time.monotonic()
                job = upload(client, "after.txt")
                assert job.status_code == 202, json.dumps(job.json())
                accepted.append(job.json()["id"])
                assert time.monotonic() - began_s < 15
            finally:
                ended.set()
            for one in running:
                one.result()
            await_done(client, accepted)
        assert statuses.keys() <= {200, 202, 503}, statuses
    finally:
        processes.kill_all()
