"""Any sentence-transformers model that lies in a folder on disk."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import ModelError
from assistant.models.embedders.base import Embedder, Vectors
from assistant.models.manifests import file_sha256

BATCH_TEXTS = 16
SHAPING_SUFFIXES = {".json", ".safetensors", ".model", ".txt"}


class SentenceTransformersEmbedder(Embedder):
    """Prompts, pooling and length are those of the model's own files.

    Only safetensors are read: a pickle runs whatever code its author put into it. Calls from
    several threads take turns.
    """

    def __init__(self, folder: Path, *, threads: int) -> None:
        """
        Args:
            threads: sets torch's, which all torch models of the process share.
        Raises:
            ModelError: the folder holds no sentence-transformers model that can be read.
        """
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(threads)
        try:
            self._model: Any = SentenceTransformer(
                str(folder.resolve()),
                device="cpu",
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
        except (OSError, ValueError, KeyError, ImportError) as exc:
            raise ModelError(
                f"{folder} is no sentence-transformers model that Philo can read: {exc}; "
                "expected modules.json, config.json, tokenizer.json and model.safetensors"
            ) from exc
        self.id = f"{folder.resolve().name}@{_folder_digest(folder)}"
        self.dimension = int(self._model.get_embedding_dimension())
        self.max_tokens = int(self._model.get_max_seq_length() or 512)
        self._turn = threading.Lock()

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        return self._encode(self._model.encode_document, list(texts))

    def encode_query(self, text: str) -> Vectors:
        vector: Vectors = self._encode(self._model.encode_query, [text])[0]
        return vector

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        tokenizer = self._model.tokenizer
        with self._turn:  # the tokenizer of transformers keeps its settings in itself
            encoded = tokenizer(
                list(texts), add_special_tokens=False, truncation=False, verbose=False
            )
        return [len(ids) for ids in encoded["input_ids"]]

    def _encode(self, encode: Any, texts: list[str]) -> Vectors:
        with self._turn:
            vectors = encode(
                texts,
                batch_size=BATCH_TEXTS,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return np.asarray(vectors, np.float32)  # (N, D)


def _folder_digest(folder: Path) -> str:
    """Of every file that shapes the vectors: configuration, vocabulary and weights."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in SHAPING_SUFFIXES:
            name = path.relative_to(folder).as_posix()
            digest.update(f"{name} {path.stat().st_size} {file_sha256(path)}\n".encode())
    return digest.hexdigest()[:10]
