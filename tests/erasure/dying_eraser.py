"""Run by test_crashes.py: erases a document in a process that is killed at a given step.

    python -m tests.erasure.dying_eraser ROOT STEP [STEP ...]

Leaves one data directory ROOT/STEP for each. One process forks for all of them, so that the
libraries are imported only once.
"""

from __future__ import annotations

import sys
from pathlib import Path

import chromadb  # noqa: F401 # imported before the forks

from assistant.erasure.erasures import Erasures
from tests.dying import die_at, kill_at_each
from tests.erasure.conftest import URI, put_secret
from tests.knowledge.conftest import Shelf


def fill(directory: Path) -> None:
    shelf = Shelf(directory)
    put_secret(shelf)
    shelf.close()


def erase_and_die(directory: Path, step: str) -> None:
    shelf = Shelf(directory, failpoint=die_at(step))
    Erasures(shelf.library).erase_documents([shelf.id_of(URI)])


if __name__ == "__main__":
    kill_at_each(Path(sys.argv[1]), sys.argv[2:], fill=fill, work=erase_and_die)
