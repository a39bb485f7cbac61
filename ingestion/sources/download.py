"""Bytes of another place become a file of this one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

LONGEST_NAME = 50
"""In characters: with four bytes each it still fits what file systems take."""


def write_file(folder: Path, name: str, pieces: Iterable[bytes], *, limit_bytes: int) -> Path:
    """Write `pieces` to a new file in `folder` that is called as much like `name` as is safe.

    Of more than `limit_bytes` one byte more is written, no matter how many come: the file is
    then refused for its size like any other.
    """
    path = folder / safe_name(name)
    left = limit_bytes + 1
    with path.open("xb") as target:
        for piece in pieces:
            target.write(piece[:left])
            left -= len(piece)
            if left <= 0:
                break
    return path


def safe_name(name: str) -> str:
    """A file name without folders, control characters and length, its extension kept."""
    last = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    last = re.sub(r"[\x00-\x1f\x7f:*?\"<>|\ud800-\udfff]", "_", last).strip().lstrip(".")
    stem, dot, extension = last.rpartition(".")
    if not dot:
        stem, extension = last, ""
    return f"{stem[:LONGEST_NAME] or 'document'}{dot}{extension[:12]}"
