"""By what an erased document or person would be recognised anywhere.

They are content themselves: kept in a file of their own until the erasure is done, so that it can
go on after a crash, then overwritten and deleted.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from assistant.erasure.scanning import LEAST_BYTES, Needles
from assistant.errors import ErasureError

T = TypeVar("T")

FOLDER = "erasing"
WORDS = 6
LEAST_CHARS = 20
MOST_PHRASES = 300
MOST_VECTORS = 200
SAMPLE_BYTES = 16
"""Four numbers of a vector: an index that normalises again may change some of the others."""
SAMPLES = 4


@dataclass(frozen=True, slots=True)
class Traces:
    """`phrases` are word sequences, `vectors` samples of bytes, `ids` of documents and versions,
    `chunks` of chunks in the indexes, `addresses` URIs, `names` of the person."""

    phrases: tuple[str, ...] = ()
    vectors: tuple[bytes, ...] = ()
    ids: tuple[str, ...] = ()
    chunks: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def needles(self) -> Needles:
        """Texts, addresses and vectors, in the forms in which stores write them."""
        return _needles(self)

    def id_needles(self) -> Needles:
        return Needles({one.encode(): "id" for one in self.ids})

    def holds_phrase(self, text: str) -> bool:
        """Whether a text, or a text as JSON, has one of the sequences or addresses."""
        return any(
            one in text or json.dumps(one)[1:-1] in text for one in (*self.phrases, *self.addresses)
        )


@cache
def _needles(traces: Traces) -> Needles:
    found: dict[bytes, str] = {}
    for label, texts in (("text", traces.phrases), ("address", traces.addresses)):
        for text in texts:
            found |= {form: label for form in _forms(text) if len(form) >= LEAST_BYTES}
    return Needles(found | dict.fromkeys(traces.vectors, "vector"))


def _forms(text: str) -> set[bytes]:
    """UTF-8, UTF-16 in both orders, and as strings of JSON."""
    forms = {text.encode(name, "surrogatepass") for name in ("utf-8", "utf-16-le", "utf-16-be")}
    forms.add(json.dumps(text)[1:-1].encode())
    forms.add(json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass"))
    return forms


def phrases_of(text: str, *, most: int = MOST_PHRASES) -> list[str]:
    """Sequences of six words on one line, evenly over the text; shorter lines as a whole."""
    found: dict[str, None] = {}
    for line in text.splitlines():
        words = [match.span() for match in re.finditer(r"\S+", line)]
        for first in range(0, len(words), WORDS):
            some = words[first : first + WORDS]
            if len(some) < WORDS and first:
                some = words[-WORDS:]
            phrase = line[some[0][0] : some[-1][1]]
            if len(phrase) >= LEAST_CHARS:
                found[phrase] = None
    return _evenly(list(found), most)


def samples_of(embeddings: Sequence[bytes]) -> list[bytes]:
    """Some of the bytes of vectors; those of which all numbers are 0 say nothing."""
    found: dict[bytes, None] = {}
    for blob in _evenly(list(embeddings), MOST_VECTORS):
        last = max(len(blob) - SAMPLE_BYTES, 0) // 4
        for place in dict.fromkeys(np.linspace(0, last, SAMPLES).astype(int).tolist()):
            sample = blob[4 * place : 4 * place + SAMPLE_BYTES]
            if len(sample) >= LEAST_BYTES and len(set(sample)) > LEAST_BYTES // 2:
                found[sample] = None
    return list(found)


def without_known(needles: Needles, blocks: Iterable[bytes]) -> set[bytes]:
    """Those of the sequences that occur in none of the blocks."""
    known: set[bytes] = set()
    for block in blocks:
        known.update(one for _, one in needles.find(block))
    return needles.sequences - known


def _evenly(values: Sequence[T], most: int) -> list[T]:
    if len(values) <= most:
        return list(values)
    return [values[int(place)] for place in np.linspace(0, len(values) - 1, most)]


def keep_traces(directory: Path, erasure_id: str, traces: Traces) -> None:
    """Durable when this returns, and for the owner's eyes alone."""
    folder = directory / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    tree = asdict(traces) | {"vectors": [base64.b64encode(one).decode() for one in traces.vectors]}
    fresh = folder / f"{erasure_id}.new"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="surrogatepass") as file:
        json.dump(tree, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(trace_file(directory, erasure_id))


def load_traces(directory: Path, erasure_id: str) -> Traces:
    """
    Raises:
        ErasureError: the file is gone or damaged.
    """
    path = trace_file(directory, erasure_id)
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        vectors = tuple(base64.b64decode(one) for one in tree.pop("vectors"))
        return Traces(**{name: tuple(one) for name, one in tree.items()}, vectors=vectors)
    except (OSError, ValueError, TypeError, KeyError) as exc:
        raise ErasureError(
            f"{path} is missing or damaged ({exc}), so the erasure cannot go on; erase what is "
            "left of it once more"
        ) from exc


def drop_traces(directory: Path, erasure_id: str) -> None:
    """Overwrite the file and delete it."""
    folder = directory / FOLDER
    for path in (trace_file(directory, erasure_id), folder / f"{erasure_id}.new"):
        if path.is_file():
            with path.open("r+b") as file:
                file.write(bytes(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def trace_file(directory: Path, erasure_id: str) -> Path:
    return directory / FOLDER / f"{erasure_id}.json"
