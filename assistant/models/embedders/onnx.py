"""Built-in embedders: int8 ONNX with its pooling inside, on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from assistant.models.catalog import ModelEntry
from assistant.models.embedders.base import Embedder, Vectors


class OnnxEmbedder(Embedder):
    """An embedder of the catalogue. Safe to call from several threads."""

    def __init__(self, folder: Path, entry: ModelEntry, *, threads: int) -> None:
        """
        Args:
            folder: holds model.onnx and tokenizer.json, as the depot verified them.
        """
        import onnxruntime
        from tokenizers import Tokenizer

        self.id = f"{entry.id}@{entry.revision}"
        self.dimension = entry.dimension
        self.max_tokens = entry.limit_tokens
        self._query_prefix = entry.query_prefix
        self._passage_prefix = entry.passage_prefix
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        # Texts side by side, each on one core, are embedded faster than one text on all cores.
        options.intra_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="philo-embedder")

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        # Longest first, so that no core is left with a long text at the end.
        order = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
        passages = (self._passage_prefix + texts[row] for row in order)
        for row, vector in zip(order, self._pool.map(self._encode, passages), strict=True):
            vectors[row] = vector
        return vectors

    def encode_query(self, text: str) -> Vectors:
        return self._encode(self._query_prefix + text)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(self._tokenizer.encode(text, add_special_tokens=False).ids) for text in texts]

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._session = self._tokenizer = None  # half a gigabyte, whoever still refers to this

    def _encode(self, text: str) -> Vectors:
        """One text at a time: in int8 the activations of a batch share their scale, so that the
        neighbours of a text would change its vector (cosine down to 0.97)."""
        ids = self._tokenizer.encode(text).ids
        if len(ids) > self.max_tokens:
            ids = [*ids[: self.max_tokens - 1], ids[-1]]  # the last one closes the text
        input_ids = np.array([ids], np.int64)  # (1, T)
        feed = {"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)}
        vector: Vectors = self._session.run(["vectors"], feed)[0][0]  # (D,)
        return vector
