"""The built-in reader: int8 ONNX on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from assistant.models.catalog import ModelEntry
from assistant.models.readers.base import PassageReading
from assistant.models.readers.pairing import encode_pair
from assistant.models.readers.spans import make_reading


class OnnxReader:
    """A reader of the catalogue."""

    def __init__(self, folder: Path, entry: ModelEntry, *, threads: int) -> None:
        """
        Args:
            folder: holds model.onnx and tokenizer.json, as the depot verified them.
        """
        import onnxruntime
        from tokenizers import Tokenizer

        self.id = f"{entry.id}@{entry.revision}"
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # passages side by side, as the embedder's texts
        self._session: Any = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="philo-reader")

    def read(self, question: str, passages: Sequence[tuple[str, str]]) -> list[PassageReading]:
        # One pair at a time: in int8 the neighbours of a batch would change its figures.
        return list(self._pool.map(lambda one: self._read(question, *one), passages))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._session = self._tokenizer = None  # half a gigabyte, whoever still refers to this

    def _read(self, question: str, title: str, text: str) -> PassageReading:
        coded = encode_pair(self._tokenizer, question, title, text)
        input_ids = np.array([coded.ids], np.int64)  # (1, T)
        feed = {"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)}
        return make_reading(self._session.run(["logits"], feed)[0][0], coded)  # (T, 3)
