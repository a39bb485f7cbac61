"""How long a search takes in each store of vectors, under a reader's permission.

    python benchmarks/vector_stores.py [--chunks 100000] [--searches 100] [--stores memory,chroma]
        [--database postgresql://...]

Vectors are synthetic: 384 components, around 500 centres, as those of one model are; each chunk is
shared with one of 500 groups. The Chroma server is started here, on a loopback port.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
from numpy.typing import NDArray

from assistant.offline import SWITCHES, forbid_telemetry

forbid_telemetry()

from assistant.knowledge.vectors.base import VectorEntry, VectorIndex  # noqa: E402
from assistant.knowledge.vectors.chroma import ChromaVectors  # noqa: E402
from assistant.knowledge.vectors.chroma_server import ChromaServer  # noqa: E402
from assistant.knowledge.vectors.exact import ExactVectors  # noqa: E402
from assistant.knowledge.vectors.pgvector import PgVectorHome  # noqa: E402
from assistant.storage_settings import ChromaSettings, StorageSettings  # noqa: E402
from assistant.types import Readable  # noqa: E402

DIMENSION, GROUPS, CENTRES = 384, 500, 500
READERS = {"5 groups": 5, "450 groups": 450}
BATCH, K = 2_000, 100


def draw_vectors(count: int, *, seed: int) -> NDArray[np.float32]:
    """(count, D), L2-normalised."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((CENTRES, DIMENSION))
    rows = centres[random.integers(0, CENTRES, count)]
    rows = rows + 2 + 0.5 * random.standard_normal((count, DIMENSION))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def draw_entries(count: int) -> Iterator[list[VectorEntry]]:
    for first in range(0, count, BATCH):
        rows = draw_vectors(min(BATCH, count - first), seed=first + 1)
        yield [
            VectorEntry(f"{number:032x}:00000", row, f"d{number // 20}", "default", _group(number))
            for number, row in enumerate(rows, start=first)
        ]


def _group(number: int) -> frozenset[str]:
    return frozenset({f"group {number // 20 % GROUPS}"})


@contextlib.contextmanager
def open_store(name: str, room: Path, database: str | None) -> Iterator[VectorIndex]:
    if name == "memory":
        yield ExactVectors(DIMENSION)
    elif name == "embedded":
        index = ChromaVectors(room / "vectors", embedder_id="e", dimension=DIMENSION)
        yield index
        index.close()
    elif name == "chroma":
        with running_chroma(room) as port:
            home = ChromaServer(ChromaSettings(port=port, timeout_s=60))
            yield home.open(room, number=1, embedder_id="e", dimension=DIMENSION)
            home.close()
    elif name in ("exact", "graph") and database is not None:
        stated = {"database": database, "tables": f"bench_{name}", "search": name}
        pg = PgVectorHome(room, StorageSettings.model_validate({"pgvector": stated}))
        index = pg.open(room, number=1, embedder_id="e", dimension=DIMENSION)
        index.clear()
        yield index
        pg.close()
    else:
        raise SystemExit(
            f"no store {name!r}; there are memory, embedded, chroma, and exact and graph "
            "(pgvector), which need --database"
        )


@contextlib.contextmanager
def running_chroma(room: Path) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    program = Path(sys.executable).with_name("chroma")
    stated = ["--path", room, "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(  # noqa: S603 - a program of this environment
        [program, "run", *stated],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **SWITCHES},
    )
    try:
        while True:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"http://127.0.0.1:{port}/api/v2/heartbeat")
                break
            time.sleep(0.05)
        yield port
    finally:
        server.kill()
        server.wait()


def measure(index: VectorIndex, chunks: int, searches: int) -> dict[str, object]:
    begun = time.perf_counter()
    for entries in draw_entries(chunks):
        index.add(entries)
    report: dict[str, object] = {"insert_per_s": round(chunks / (time.perf_counter() - begun))}
    questions = draw_vectors(searches, seed=10**9)
    for name, count in READERS.items():
        readable = Readable(frozenset(f"group {number}" for number in range(count)))
        index.search(questions[0], k=K, readable=readable)
        taken = []
        for question in questions:
            begun = time.perf_counter()
            index.search(question, k=K, readable=readable)
            taken.append((time.perf_counter() - begun) * 1000)
        p50, p95 = np.percentile(taken, [50, 95])
        report[name] = {"p50_ms": round(p50, 1), "p95_ms": round(p95, 1)}
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--searches", type=int, default=100)
    parser.add_argument("--stores", default="memory,chroma")
    parser.add_argument("--database", help="a PostgreSQL database with pgvector")
    options = parser.parse_args()
    for name in options.stores.split(","):
        with (
            tempfile.TemporaryDirectory() as room,
            open_store(name, Path(room), options.database) as index,
        ):
            report = measure(index, options.chunks, options.searches)
        print(json.dumps({"store": name, "chunks": options.chunks, **report}), flush=True)


if __name__ == "__main__":
    main()
