"""Readers: a question and passages to the words that answer, one file a backend."""

from __future__ import annotations

import logging

from assistant.errors import ModelMissingError, UnknownModelError
from assistant.models.catalog import find_model
from assistant.models.depot import Depot
from assistant.models.readers.base import PassageReading, Reader
from assistant.models.settings import NO_READER, ModelSettings

log = logging.getLogger(__name__)


def open_reader(settings: ModelSettings) -> Reader | None:
    """The reader that the settings name. None where they name none, and where it was not pulled
    yet: then sentences are chosen without it.

    Raises:
        UnknownModelError: no id of a reader.
        ModelDamagedError: its files are not what was pulled.
    """
    if settings.reader == NO_READER:
        return None
    entry = find_model(settings.reader)
    if entry.kind != "reader":
        raise UnknownModelError(f"'{entry.id}' is a {entry.kind}, expected a reader")
    from assistant.models.readers.onnx import OnnxReader

    try:
        verified = Depot(settings.directory, settings.pins).load_path(entry)
    except ModelMissingError as exc:
        log.info("answers are quoted without a reader: %s", exc)
        return None
    return OnnxReader(verified, entry, threads=settings.threads)


__all__ = ["PassageReading", "Reader", "open_reader"]
