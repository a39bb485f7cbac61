"""Places in Chroma's files that hold no vector, but what the process's memory held by chance."""

from __future__ import annotations

import struct
from pathlib import Path

HEADER = struct.Struct("<iQQQQ")
"""hnswlib's header.bin as Chroma writes it: version, offset of level 0, places, places in use,
bytes of each in data_level0.bin."""
VERSION = 1
LENGTH_BYTES = 4


def clear_unused_places(directory: Path) -> None:
    """Overwrite with zeros what no vector is in. Chroma makes room for a hundred vectors at once
    and writes `length.bin` from memory that it has not cleared: vectors that were deleted, or
    anything else, have been seen in it. Files of another form are left as they are.

    Only while nobody has them open.
    """
    for header in directory.rglob("header.bin"):
        content = header.read_bytes()
        if len(content) < HEADER.size:
            continue
        version, _, places, used, place_bytes = HEADER.unpack_from(content)
        if version == VERSION and used <= places:
            _clear(header.with_name("length.bin"), places, used, LENGTH_BYTES)
            _clear(header.with_name("data_level0.bin"), places, used, place_bytes)


def _clear(path: Path, places: int, used: int, place_bytes: int) -> None:
    if not path.is_file() or path.stat().st_size != places * place_bytes:
        return
    with path.open("r+b") as file:
        file.seek(used * place_bytes)
        file.write(bytes((places - used) * place_bytes))
