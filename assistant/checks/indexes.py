"""The indexes against the database that they are made from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assistant.checks.types import Check
from assistant.errors import PhiloError
from assistant.knowledge.bulk import in_batches
from assistant.knowledge.library import Library
from assistant.knowledge.stored import load_vector_entries
from assistant.knowledge.vectors.mirrored import MirroredVectors

SAMPLE = 2_000
TOLERANCE = 1e-4
REINDEX = "make it anew from the database: philo documents reindex"


def check_indexes(library: Library) -> Iterator[Check]:
    """What opening the library has put right, and whether vectors are those of the database."""
    report = library.found_at_start
    lost = report.vectors_restored + report.texts_restored
    if lost:
        yield Check(
            "indexes",
            False,
            f"{report.vectors_restored} vectors and {report.texts_restored} texts of documents "
            "were missing or damaged",
            "they were made again just now; if this comes back, look at the disk",
        )
    else:
        yield Check("indexes", True, "in step with the database")
    for number, stores in enumerate(library.stores, start=1):
        if isinstance(stores.vectors, MirroredVectors):
            yield _compare(library, stores.vectors, f"vectors of index {number}")


def _compare(library: Library, store: MirroredVectors, name: str) -> Check:
    """Some of what is stored with the database: damaged files go unnoticed otherwise until they are
    searched."""
    ids = np.array(sorted(store.ids()))
    some = [str(one) for one in np.random.default_rng().permutation(ids)[:SAMPLE]]
    try:
        held = store.held(some)
    except PhiloError as exc:
        return Check(name, False, f"they cannot be read ({exc})", REINDEX)
    if held is None:
        return Check(name, True, "nothing of it is on a disk")
    wrong = 0
    for batch in in_batches(some):
        with library.database.reading() as session:
            entries = load_vector_entries(session, batch)
        for entry in entries:
            vector = held.get(entry.chunk_id)
            wrong += vector is None or not np.allclose(vector, entry.vector, atol=TOLERANCE)
    finding = f"{len(some)} of {len(ids)} compared with the database"
    if wrong:
        return Check(name, False, f"{finding}, {wrong} differ", REINDEX)
    return Check(name, True, finding)
