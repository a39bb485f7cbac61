"""Embedders: texts to vectors, one file a backend."""

from __future__ import annotations

from pathlib import Path

from assistant.errors import UnknownModelError
from assistant.models.catalog import find_model
from assistant.models.depot import Depot
from assistant.models.embedders.base import Embedder
from assistant.models.settings import ModelSettings


def open_embedder(settings: ModelSettings) -> Embedder:
    """The embedder that the settings name: a catalogue id, or a folder on disk.

    Raises:
        UnknownModelError: neither a folder nor an id of an embedder.
        ModelMissingError: it was not pulled yet.
        ModelDamagedError: its files are not what was pulled.
    """
    folder = Path(settings.embedder).expanduser()
    if folder.is_dir():
        from assistant.models.embedders.sentence_transformers import SentenceTransformersEmbedder

        return SentenceTransformersEmbedder(folder, threads=settings.threads)
    entry = find_model(settings.embedder)
    if entry.kind != "embedder":
        raise UnknownModelError(f"'{entry.id}' is a {entry.kind}, expected an embedder")
    from assistant.models.embedders.onnx import OnnxEmbedder

    verified = Depot(settings.directory, settings.pins).load_path(entry)
    return OnnxEmbedder(verified, entry, threads=settings.threads)


def absolute_name(embedder: str) -> str:
    """What an embedder is called wherever a process is started: a folder by its whole path."""
    folder = Path(embedder).expanduser()
    return str(folder.resolve()) if folder.is_dir() else embedder


__all__ = ["Embedder", "absolute_name", "open_embedder"]
