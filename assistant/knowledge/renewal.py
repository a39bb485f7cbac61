"""Fresh files in the place of others: what both indexes need to let go of what was removed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

Entry = TypeVar("Entry")

Add = Callable[[Sequence[Entry]], None]
Fill = Callable[[Add[Entry]], None]
"""Told where to put entries; puts all of them there."""

Alone = Callable[[], AbstractContextManager[None]]

FRESH = ".fresh"
FORMER = ".former"


def fresh_folder(directory: Path) -> Path:
    """An empty place beside `directory`."""
    folder = directory.with_name(directory.name + FRESH)
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def exchange(directory: Path, fresh: Path) -> Path:
    """Let `fresh` take the place of `directory`; where that is now. After a kill in between there
    is no such directory, and one is made and filled at the next start."""
    former = directory.with_name(directory.name + FORMER)
    shutil.rmtree(former, ignore_errors=True)
    directory.replace(former)
    fresh.replace(directory)
    return former


def remove_remainders(directory: Path) -> None:
    """Of an exchange that a kill cut short."""
    for suffix in (FRESH, FORMER):
        shutil.rmtree(directory.with_name(directory.name + suffix), ignore_errors=True)
