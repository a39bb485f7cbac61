"""Run by test_indexes.py: builds, switches and drops an index in a process that is killed at a
given step.

    python -m tests.knowledge.dying_indexer ROOT STEP [STEP ...]

Leaves one data directory ROOT/STEP for each. One process forks for all of them, so that the
libraries are imported only once.
"""

from __future__ import annotations

import os
import runpy
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import chromadb  # noqa: F401 # imported before the forks

from tests.knowledge.second_index import begin, catch_up, open_first

SHELF = runpy.run_path(str(Path(__file__).with_name("conftest.py")))["Shelf"]


def fill(directory: Path) -> None:
    shelf = SHELF(directory)
    shelf.put("file:///a", "ancien loyer", "ancienne cantine")
    shelf.put("file:///b", "le parking", groups=("hr",))
    shelf.hold("file:///h", "mal lu")
    shelf.close()


def index_and_die(directory: Path, step: str) -> None:
    def failpoint(reached: str) -> None:
        if reached == step:
            os.kill(os.getpid(), signal.SIGKILL)

    library = open_first(directory, failpoint=failpoint)
    begin(library)
    catch_up(library)
    library.indexes.switch(2)
    library.indexes.drop(1)


def run_in_child(work: Callable[[], None]) -> int:
    """The exit status of `work`, negative where a signal ended it."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(root: Path, steps: list[str]) -> None:
    seed = root / "seed"
    if run_in_child(lambda: fill(seed)) != 0:
        sys.exit("the shelf could not be filled")
    for step in steps:
        directory = root / step
        shutil.copytree(seed, directory)
        status = run_in_child(lambda d=directory, s=step: index_and_die(d, s))
        if status != -signal.SIGKILL:
            sys.exit(f"not killed at {step!r}: status {status}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
