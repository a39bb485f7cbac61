"""Run by test_crashes.py: changes a shelf in a process that is killed at a given step.

    python dying_writer.py ROOT CHANGE/STEP [CHANGE/STEP ...]

Leaves one data directory ROOT/CHANGE/STEP for each. One process forks for all of them,
so that the libraries are imported only once.
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

SHELF = runpy.run_path(str(Path(__file__).with_name("conftest.py")))["Shelf"]


def fill(directory: Path) -> None:
    shelf = SHELF(directory)
    shelf.put("file:///a", "ancien loyer", "ancienne cantine", "ancien parking")
    shelf.put("file:///z", "un troisième document")
    shelf.close()


def change_and_die(directory: Path, change: str, step: str) -> None:
    def failpoint(reached: str) -> None:
        if reached == step:
            os.kill(os.getpid(), signal.SIGKILL)

    shelf = SHELF(directory, failpoint=failpoint)
    document = shelf.library.find("file:///a", "default")
    if change == "publish":
        shelf.put("file:///a", "nouveau loyer", "nouvelle cantine")
    elif change == "add":
        shelf.put("file:///b", "nouveau loyer")
    elif change == "retire":
        shelf.library.retire(document.document_id)
    elif change == "regroup":
        shelf.library.set_groups(document.document_id, frozenset({"hr"}))


def run_in_child(work: Callable[[], None]) -> int:
    """The exit status of `work`, negative where a signal ended it."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(root: Path, cases: list[str]) -> None:
    seed = root / "seed"
    if run_in_child(lambda: fill(seed)) != 0:
        sys.exit("the shelf could not be filled")
    for case in cases:
        change, step = case.split("/")
        directory = root / change / step
        shutil.copytree(seed, directory)
        status = run_in_child(lambda d=directory, c=change, s=step: change_and_die(d, c, s))
        if status != -signal.SIGKILL:
            sys.exit(f"{change} was not killed at {step!r}: status {status}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
