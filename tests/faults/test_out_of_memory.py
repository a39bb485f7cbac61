"""A document that needs more memory than one may have fails alone, with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.processes import Processes, await_job, titles, upload

LEAST_MEMORY_BYTES = 256 * 2**20


@pytest.fixture
def environment(model_directory: Path) -> dict[str, str]:
    return {
        "PHILO_MODELS__DIRECTORY": str(model_directory),
        "PHILO_MODELS__GENERATOR": "none",
        "PHILO_INGEST__PARSE_MEMORY_BYTES": str(LEAST_MEMORY_BYTES),
    }


@pytest.mark.long
def test_the_service_goes_on_after_a_document_that_needs_too_much(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    processes = Processes(tmp_path / "data", environment)
    try:
        api = processes.start("serve", "--port", "0").told["api"]
        text = "The gate of the south opens at seven.\n\n" * 800_000
        large = upload(api, "large.txt", text)
        small = upload(api, "gate.txt", "The north gate opens at seven in the morning.")
        failed = await_job(api, large, "dead", "done")
        assert "needed more than 0.25 GiB of memory" in failed["reason"]
        await_job(api, small, "done")
        assert titles(api, "When does the north gate open?") == ["gate"]
    finally:
        processes.kill_all()
