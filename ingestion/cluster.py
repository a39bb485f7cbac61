"""Parsing and embedding on the nodes of a Ray cluster.

Files travel as bytes through Ray's object store: nodes need no common file system, only the same
Philo, models and Ray. What is at work on a node that dies is done again on another one. Only
this process publishes.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import ModelError, ParseError, SourceUnavailableError
from assistant.ingest_settings import IngestSettings
from assistant.models.cluster import joined_cluster, list_nodes
from assistant.models.embedders import Embedder, open_embedder
from assistant.models.embedders.base import Vectors
from assistant.models.settings import ModelSettings
from assistant.offline import forbid_telemetry
from assistant.settings import Settings
from assistant.types import ParsedDocument
from ingestion.parsers.base import PARSER_REVISION
from ingestion.sandbox import Sandbox
from ingestion.stages import limits_of
from ingestion.wire import decode_document, dump_message, encode_document

MOST_AHEAD = 64
"""Files and batches on their way at once, however large the cluster is."""
MOST_TRIES = 3
"""Of one task, when the process or the node that did it was lost each time."""


class ClusterStages:
    """`ingestion.stages.Stages` on a cluster; joined for as long as this is open.

    Raises:
        ClusterError: see `joined_cluster`.
    """

    def __init__(self, settings: Settings, *, embedder_id: str) -> None:
        """
        Args:
            embedder_id: of the embedder that the library was built with.
        """
        assert settings.ingest.cluster is not None  # noqa: S101 - whoever has none is local
        self._embedder_id = embedder_id
        self._opened = contextlib.ExitStack()
        self._opened.enter_context(joined_cluster(settings.ingest.cluster))
        import ray

        nodes = list_nodes()
        cores = sum(node.cores for node in nodes)
        gpus = sum(node.gpus for node in nodes)
        self.parse_ahead = min(2 * cores, MOST_AHEAD)
        self.embed_ahead = min(2 * gpus if gpus else cores, MOST_AHEAD)
        again = {"max_retries": MOST_TRIES - 1}
        self._parse_task: Any = ray.remote(_parse_bytes).options(num_cpus=1, **again)
        self._embed_task: Any = ray.remote(_embed_texts).options(
            num_cpus=1, num_gpus=1 if gpus else 0, **again
        )
        self._ingest_json = settings.ingest.model_dump_json()
        one_core = settings.models.model_copy(update={"threads": 1})
        self._models_json = one_core.model_dump_json()
        self._waiting = ThreadPoolExecutor(
            self.parse_ahead + self.embed_ahead, thread_name_prefix="philo-cluster"
        )
        self._lock = threading.Lock()
        self._running: set[Any] = set()
        self._closed = False

    def parse(self, path: Path) -> Future[ParsedDocument]:
        return self._waiting.submit(self._parse, path)

    def embed(self, texts: Sequence[str]) -> Future[Vectors]:
        return self._waiting.submit(self._embed, list(texts))

    def close(self) -> None:
        import ray

        with self._lock:
            self._closed = True
            running = [*self._running]
        self._waiting.shutdown(wait=False, cancel_futures=True)
        for task in running:
            ray.cancel(task)
        self._waiting.shutdown(wait=True)
        self._opened.close()

    def _parse(self, path: Path) -> ParsedDocument:
        content = path.read_bytes()
        answer = json.loads(
            self._run(lambda: self._parse_task.remote(path.name, content, self._ingest_json))
        )
        if "document" in answer:
            if answer.get("parser") != PARSER_REVISION:
                raise SourceUnavailableError(
                    "a node of the cluster has another version of Philo; install the same on all"
                )
            try:
                return decode_document(answer["document"])
            except ValueError as exc:
                raise ParseError(f"the node answered nonsense ({exc})") from exc
        if "passing" in answer:
            raise SourceUnavailableError(f"a node of the cluster: {answer['passing']}")
        raise ParseError(str(answer["reason"]))

    def _embed(self, texts: list[str]) -> Vectors:
        found, vectors = self._run(lambda: self._embed_task.remote(texts, self._models_json))
        if found != self._embedder_id:
            raise ModelError(
                f"a node of the cluster embeds with '{found}', this machine with "
                f"'{self._embedder_id}'; give all nodes the same models and settings"
            )
        return np.array(vectors)  # Ray's own is read-only

    def _run(self, start: Callable[[], Any]) -> Any:
        """A task's result.

        Raises:
            SourceUnavailableError: it was lost with each node that tried it, or given up.
        """
        import ray
        from ray.exceptions import RayError, RayTaskError

        with self._lock:
            if self._closed:
                raise SourceUnavailableError("the work was broken off")
            task = start()
            self._running.add(task)
        try:
            return ray.get(task)
        except RayTaskError as exc:
            cause = exc.cause
            raise (cause if isinstance(cause, ModelError) else exc) from None
        except RayError as exc:
            raise SourceUnavailableError(
                f"the nodes that worked on it were lost ({type(exc).__name__})"
            ) from exc
        finally:
            with self._lock:
                self._running.discard(task)


def _parse_bytes(name: str, content: bytes, settings_json: str) -> bytes:
    """On a node: a file in the sandbox. JSON with `document`, `reason` or `passing`."""
    try:
        with tempfile.TemporaryDirectory(prefix="philo-cluster-") as folder:
            path = Path(folder) / name  # its title may come from its name
            path.write_bytes(content)
            document = _sandbox(settings_json).parse(path, ocr_threads=1)
    except ParseError as exc:
        return dump_message({"reason": str(exc)})
    except OSError as exc:
        return dump_message({"passing": exc.strerror or str(exc)})
    return dump_message({"document": encode_document(document), "parser": PARSER_REVISION})


def _embed_texts(texts: list[str], models_json: str) -> tuple[str, Vectors]:
    """On a node: (id of the embedder, (N, D) vectors)."""
    embedder = _embedder(models_json)
    return embedder.id, embedder.encode_bulk(texts)


@lru_cache(maxsize=1)
def _sandbox(settings_json: str) -> Sandbox:
    """Kept in the worker process for its next task; a start costs a quarter of a second."""
    return Sandbox(limits_of(IngestSettings.model_validate_json(settings_json)))


@lru_cache(maxsize=1)
def _embedder(models_json: str) -> Embedder:
    forbid_telemetry()
    return open_embedder(ModelSettings.model_validate_json(models_json))
