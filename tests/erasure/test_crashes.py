"""Killed at any step, an erasure is finished at the next start."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.erasure.erasures import Erasures
from assistant.erasure.types import Step
from tests.erasure.conftest import BONUS, CANTEEN, SALARY
from tests.knowledge.second_index import open_first

STEPS = [
    "traces kept",
    "erasure asked",
    "hidden",
    "purged",
    "audit redacted",
    "vectors renewed",
    "erasure compacted",
    "receipt written",
    "erasure done",
]
MORE_STEPS = [
    "vectors purged",
    "lexicon purged",
    "erasure hidden",
    "question sets forgotten",
    "ratings forgotten",
    "erasure forgotten",
    "lexicon renewed",
    "erasure renewed",
    "residue searched",
]


def kill_at(root: Path, steps: list[str]) -> Path:
    command = [sys.executable, "-m", "tests.erasure.dying_eraser", str(root), *steps]
    environment = os.environ | {"TMPDIR": str(root)}
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2], env=environment)
    return root


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds STEP for each: a data directory whose owner was killed there."""
    return kill_at(tmp_path_factory.mktemp("killed"), STEPS)


def assert_finished(directory: Path, step: str) -> None:
    library = open_first(directory)
    try:
        erasures = Erasures(library)
        pending = [one for one in erasures.all() if one.step is not Step.DONE]
        assert len(pending) == (step not in ("traces kept", "erasure done"))
        receipts = erasures.resume()
        assert [(one.complete, one.residue) for one in receipts] == [(True, [])] * len(pending)
        assert erasures.resume() == []
        assert not (directory / "erasing").exists()
        assert library.audit.verify().ok
        if step == "traces kept":  # it was not acknowledged, and nothing of it was done
            assert erasures.all() == []
            return
        (info,) = erasures.all()
        assert info.receipt is not None
        assert erasures.check(info.receipt).authentic
        kept = b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())
        assert CANTEEN.encode() in kept
        for text in (SALARY, BONUS):
            assert text.encode() not in kept
    finally:
        library.close()


@pytest.mark.parametrize("step", STEPS)
def test_after_a_kill_the_erasure_is_finished(killed: Path, step: str) -> None:
    assert_finished(killed / step, step)


@pytest.mark.long
@pytest.mark.parametrize("step", MORE_STEPS)
def test_after_a_kill_at_the_other_steps_as_well(tmp_path: Path, step: str) -> None:
    assert_finished(kill_at(tmp_path, [step]) / step, step)


@pytest.mark.parametrize("part", ["vectors", "lexicon"])
def test_a_kill_between_former_and_fresh_files_loses_nothing(open_shelf, tmp_path, part):
    shelf = open_shelf()
    shelf.put("file:///handbook/canteen.txt", CANTEEN)
    shelf.close()
    shutil.copytree(tmp_path / part, tmp_path / f"{part}.fresh")
    (tmp_path / part).replace(tmp_path / f"{part}.former")
    library = open_first(tmp_path)
    assert len(library.stores[0].vectors.ids()) == len(library.stores[0].lexicon.ids()) == 1
    assert {path.name for path in tmp_path.glob(f"{part}*")} == {part}
    library.close()
