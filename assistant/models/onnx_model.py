"""A tokenizer and an ONNX session over one folder, for built-in models that read text by text."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from assistant.machine import BEHIND_ANSWERS, BEHIND_REQUESTS, stand_back

Text = TypeVar("Text")
Found = TypeVar("Found")


class OnnxModel:
    """Loaded with its first use, for most commands need no model. Thread-safe.

    Texts side by side, each on one core, are read faster than one text on all cores; and one at
    a time, for in int8 the activations of a batch share their scale, so that the neighbours of a
    text would change its figures (cosine of vectors down to 0.97).
    """

    def __init__(self, folder: Path, *, threads: int, name: str) -> None:
        """
        Args:
            folder: holds model.onnx and tokenizer.json, as the depot verified them.
            name: of the threads.
        """
        self._folder = folder
        self._pool = _open_pool(threads, name, BEHIND_REQUESTS)
        self._bulk = _open_pool(threads, f"{name}-bulk", BEHIND_ANSWERS)
        self._lock = threading.Lock()
        self._closed = False
        self._shared: SharedTokenizer | None = None
        self._session: Any = None

    @property
    def tokenizer(self) -> Any:
        """A `tokenizers.Tokenizer` without truncation and padding, shared: it is not changed."""
        with self._lock:
            self._require_open()
            if self._shared is None:
                self._shared = load_tokenizer(self._folder / "tokenizer.json")
            return self._shared.tokenizer

    def run(self, output: str, ids: Sequence[int]) -> NDArray[np.float32]:
        """(T,) token ids -> the named output without its batch axis."""
        session = self._load_session()
        input_ids = np.array([ids], np.int64)  # (1, T)
        feed = {"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)}
        found: NDArray[np.float32] = session.run([output], feed)[0][0]
        return found

    def map(
        self, read: Callable[[Text], Found], texts: Iterable[Text], *, in_bulk: bool = False
    ) -> Iterator[Found]:
        """`read` of each, on this model's threads, in order.

        Args:
            in_bulk: on threads of their own, behind all for which somebody waits.
        """
        return (self._bulk if in_bulk else self._pool).map(read, texts)

    def prepare(self) -> None:
        """Load now, so that the first use does not wait for it."""
        _ = self.tokenizer
        self._load_session()

    def close(self) -> None:
        for pool in (self._pool, self._bulk):
            pool.shutdown(cancel_futures=True)
        with self._lock:
            self._closed = True
            self._session = self._shared = None  # half a gigabyte, whoever still refers to this

    def _load_session(self) -> Any:
        with self._lock:
            self._require_open()
            if self._session is None:
                import onnxruntime

                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = 1
                self._session = onnxruntime.InferenceSession(
                    str(self._folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
                )
            return self._session

    def _require_open(self) -> None:
        if self._closed:
            raise RuntimeError(f"the model of {self._folder} was used after it was closed")


def _open_pool(threads: int, name: str, behind: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(
        threads, thread_name_prefix=name, initializer=stand_back, initargs=(behind,)
    )


class SharedTokenizer:
    """A `tokenizers.Tokenizer`, which takes no weak references itself."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer


_loaded: WeakValueDictionary[str, SharedTokenizer] = WeakValueDictionary()
"""By SHA-256 of their file: embedder and reader have the same, which takes 0.7 s to load."""
_loading = threading.Lock()


def load_tokenizer(path: Path) -> SharedTokenizer:
    """That of a file; the one of the same content that is loaded, as long as somebody holds it."""
    from tokenizers import Tokenizer

    content = path.read_bytes()
    key = hashlib.sha256(content).hexdigest()
    with _loading:
        if (shared := _loaded.get(key)) is None:
            tokenizer = Tokenizer.from_buffer(content)
            tokenizer.no_truncation()
            tokenizer.no_padding()
            shared = _loaded[key] = SharedTokenizer(tokenizer)
        return shared
