"""`philo jobs`, quarantine, and what a command leaves to the next."""

import os
import signal
import subprocess
import sys
import time

import pytest

PHILO = [sys.executable, "-m", "assistant.cli"]


def test_a_failed_document_is_listed_and_retried_with_the_next_ingest(philo, handbook):
    (handbook / "noise.txt").write_bytes(bytes(range(256)) * 9)
    philo("ingest", handbook)
    [dead] = philo("jobs", "list", "--state", "dead", "--json").json["jobs"]
    assert "binary data" in dead["reason"]
    assert philo("jobs", "retry", dead["id"], "--json").json["state"] == "queued"
    (handbook / "noise.txt").write_text("Now it is text.")
    philo("ingest", handbook / "leave.md")
    shown = philo("jobs", "show", dead["id"], "--json").json
    assert (shown["uri"], shown["outcome"]) == (dead["uri"], "added")
    assert "done" in philo("jobs", "list").out


def test_what_was_read_badly_is_said_listed_and_released(philo, tmp_path, monkeypatch):
    monkeypatch.setenv("PHILO_INGEST__MIN_READ_SHARE", "0.5")
    (tmp_path / "scan.txt").write_text("The first page.\f\f\fThe fourth page.\f\f")
    (tmp_path / "partly.txt").write_text("The first page.\f\f\fThe fourth page.")
    said = philo("ingest", tmp_path / "scan.txt", tmp_path / "partly.txt").out
    assert "min_read_share" in said
    assert "pages 2-3 of" in said
    [held] = philo("documents", "list", "--state", "quarantined", "--json").json["documents"]
    assert (held["state"], held["empty_pages"]) == ("quarantined", [2, 3, 5, 6])
    released = philo("documents", "release", held["id"], "--json").json
    assert released["state"] == "published"


def test_a_killed_ingest_is_finished_by_the_next(philo, data, model_directory, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(30):
        text = f"# Paper {number}\n\n" + f"Paper {number} speaks of bicycles. " * 9
        (folder / f"{number}.md").write_text(text)
    environment = os.environ | {
        "PHILO_DATA": str(data),
        "PHILO_MODELS__DIRECTORY": str(model_directory),
        "PHILO_MODELS__GENERATOR": "none",
    }
    child = subprocess.Popen(
        [*PHILO, "ingest", str(folder)], env=environment, stderr=subprocess.DEVNULL
    )
    wait_for_first_document(data, child)
    child.send_signal(signal.SIGKILL)
    child.wait()
    report = philo("ingest", folder, "--json").json
    assert report["added"] + report["unchanged"] == 30
    assert report["added"] > 0
    listed = philo("jobs", "list", "--limit", "500", "--json").json["jobs"]
    assert {job["state"] for job in listed} == {"done", "cancelled"}
    assert philo("documents", "list", "--json").json["total"] == 30


def wait_for_first_document(data, child):
    import sqlite3
    from contextlib import closing

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert child.poll() is None, "it ended before it was killed"
        if (data / "philo.db").exists():
            with closing(sqlite3.connect(data / "philo.db", timeout=5)) as connection:
                try:
                    [[done]] = connection.execute("SELECT count(*) FROM jobs WHERE state = 'done'")
                except sqlite3.OperationalError:
                    done = 0
            if done:
                return
        time.sleep(0.01)
    pytest.fail("no document came in")
