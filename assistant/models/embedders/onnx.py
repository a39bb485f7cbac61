"""Built-in embedders: int8 ONNX with its pooling inside, on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.models.catalog import ModelEntry
from assistant.models.embedders.base import Embedder, Vectors
from assistant.models.onnx_model import OnnxModel


class OnnxEmbedder(Embedder):
    """An embedder of the catalogue. Safe to call from several threads."""

    def __init__(self, folder: Path, entry: ModelEntry, *, threads: int) -> None:
        """
        Args:
            folder: holds model.onnx and tokenizer.json, as the depot verified them.
        """
        self.id = f"{entry.id}@{entry.revision}"
        self.dimension = entry.dimension
        self.max_tokens = entry.limit_tokens
        self._query_prefix = entry.query_prefix
        self._passage_prefix = entry.passage_prefix
        self._model = OnnxModel(folder, threads=threads, name="philo-embedder")

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode_all(texts, in_bulk=False)

    def encode_bulk(self, texts: Sequence[str]) -> Vectors:
        return self._encode_all(texts, in_bulk=True)

    def _encode_all(self, texts: Sequence[str], *, in_bulk: bool) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        # Longest first, so that no core is left with a long text at the end.
        order = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
        passages = (self._passage_prefix + texts[row] for row in order)
        found = self._model.map(self._encode, passages, in_bulk=in_bulk)
        for row, vector in zip(order, found, strict=True):
            vectors[row] = vector
        return vectors

    def encode_query(self, text: str) -> Vectors:
        return self._encode(self._query_prefix + text)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        encode = self._model.tokenizer.encode
        return [len(encode(text, add_special_tokens=False).ids) for text in texts]

    def prepare(self) -> None:
        self._model.prepare()

    def close(self) -> None:
        self._model.close()

    def _encode(self, text: str) -> Vectors:
        ids = self._model.tokenizer.encode(text).ids
        if len(ids) > self.max_tokens:
            ids = [*ids[: self.max_tokens - 1], ids[-1]]  # the last one closes the text
        return self._model.run("vectors", ids)  # (D,)
