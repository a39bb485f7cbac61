"""The files of a tantivy index: which its last commit names, and whether they are sound."""

from __future__ import annotations

import json
import mmap
import struct
import zlib
from pathlib import Path

FOOTER_END = struct.Struct("<II")
"""Length of the footer (JSON with the CRC-32 of all before it), then a magic number."""
MAGIC = 1337
SUFFIXES = frozenset({".fast", ".fieldnorm", ".idx", ".pos", ".store", ".term", ".del"})


def mend_segments(directory: Path) -> bool:
    """Whether all files of the last commit have the bytes that tantivy wrote.

    tantivy checks none of them when it opens an index; what is damaged inside shows later,
    as an error, as the end of the process or as a wrong ranking. Files of a commit that never
    ended are removed: the next one may want their names, and fails where they are taken.

    Raises:
        OSError: a file cannot be read, or not be removed.
    """
    living = _read_segments(directory / "meta.json")
    if living is None:
        return False
    for path in sorted(directory.iterdir()):
        if path.suffix not in SUFFIXES:
            continue
        segment, *rest = path.name.split(".")
        wanted = living.get(segment, _NONE)
        if wanted is _NONE or (path.suffix == ".del" and rest[0] != wanted):
            path.unlink()
        elif not _is_sound(path):
            return False
    return True


_NONE = "no such segment"


def _read_segments(path: Path) -> dict[str, str] | None:
    """Segment -> what numbers its file of deletions ("" without one); None if unreadable."""
    try:
        return {
            str(one["segment_id"]).replace("-", ""): str((one["deletes"] or {}).get("opstamp", ""))
            for one in json.loads(path.read_text(encoding="utf-8"))["segments"]
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _is_sound(path: Path) -> bool:
    with path.open("rb") as stream:
        if path.stat().st_size < FOOTER_END.size:
            return False
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            length, magic = FOOTER_END.unpack_from(content, len(content) - FOOTER_END.size)
            start = len(content) - FOOTER_END.size - length
            if magic != MAGIC or start < 0:
                return False
            with memoryview(content) as view, view[:start] as payload:
                found = zlib.crc32(payload)
            try:
                stated = json.loads(content[start : start + length])["crc"]
            except (ValueError, KeyError, TypeError):
                return False
            return bool(found == stated)
