"""Chroma on a full disk: what is asked of it comes back, then and when there is room again."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.disks import small_disk


@pytest.mark.parametrize("how", ["", "unguarded", "unguarded anew"])
def test_no_change_of_vectors_waits_on_a_full_disk(how: str, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "16m") as folder:
        # Of its own, as one that waits in Chroma stands still as a whole.
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.full_vectors", folder, *how.split()],
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
