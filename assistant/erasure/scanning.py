"""Looking for many byte sequences at once, in files of any size, inside archives too."""

from __future__ import annotations

import contextlib
import gzip
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

BLOCK_BYTES = 4 * 2**20
LEAST_BYTES = 8
"""Of a sequence: shorter ones would be found by chance."""


class Needles:
    """Byte sequences, each with what it is.

    Raises:
        ValueError: one is shorter than 8 bytes.
    """

    def __init__(self, sequences: Mapping[bytes, str]) -> None:
        if any(len(one) < LEAST_BYTES for one in sequences):
            raise ValueError(f"sequences have at least {LEAST_BYTES} bytes")
        self._labels = dict(sequences)
        self.longest = max(map(len, sequences), default=0)
        self._by_head: dict[bytes, list[bytes]] = {}
        for one in sequences:
            self._by_head.setdefault(one[:LEAST_BYTES], []).append(one)
        self._heads = np.unique(
            np.frombuffer(b"".join(sorted(self._by_head)), dtype="<u8")
        )  # (H,) uint64
        # Nearly all places are passed over by their first three bytes alone.
        self._may_begin = np.zeros(2**24, np.bool_)
        for head in self._by_head:
            self._may_begin[int.from_bytes(head[:3], "little")] = True

    def __bool__(self) -> bool:
        return bool(self._labels)

    def find(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """(where, which) of each that lies in the block as a whole."""
        if len(block) < LEAST_BYTES or not self._labels:
            return
        data = np.frombuffer(block, np.uint8)
        end = len(data) - LEAST_BYTES + 1
        begins = data[:end].astype(np.uint32)
        begins |= data[1 : end + 1].astype(np.uint32) << 8
        begins |= data[2 : end + 2].astype(np.uint32) << 16
        places = np.flatnonzero(self._may_begin[begins])
        if not places.size:
            return
        windows = data[places[:, np.newaxis] + np.arange(LEAST_BYTES)]  # (P, 8)
        heads = np.ascontiguousarray(windows).view("<u8").ravel()  # (P,)
        for place in places[np.isin(heads, self._heads)]:
            for one in self._by_head[block[place : place + LEAST_BYTES]]:
                if block.startswith(one, int(place)):
                    yield int(place), one

    @property
    def sequences(self) -> set[bytes]:
        return set(self._labels)

    def label(self, sequence: bytes) -> str:
        return self._labels[sequence]


def count_matches(path: Path, needles: Needles) -> Counter[str]:
    """What was found in a file, by label. A file that is gone by now holds nothing."""
    found: Counter[str] = Counter()
    try:
        with path.open("rb") as stream:
            for one in _matches(stream, needles):
                found[needles.label(one)] += 1
        with contextlib.suppress(*_DAMAGED):  # archives, as far as they can be read
            for part in _unpacked(path):
                for one in _matches(part, needles):
                    found[needles.label(one)] += 1
    except FileNotFoundError:
        return Counter()
    return found


def _matches(stream: BinaryIO, needles: Needles) -> Iterator[bytes]:
    tail = b""
    overlap = max(needles.longest - 1, 0)
    while block := stream.read(BLOCK_BYTES):
        joined = tail + block
        for place, one in needles.find(joined):
            if place + len(one) > len(tail):  # else it was seen with the block before
                yield one
        tail = joined[-overlap:] if overlap else b""


_DAMAGED = (
    *(OSError, EOFError, zlib.error, zipfile.BadZipFile),
    *(RuntimeError, NotImplementedError),  # a password, an unknown method
)


def _unpacked(path: Path) -> Iterator[BinaryIO]:
    """What an archive holds, decompressed."""
    with path.open("rb") as stream:
        magic = stream.read(4)
    if magic[:2] == b"\x1f\x8b":
        with gzip.open(path) as part:
            yield cast("BinaryIO", part)
    elif magic == b"PK\x03\x04":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as member:
                    yield cast("BinaryIO", member)


def files_under(roots: Iterable[Path]) -> list[Path]:
    """All regular files, links not followed."""
    return sorted(
        path
        for root in roots
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink()
    )
