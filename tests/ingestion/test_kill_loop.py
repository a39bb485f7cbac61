"""Kill -9 at any instant: what was acknowledged is there, whole, once, and nothing is left over."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("kill_loop.py")


def run_loop(root, rounds, seed):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(root), str(rounds), str(seed)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


@pytest.mark.timeout(600)
def test_sixty_kills_lose_nothing(tmp_path):
    told = run_loop(tmp_path / "loop", 60, seed=20261123)
    assert told["killed"] >= 50
    assert len(told["steps"]) >= 12


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_a_thousand_kills_lose_nothing(tmp_path, seed):
    assert run_loop(tmp_path / "loop", 200, seed=seed)["killed"] >= 160
