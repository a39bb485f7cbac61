"""Run by test_indexes.py: builds, switches and drops an index in a process that is killed at a
given step.

    python -m tests.knowledge.dying_indexer ROOT STEP [STEP ...]

Leaves one data directory ROOT/STEP for each. One process forks for all of them, so that the
libraries are imported only once.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import chromadb  # noqa: F401 # imported before the forks

from tests.dying import die_at, kill_at_each
from tests.knowledge.second_index import begin, catch_up, open_first

SHELF = runpy.run_path(str(Path(__file__).with_name("conftest.py")))["Shelf"]


def fill(directory: Path) -> None:
    shelf = SHELF(directory)
    shelf.put("file:///a", "ancien loyer", "ancienne cantine")
    shelf.put("file:///b", "le parking", groups=("hr",))
    shelf.hold("file:///h", "mal lu")
    shelf.close()


def index_and_die(directory: Path, step: str) -> None:
    library = open_first(directory, failpoint=die_at(step))
    begin(library)
    catch_up(library)
    library.indexes.switch(2)
    library.indexes.drop(1)


if __name__ == "__main__":
    kill_at_each(Path(sys.argv[1]), sys.argv[2:], fill=fill, work=index_and_die)
