"""How long it takes until a library works again whose vectors are all lost.

    python benchmarks/rebuild.py DATA [--stores embedded,chroma,pgvector] [--database postgresql://...]

DATA was made by load.py or load_filling.py, and no service runs over it. Its folder of vectors is
thrown away; for the servers, an empty one stands for one that lost everything. The library is then
opened without an embedder, so nothing can be embedded again; one search is made, and the vectors
are counted and compared with those of the database. Prints a line of JSON for each store.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from assistant.offline import forbid_telemetry

forbid_telemetry()

from assistant.knowledge.opening import open_library_as_it_is  # noqa: E402
from assistant.knowledge.vectors.base import VectorHome  # noqa: E402
from assistant.knowledge.vectors.chroma import EmbeddedVectors  # noqa: E402
from assistant.knowledge.vectors.chroma_server import ChromaServer  # noqa: E402
from assistant.knowledge.vectors.pgvector import PgVectorHome  # noqa: E402
from assistant.storage_settings import ChromaSettings, StorageSettings  # noqa: E402
from assistant.types import OPERATOR  # noqa: E402
from benchmarks.load_filling import PLAN, read_plan  # noqa: E402
from benchmarks.vector_stores import running_chroma  # noqa: E402

K = 10


@contextlib.contextmanager
def emptied(name: str, data: Path, room: Path, database: str | None) -> Iterator[VectorHome]:
    """Where vectors lie, without any."""
    if name == "embedded":
        shutil.rmtree(data / "vectors", ignore_errors=True)
        yield EmbeddedVectors()
    elif name == "chroma":
        with running_chroma(room) as port:
            yield ChromaServer(ChromaSettings(port=port, timeout_s=60))
    elif name == "pgvector" and database is not None:
        stated = {"pgvector": {"database": database, "tables": "bench_rebuild"}}
        home = PgVectorHome(data, StorageSettings.model_validate(stated))
        home.keep_only([])
        yield home
    else:
        raise SystemExit(
            f"no store {name!r}; there are embedded, chroma, and pgvector, which needs --database"
        )


def measure(name: str, data: Path, database: str | None) -> dict[str, object]:
    """Seconds until the library is open, and until the first search is answered."""
    with (
        tempfile.TemporaryDirectory() as room,
        emptied(name, data, Path(room), database) as home,
    ):
        started = time.perf_counter()
        library = open_library_as_it_is(data, home=home)
        try:
            open_s = time.perf_counter() - started
            [document] = library.documents(OPERATOR, limit=1)
            [chunk, *_] = library.document_chunks(document.id, OPERATOR)
            vector = library.embeddings([chunk.piece_key])[chunk.piece_key]  # (D,)
            asked = time.perf_counter()
            hits = library.search_dense(vector, k=K, readable=OPERATOR)
            search_s = time.perf_counter() - asked
            held = len(library.stores[0].vectors.ids())
            _, chunks = library.count(OPERATOR)
        finally:
            library.close()
    if held != chunks or hits[0].piece_key != chunk.piece_key:
        raise RuntimeError(f"{name}: {held} vectors of {chunks} chunks, or the nearest is another")
    return {
        "store": name,
        "chunks": chunks,
        "open_s": round(open_s, 1),
        "first_search_s": round(search_s, 1),
        "chunks_per_s": round(chunks / open_s),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--stores", default="embedded")
    parser.add_argument("--database", help="a PostgreSQL database with pgvector, of its own")
    options = parser.parse_args()
    if not (options.data / PLAN).exists():
        parser.error(f"{options.data} was not made by load.py: its vectors are not thrown away")
    print(f"{read_plan(options.data).chunks:,} chunks", file=sys.stderr)
    for name in options.stores.split(","):
        print(json.dumps(measure(name, options.data, options.database)), flush=True)


if __name__ == "__main__":
    main()
