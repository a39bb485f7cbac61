"""In a network namespace of its own, where not even this machine can be reached."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import PHILO

ALONE = ["unshare", "--net"]


@pytest.fixture
def environment(tmp_path: Path, model_directory: Path) -> dict[str, str]:
    tried = subprocess.run([*ALONE, "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"no network namespace can be made here: {tried.stderr.strip()}")
    return os.environ | {
        "PHILO_DATA": str(tmp_path / "data"),
        "PHILO_MODELS__DIRECTORY": str(model_directory),
    }


@pytest.mark.long
def test_documents_are_brought_in_and_asked(environment: dict[str, str], tmp_path: Path) -> None:
    """By a generator that writes; tests/test_offline.py watches for attempts to connect."""
    document = tmp_path / "leave.md"
    document.write_text("# Leave\n\nEach employee has 27 days of leave a year.\n", encoding="utf-8")

    def philo(*arguments: str) -> dict[str, object]:
        command = [*ALONE, *PHILO, *arguments, "--json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        told: dict[str, object] = json.loads(done.stdout)
        return told

    assert philo("ingest", str(document))["added"] == 1
    answer = philo("ask", "How many days of leave does each employee have?")
    assert "27" in str(answer["answer"])
    assert answer["model"] == "smollm2-135m-instruct"
    assert philo("doctor")["ok"]
