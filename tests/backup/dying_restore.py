"""Run by test_crashes.py: restores over a data directory, or makes a backup, in a process that is
killed at a given step.

    python -m tests.backup.dying_restore ROOT STEP [STEP ...]

A step is that of a progress report (restore:rows), or the number of a rename while the restored
directory takes its place (rename:2). Leaves ROOT/STEP/data for each. One process forks for all of
them, so that the libraries are imported only once.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import chromadb  # noqa: F401 # imported before the forks

from assistant.backup import sealed
from assistant.backup.restoring import restore
from assistant.backup.types import BackupProgress
from tests.backup.conftest import PASSPHRASE, backups_of, fill
from tests.dying import die, require_killed, run_in_child
from tests.knowledge.conftest import Shelf

sealed.SCRYPT_N = sealed.LEAST_SCRYPT_N
NEW = "un document de la sauvegarde"
OLD = "un document d'avant"


def prepare(root: Path) -> None:
    for name, text in (("new", NEW), ("old", OLD)):
        (root / name).mkdir(parents=True)
        shelf = Shelf(root / name)
        fill(shelf)
        shelf.put("file:///which", text)
        if name == "new":
            backups_of(shelf).take(str(root / "backup"), PASSPHRASE)
        shelf.close()
    (root / "old" / "philo.toml").write_text("[retrieval]\npassages = 3\n")


def die_at(kind: str, wanted: str) -> None:
    """From now on."""
    if kind != "rename":
        return
    renames = 0
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        nonlocal renames
        renames += 1
        if renames == int(wanted):
            die()
        return real(self, target)

    Path.rename = rename  # type: ignore[method-assign]


def work(root: Path, directory: Path, step: str) -> None:
    kind, _, wanted = step.partition(":")

    def listen(progress: BackupProgress) -> None:
        if progress.step == wanted:
            die()
        if progress.step == "placing":
            die_at(kind, wanted)

    if kind == "backup":
        shelf = Shelf(directory / "data")
        target = directory / "kept"
        target.write_text("the backup of before")
        backups_of(shelf).take(str(target), PASSPHRASE, replace=True, listener=listen)
    else:
        restore(root / "backup", directory / "data", PASSPHRASE, replace=True, listener=listen)


def main(root: Path, steps: list[str]) -> None:
    if run_in_child(lambda: prepare(root)) != 0:
        sys.exit("the shelves could not be filled")
    for step in steps:
        directory = root / step
        directory.mkdir()
        shutil.copytree(root / "old", directory / "data")
        require_killed(lambda d=directory, s=step: work(root, d, s), step)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
