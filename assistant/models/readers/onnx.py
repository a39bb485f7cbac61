"""The built-in reader: int8 ONNX on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assistant.models.catalog import ModelEntry
from assistant.models.onnx_model import OnnxModel
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
        self.id = f"{entry.id}@{entry.revision}"
        self._model = OnnxModel(folder, threads=threads, name="philo-reader")

    def read(self, question: str, passages: Sequence[tuple[str, str]]) -> list[PassageReading]:
        return list(self._model.map(lambda one: self._read(question, *one), passages))

    def prepare(self) -> None:
        self._model.prepare()

    def close(self) -> None:
        self._model.close()

    def _read(self, question: str, title: str, text: str) -> PassageReading:
        coded = encode_pair(self._model.tokenizer, question, title, text)
        return make_reading(self._model.run("logits", coded.ids), coded)  # (T, 3)
