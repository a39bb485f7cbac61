"""A disk that is full: said clearly, nothing lost, and right again when there is room."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.disks import small_disk

HANDBOOK = Path(__file__).parents[2] / "examples" / "handbook"


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """The data directory on a disk of 3 MiB."""
    with small_disk(tmp_path / "disk", "3m") as disk:
        yield disk / "data"


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
