"""Run by test_crashes.py: moves an installation in a process that is killed at a given step.

    python -m tests.transfer.dying_transfer DATA ADDRESS STEP [STEP ...]

A step is that of a progress report; with a colon and a number, once it is so far. One process forks
for all of them, so that the libraries are imported only once. DATA is an installation; each process
moves it to the PostgreSQL database at ADDRESS, one after the other.
"""

from __future__ import annotations

import sys
from pathlib import Path

import chromadb  # noqa: F401 # imported before the forks
from pydantic import SecretStr

from assistant.settings import load_settings
from assistant.storage_settings import StorageSettings
from assistant.transfer.transferring import transfer
from assistant.transfer.types import TransferProgress
from tests.dying import die, require_killed


def move_and_die(data: Path, address: str, step: str) -> None:
    wanted, _, least = step.partition(":")

    def listen(progress: TransferProgress) -> None:
        if progress.step == wanted and progress.done >= int(least or 0):
            die()

    storage = StorageSettings(vectors="pgvector", database=SecretStr(address))
    transfer(load_settings(data, environ={}), storage, listener=listen)


def main(data: Path, address: str, steps: list[str]) -> None:
    for step in steps:
        require_killed(lambda s=step: move_and_die(data, address, s), step)
        print(step, flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
