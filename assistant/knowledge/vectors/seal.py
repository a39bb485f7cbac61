"""Whether Chroma's files are still as they were left.

Chroma reads its files without checking them: flipped bytes give wrong neighbours or end the
process, and a lost folder of vectors is made anew, empty, without a word. So a seal with the size
and CRC-32 of each file is written when a folder is closed, checked and taken away when it is
opened. After a kill there is none, and only the form of the files can be checked.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import zlib
from pathlib import Path

from assistant.knowledge.vectors.unused_places import HEADER, LENGTH_BYTES

DATABASE = "chroma.sqlite3"
SEAL = "seal.json"
HEADER_BYTES = 100
"""Of header.bin, in which `HEADER` is the beginning."""
VECTOR_FILES = (
    "header.bin",
    "data_level0.bin",
    "length.bin",
    "link_lists.bin",
    "index_metadata.pickle",
)
BLOCK_BYTES = 2**20


def seal(directory: Path) -> None:
    """Only while nobody has the files open. A folder that cannot be written stays unsealed."""
    with contextlib.suppress(OSError):
        written = directory / f"{SEAL}.new"
        written.write_text(json.dumps(_sums(directory)), encoding="utf-8")
        written.replace(directory / SEAL)


def break_seal(directory: Path) -> None:
    """Before the files are changed."""
    (directory / SEAL).unlink(missing_ok=True)


def is_sound(directory: Path) -> bool:
    """Whether the folder may be opened. One that is not there, or has nothing in it, is sound.

    Raises:
        OSError: a file cannot be read.
    """
    if not (directory / DATABASE).is_file():
        return not directory.is_dir() or not any(directory.iterdir())
    sealed = directory / SEAL
    if sealed.is_file():
        try:
            stated = json.loads(sealed.read_text(encoding="utf-8"))
        except ValueError:
            return False
        return bool(stated == _sums(directory))
    return _has_its_form(directory)


def _sums(directory: Path) -> dict[str, list[int]]:
    """Path -> size and CRC-32."""
    found: dict[str, list[int]] = {}
    for path in sorted(directory.rglob("*")):
        # SQLite's own files beside the database are made at each opening.
        if path.is_file() and not path.name.startswith((SEAL, f"{DATABASE}-")):
            crc = 0
            with path.open("rb") as file:
                while block := file.read(BLOCK_BYTES):
                    crc = zlib.crc32(block, crc)
            found[str(path.relative_to(directory))] = [os.stat(path).st_size, crc]  # noqa: PTH116
    return found


def _has_its_form(directory: Path) -> bool:
    try:
        with contextlib.closing(sqlite3.connect(directory / DATABASE)) as connection:
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                return False
            written = connection.execute(
                "SELECT id FROM segments JOIN max_seq_id ON segment_id = id WHERE scope = 'VECTOR'"
            ).fetchall()
    except sqlite3.OperationalError as exc:
        return exc.sqlite_errorname == "SQLITE_ERROR"  # no tables: Chroma makes them
    except sqlite3.DatabaseError:
        return False
    return all(_are_vectors(directory / folder) for (folder,) in written)


def _are_vectors(folder: Path) -> bool:
    """What has been written of a graph of vectors is all there and of one size."""
    if not all((folder / name).is_file() for name in VECTOR_FILES):
        return False
    header = (folder / "header.bin").read_bytes()
    if len(header) < HEADER_BYTES:
        return False
    _, _, places, used, place_bytes = HEADER.unpack_from(header)
    return (
        used <= places
        and _is_list_of(folder / "link_lists.bin", used)
        and (folder / "data_level0.bin").stat().st_size
        in (used * place_bytes, places * place_bytes)
        and (folder / "length.bin").stat().st_size in (used * LENGTH_BYTES, places * LENGTH_BYTES)
    )


def _is_list_of(path: Path, count: int) -> bool:
    """So many entries, each with its length before it."""
    content, at = path.read_bytes(), 0
    for _ in range(count):
        if at + LENGTH_BYTES > len(content):
            return False
        at += LENGTH_BYTES + int.from_bytes(content[at : at + LENGTH_BYTES], "little")
    return at == len(content)
