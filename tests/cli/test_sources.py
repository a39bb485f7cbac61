"""`philo sources` and `philo ingest --watch`, alone and through the running service."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PHILO = [sys.executable, "-m", "assistant.cli"]
KEYS = {
    "id", "kind", "name", "options", "schedule", "collection", "groups", "state", "added_at",
    "started_at", "completed_at", "next_run_at", "error", "counts",
}  # fmt: skip


@pytest.fixture
def environment(data: Path, model_directory: Path) -> dict[str, str]:
    return os.environ | {
        "PHILO_DATA": str(data),
        "PHILO_MODELS__DIRECTORY": str(model_directory),
        "PHILO_MODELS__GENERATOR": "none",
    }


@pytest.fixture
def service(environment):
    process = subprocess.Popen(
        [*PHILO, "up", "--port", "0", "--json"], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline(), "the service ended before it served"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture
def watching(environment, handbook):
    """`philo ingest --watch` in a process of its own, and what it prints."""
    process = subprocess.Popen(
        [*PHILO, "ingest", str(handbook), "--watch"],
        env=environment | {"PYTHONFAULTHANDLER": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background ignores interrupts, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    yield process
    process.kill()
    process.wait()
    process.stdout.close()
    process.stderr.close()


def follow(process: subprocess.Popen, handbook: Path) -> None:
    """One line for each document: those of the beginning, then each change."""
    said = sorted(process.stdout.readline().split()[0:2] for _ in range(2))
    assert said == [["added", str(handbook / name)] for name in ("frais.md", "leave.md")]
    (handbook / "new.md").write_text("# New\n\nRemote work is allowed on two days a week.\n")
    assert process.stdout.readline().split() == ["added", str(handbook / "new.md")]
    (handbook / "leave.md").unlink()
    assert process.stdout.readline().split() == ["removed", str(handbook / "leave.md")]
    process.send_signal(signal.SIGINT)
    try:
        assert process.wait(60) == 130
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)  # what it is at, for whoever has to find out
        raise AssertionError(process.stderr.read()) from None
    assert process.stdout.read() == ""
    assert "Traceback" not in process.stderr.read()


def test_a_folder_is_watched_until_it_is_interrupted(watching, handbook, philo):
    follow(watching, handbook)
    assert philo("documents", "list", "--json").json["total"] == 2


def test_a_folder_is_watched_through_the_running_service(service, request, handbook, philo):
    follow(request.getfixturevalue("watching"), handbook)
    time.sleep(2.5)  # by then the service has noticed
    (handbook / "late.md").write_text("# Late\n\nNobody watches any more.\n")
    time.sleep(3)
    assert philo("documents", "list", "--json").json["total"] == 2


@pytest.fixture
def due(philo, handbook) -> None:
    """A source whose time has come, registered before the service starts."""
    added = philo("sources", "add", "folder", "due", "-o", f"path={handbook}", "--every", "1h")
    assert added.code == 0


def test_a_source_from_its_beginning_to_its_end(due, service, philo, handbook):
    latest = time.monotonic() + 30
    while philo("sources", "show", "due", "--json").json["state"] != "complete":
        assert time.monotonic() < latest, "the service does not run what is due"
        time.sleep(0.2)
    added = philo(
        "sources", "add", "folder", "handbook", "--option", f"path={handbook}",
        "--every", "daily 02:00", "--collection", "hr", "--groups", "staff, board", "--json",
    )  # fmt: skip
    assert added.json.keys() == KEYS
    assert added.json["options"] == {"path": str(handbook)}
    assert (added.json["collection"], added.json["groups"]) == ("hr", ["staff", "board"])
    assert philo("sources", "sync", "handbook", "--json").json["added"] == 2
    shown = philo("sources", "show", "handbook", "--json").json
    assert (shown["state"], shown["counts"]["added"]) == ("complete", 2)
    assert shown in philo("sources", "list", "--json").json["sources"]
    assert "handbook" in philo("sources", "list").out
    (handbook / "leave.md").unlink()
    assert "1 removed" in philo("sources", "sync", "handbook").out
    removed = philo("sources", "remove", "handbook", "--json").json
    assert removed == {"removed": "handbook", "removed_documents": 1}
    gone = philo("sources", "sync", "handbook", "--json")
    assert (gone.code, gone.json["error"]["type"]) == (1, "UnknownSourceError")
    assert philo("documents", "list", "--json").json["total"] == 2
    for arguments, code, told in WRONG:
        outcome = philo(*arguments)
        assert outcome.code == code
        assert told in outcome.err
        assert "s3cr3t" not in outcome.err + outcome.out
    service.send_signal(signal.SIGTERM)
    assert service.wait(30) == 128 + signal.SIGTERM


WRONG = [
    (("sources", "add", "ftp", "x"), 1, "no kind of source"),
    (("sources", "add", "s3", "x", "-o", "bucket"), 2, "name=value"),
    (("sources", "add", "s3", "x", "-o", "secret_key=s3cr3t"), 1, "secret_key"),
    (("sources", "add", "folder", "x", "-o", "path=/", "--every", "often"), 1, "daily 02:00"),
    (("sources", "add", "folder", "x", "-o", "path=/", "--groups", ","), 2, "at least one group"),
    (("ingest", "https://example.org/page"), 1, "PHILO_SOURCES__WEB=true"),
    (("ingest", __file__, "--watch"), 1, "is no folder"),
]
