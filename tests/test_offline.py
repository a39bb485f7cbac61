"""Nothing phones home: ingest and ask, with every connection of every process watched."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

WATCHER = """
import sys
def watch(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
        with open(%r, "a") as log:
            log.write(f"{event} {arguments[1:] if event != 'socket.getaddrinfo' else arguments}\\n")
sys.addaudithook(watch)
"""
LOOPBACK = re.compile(r"127\\.0\\.0\\.1|localhost|::1|AF_UNIX|/")


@pytest.fixture
def watched(tmp_path: Path, model_directory: Path):
    """Runs `philo` with Python's own audit hook and, where there is strace, the kernel's view."""
    python_log, kernel_log = tmp_path / "python.log", tmp_path / "kernel.log"
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(WATCHER % str(python_log))
    environment = os.environ | {
        "PYTHONPATH": str(site),
        "PHILO_DATA": str(tmp_path / "data"),
        "PHILO_MODELS__DIRECTORY": str(model_directory),
    }

    def run(*arguments: str) -> dict:
        command = [sys.executable, "-m", "assistant.cli", *arguments, "--json"]
        strace = ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg"]
        strace += ["-A", "-o", str(kernel_log)]
        done = subprocess.run(
            [*strace, *command], env=environment, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def connections() -> list[str]:
        python = python_log.read_text().splitlines() if python_log.exists() else []
        kernel = [
            line
            for line in kernel_log.read_text().splitlines()
            if "AF_INET" in line and not re.search(r'"127\.|"::1"', line)
        ]
        return [line for line in python if not LOOPBACK.search(line)] + kernel

    return run, connections, kernel_log


def test_ingest_and_ask_connect_to_nothing_but_loopback(watched, tmp_path):
    run, connections, _ = watched
    (tmp_path / "leave.md").write_text("# Leave\n\nEach employee has 27 days of leave a year.\n")
    assert run("ingest", str(tmp_path / "leave.md"))["added"] == 1
    answer = run("ask", "How many days of leave does each employee have?")
    assert "27" in answer["answer"]
    assert answer["model"] == "smollm2-135m-instruct"
    assert connections() == []


def test_the_watch_sees_a_connection(watched, tmp_path):
    """The test above would be worth nothing if this failed."""
    _, connections, kernel_log = watched
    script = "import socket; s = socket.socket(); s.settimeout(.1); s.connect_ex(('192.0.2.1', 9))"
    strace = ["strace", "-f", "-qq", "-e", "trace=connect", "-o", kernel_log]
    subprocess.run([*strace, sys.executable, "-c", script], check=True, timeout=60)
    assert len(connections()) == 1
