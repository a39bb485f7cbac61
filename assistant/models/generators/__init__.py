"""Generators: prompts to text, one file a backend."""

from __future__ import annotations

from assistant.errors import UnknownModelError
from assistant.models.catalog import find_model
from assistant.models.depot import Depot
from assistant.models.generators.base import Generator
from assistant.settings import ModelSettings


def open_generator(settings: ModelSettings) -> Generator:
    """The generator that the settings name. Its process starts with the first answer.

    Raises:
        UnknownModelError: no such id, or of no generator.
        ModelMissingError: it was not pulled yet.
        ModelDamagedError: its files are not what was pulled.
    """
    entry = find_model(settings.generator)
    if entry.kind != "generator":
        raise UnknownModelError(f"'{entry.id}' is an {entry.kind}, expected a generator")
    from assistant.models.generators.genai import GenaiGenerator

    return GenaiGenerator(
        Depot(settings.directory).load_path(entry),
        entry,
        threads=settings.threads,
        max_new_tokens=settings.max_new_tokens,
    )


__all__ = ["Generator", "open_generator"]
