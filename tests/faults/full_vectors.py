"""Fills a small disk with vectors, and changes them while it is full: FOLDER [unguarded [anew]]."""

import contextlib
import sys
from pathlib import Path

import numpy as np

from assistant.errors import StorageFullError
from assistant.knowledge.vectors.base import VectorEntry
from assistant.knowledge.vectors.chroma import ChromaVectors
from assistant.types import OPERATOR

DIMENSION = 384
BATCH = 100
EVERYONE = frozenset({"everyone"})


def main(folder: Path, *how: str) -> None:
    balloon = folder / "balloon"
    balloon.write_bytes(bytes(8 * 2**20))
    if "unguarded" in how:  # as if another process had filled the disk since the look at it
        ChromaVectors._require_room = lambda index, needed_bytes: None
    index = ChromaVectors(folder / "vectors", embedder_id="e", dimension=DIMENSION)
    vectors = np.random.default_rng(0).standard_normal((10_000, DIMENSION)).astype(np.float32)

    def add(first: int) -> None:
        some = range(first, first + BATCH)
        index.add([VectorEntry(str(n), vectors[n], "d", "default", EVERYONE) for n in some])

    held = refused = 0
    removed = set()
    while refused < 8:
        try:
            add(held)
            held += BATCH
        except StorageFullError:
            refused += 1
            with contextlib.suppress(StorageFullError):
                index.remove([str(refused)])
                removed.add(refused)
    assert len(removed) == (0 if "unguarded" in how else refused)
    balloon.unlink()
    if "anew" in how:  # as an erasure does it, in the same process
        index.renew(lambda put: None, contextlib.nullcontext)
        assert index.count() == 0
        for first in range(0, held, BATCH):
            add(first)
    elif "unguarded" in how:
        index.close()
        index = ChromaVectors(folder / "vectors", embedder_id="e", dimension=DIMENSION)
        assert index.ids() == set()
        for first in range(0, held, BATCH):
            add(first)
    index.remove([str(number) for number in range(1, refused + 1)])
    add(held)
    near = index.search(vectors[held], k=1, readable=OPERATOR)
    assert [one.id for one in near] == [str(held)]
    expected = {str(number) for number in range(held + BATCH) if not 1 <= number <= refused}
    assert index.ids() == expected
    index.close()
    print(held)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
