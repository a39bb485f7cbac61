"""Any CrossEncoder of sentence-transformers that lies in a folder on disk."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError

BATCH_TEXTS = 16
MAX_TOKENS = 512
"""Of question and text together; longer texts are cut."""


class CrossEncoderReranker:
    """Loaded with the first question. Calls from several threads take turns.

    Only safetensors are read: a pickle runs whatever code its author put into it.
    """

    def __init__(self, folder: Path, *, threads: int) -> None:
        """
        Args:
            threads: sets torch's, which all torch models of the process share.
        """
        self._folder = folder
        self._threads = threads
        self._turn = threading.Lock()
        self._model: Any = None

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return np.empty(0, np.float32)
        with self._turn:
            if self._model is None:
                self._model = self._load()
            scores = self._model.predict(
                [(question, text) for text in texts],
                batch_size=BATCH_TEXTS,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return np.asarray(scores, np.float32)  # (N,)

    def close(self) -> None:
        with self._turn:
            self._model = None

    def _load(self) -> Any:
        import torch
        from sentence_transformers import CrossEncoder

        torch.set_num_threads(self._threads)
        try:
            model: Any = CrossEncoder(
                str(self._folder.resolve()),
                device="cpu",
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
        except (OSError, ValueError, KeyError, ImportError) as exc:
            raise ModelError(
                f"{self._folder} is no CrossEncoder that Philo can read: {exc}; "
                "expected config.json, tokenizer.json and model.safetensors"
            ) from exc
        if model.num_labels != 1:
            raise ModelError(
                f"{self._folder} gives {model.num_labels} scores for a text, expected 1; "
                "choose a CrossEncoder that was made for ranking"
            )
        model.max_seq_length = min(model.max_seq_length or MAX_TOKENS, MAX_TOKENS)
        return model
