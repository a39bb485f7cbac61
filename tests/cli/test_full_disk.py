"""A disk that is full: said clearly, nothing lost, and right again when there is room."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

HANDBOOK = Path(__file__).parents[2] / "examples" / "handbook"


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """The data directory on a disk of 3 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", disk], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield disk / "data"
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_full_disk_is_said_and_survived(philo, data):
    outcome = philo("ingest", HANDBOOK)
    assert outcome.code == 1
    assert "space" in outcome.err
    assert "Traceback" not in outcome.err
    subprocess.run(["mount", "-o", "remount,size=2g", data.parent], check=True)
    report = philo("ingest", HANDBOOK, "--json").json
    assert report["failed"] == []
    assert report["added"] + report["unchanged"] + report["updated"] == 13
    assert philo("documents", "list", "--json").json["total"] == 13
    assert philo("doctor", "--json").json["ok"]
