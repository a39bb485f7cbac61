"""The composition root: settings in, a working assistant out. Backends are chosen here only."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.assistant import Assistant
from assistant.data_directory import own_directory, share_directory
from assistant.errors import PhiloError
from assistant.indexes import apply_index
from assistant.knowledge.indexes import find_index_in_use
from assistant.knowledge.library import Library
from assistant.knowledge.opening import open_library
from assistant.knowledge.vectors.base import VectorHome
from assistant.knowledge.vectors.chroma import EmbeddedVectors
from assistant.models.catalog import RemoteSource, find_model
from assistant.models.depot import Depot
from assistant.models.embedders import Embedder, absolute_name, open_embedder
from assistant.models.generators import is_remote, open_generator
from assistant.models.readers import open_reader
from assistant.models.rerankers import open_reranker
from assistant.models.settings import NO_GENERATOR
from assistant.observing.observer import open_observer
from assistant.safety.policy import Place, Policy
from assistant.settings import Settings
from assistant.storage_settings import StorageSettings

if TYPE_CHECKING:
    from assistant.models.generators.base import Generator


PLUGINS = "philo.plugins"

CAPABLE_BYTES = 10**9
"""Generators of fewer bytes write worse summaries than the documents' own sentences are."""


@dataclass(frozen=True, slots=True)
class Replicas:
    """So many replicas of the generator, on the cluster at `address` (`auto`: this machine)."""

    count: int
    address: str


def open_assistant(
    settings: Settings,
    *,
    wait_s: float = 0.0,
    replicas: Replicas | None = None,
    embedder: Embedder | None = None,
) -> Assistant:
    """Own the data directory and open all that works on it; close it after use.

    Args:
        wait_s: how long to wait for another process to give the directory back.
        replicas: instead of one generator in this process's care.
        embedder: an open one, instead of that of the settings; closed with the assistant.
    Raises:
        ClusterError: see `open_replicas`.
        DataDirectoryBusyError, DataDirectoryError: see `own_directory`.
        ModelMissingError, ModelDamagedError: the embedder's files; says what to run.
        IndexMismatchError: the embedder of the index in use is another one by now.
        OfflineError: the settings send traces to another machine, and `offline` is set.
        UnknownModelError: the reranker that the settings name is no folder.
    """
    with ExitStack() as opened:
        if embedder is not None:
            opened.callback(embedder.close)
        enter = share_directory if settings.storage.is_shared else own_directory
        lock = enter(settings.data, wait_s=wait_s)
        opened.callback(lock.release)
        stated = settings
        if embedder is None:
            if (index := find_index_in_use(settings.data, settings.storage)) is not None:
                settings = apply_index(stated, index)
            embedder = open_embedder(settings.models)
            opened.callback(embedder.close)
        reader = open_reader(settings.models)
        if reader is not None:
            opened.callback(reader.close)
        library = open_library(
            settings.data,
            embedder_id=embedder.id,
            dimension=embedder.dimension,
            embedder=absolute_name(settings.models.embedder),
            chunk_tokens=settings.ingest.chunk_tokens,
            home=choose_vectors(settings.data, settings.storage),
            storage=settings.storage,
        )
        opened.callback(library.close)
        library.observer = open_observer(settings.observability, offline=settings.offline)
        opened.callback(library.observer.close)
        reranker = open_reranker(settings.models)
        if reranker is not None:
            opened.callback(reranker.close)
        generator = None
        if settings.models.generator != NO_GENERATOR:
            generator = _open_generator(settings, replicas)
            if is_remote(settings.models):
                generator = _mask_remote(generator, settings, library)
            opened.callback(generator.close)
        assistant = Assistant(
            settings=settings,
            library=library,
            embedder=embedder,
            reader=reader,
            generator=generator,
            reranker=reranker,
            summary_writer=generator if _writes_summaries(settings) else None,
            open_ingestor=load_plugin("ingestor"),
            on_close=opened.pop_all().close,
            stated_settings=stated,
        )
    try:
        assistant.catch_up()
    except BaseException:
        assistant.close()
        raise
    return assistant


def choose_vectors(data: Path, storage: StorageSettings) -> VectorHome:
    """Where vectors lie, by the settings. Nothing is opened yet.

    Raises:
        SettingsError: pgvector is chosen and no database is named.
    """
    if storage.vectors == "chroma":
        from assistant.knowledge.vectors.chroma_server import ChromaServer

        return ChromaServer(storage.chroma)
    if storage.vectors == "pgvector":
        from assistant.knowledge.vectors.pgvector import PgVectorHome

        return PgVectorHome(data, storage)
    return EmbeddedVectors()


def _open_generator(settings: Settings, replicas: Replicas | None) -> Generator:
    if replicas is None:
        return open_generator(settings.models, settings.serving, offline=settings.offline)
    from assistant.models.generators.replica_pool import open_replicas

    return open_replicas(
        settings.models,
        settings.serving,
        replicas=replicas.count,
        address=replicas.address,
        data=settings.data,
    )


def _mask_remote(generator: Generator, settings: Settings, library: Library) -> Generator:
    from assistant.safety.personal.remote import REMOTE, MaskedGenerator

    policy = Policy(settings.safety)
    if not policy.cares(Place.REMOTE, None):
        return generator
    record = partial(library.audit.record, REMOTE, "safety")
    return MaskedGenerator(generator, policy, library.pseudonyms, record)


def _writes_summaries(settings: Settings) -> bool:
    """Whether the generator is worth its time where there are sentences to quote."""
    writer = settings.summaries.writer
    if writer != "auto" or settings.models.generator == NO_GENERATOR:
        return writer == "model"
    entry = find_model(settings.models.generator, Depot(settings.models.directory))
    return isinstance(entry.source, RemoteSource) or entry.size_bytes >= CAPABLE_BYTES


def load_plugin(name: str) -> Callable[..., Any]:
    """What another package of Philo brings along; `assistant` imports none of them by name.

    Raises:
        PhiloError: that package is not installed.
    """
    loaded: Callable[..., Any] | None = find_plugin(name)
    if loaded is None:
        raise PhiloError(f"the part '{name}' of Philo is not installed; run: pip install philo")
    return loaded


def find_plugin(name: str) -> Any:
    """The same, or None when that package is not installed."""
    for entry in entry_points(group=PLUGINS, name=name):
        return entry.load()
    return None
