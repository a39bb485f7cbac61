"""Run by test_crashes.py: erases a document in a process that is killed at a given step.

    python -m tests.erasure.dying_eraser ROOT STEP [STEP ...]

Leaves one data directory ROOT/STEP for each. One process forks for all of them, so that the
libraries are imported only once.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import chromadb  # noqa: F401 # imported before the forks

from assistant.erasure.erasures import Erasures
from tests.erasure.conftest import URI, put_secret
from tests.knowledge.conftest import Shelf
from tests.knowledge.dying_indexer import run_in_child


def fill(directory: Path) -> None:
    shelf = Shelf(directory)
    put_secret(shelf)
    shelf.close()


def erase_and_die(directory: Path, step: str) -> None:
    def failpoint(reached: str) -> None:
        if reached == step:
            os.kill(os.getpid(), signal.SIGKILL)

    shelf = Shelf(directory, failpoint=failpoint)
    Erasures(shelf.library).erase_documents([shelf.id_of(URI)])


def main(root: Path, steps: list[str]) -> None:
    seed = root / "seed"
    if run_in_child(lambda: fill(seed)) != 0:
        sys.exit("the shelf could not be filled")
    for step in steps:
        directory = root / step
        shutil.copytree(seed, directory)
        status = run_in_child(lambda d=directory, s=step: erase_and_die(d, s))
        if status != -signal.SIGKILL:
            sys.exit(f"not killed at {step!r}: status {status}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
