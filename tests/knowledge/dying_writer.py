"""Run by test_crashes.py: changes a shelf in a process that is killed at a given step.

    python -m tests.knowledge.dying_writer ROOT CHANGE/STEP [CHANGE/STEP ...]

Leaves one data directory ROOT/CHANGE/STEP for each. One process forks for all of them,
so that the libraries are imported only once.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import chromadb  # noqa: F401 # imported before the forks

from tests.dying import die_at, kill_at_each

SHELF = runpy.run_path(str(Path(__file__).with_name("conftest.py")))["Shelf"]


def fill(directory: Path) -> None:
    shelf = SHELF(directory)
    shelf.put("file:///a", "ancien loyer", "ancienne cantine", "ancien parking")
    shelf.put("file:///z", "un troisième document")
    shelf.close()


def change_and_die(directory: Path, case: str) -> None:
    change, step = case.split("/")
    shelf = SHELF(directory, failpoint=die_at(step))
    document = shelf.library.find("file:///a", "default")
    if change == "publish":
        shelf.put("file:///a", "nouveau loyer", "nouvelle cantine")
    elif change == "add":
        shelf.put("file:///b", "nouveau loyer")
    elif change == "retire":
        shelf.library.retire(document.document_id)
    elif change == "regroup":
        shelf.library.set_groups(document.document_id, frozenset({"hr"}))


if __name__ == "__main__":
    kill_at_each(Path(sys.argv[1]), sys.argv[2:], fill=fill, work=change_and_die)
