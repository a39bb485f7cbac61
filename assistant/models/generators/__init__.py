"""Generators: prompts to text, one file a backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.errors import UnknownModelError
from assistant.models.catalog import RemoteSource, find_model
from assistant.models.depot import Depot
from assistant.models.generators.remote_models import is_remote, name_generator, require_online
from assistant.models.settings import ModelSettings, ServingSettings

if TYPE_CHECKING:
    from assistant.models.generators.base import Generator


def open_generator(
    settings: ModelSettings, serving: ServingSettings | None = None, *, offline: bool = True
) -> Generator:
    """The generator that the settings name. Its process starts with the first answer.

    Raises:
        UnknownModelError: no such id, or of no generator.
        ModelMissingError: it was not pulled yet.
        ModelDamagedError: its files are not what was pulled.
        OfflineError: it is a remote one, and `offline` is set.
        SettingsError: it is a remote one, and [models.remote] lacks something.
    """
    depot = Depot(settings.directory, settings.pins)
    entry = find_model(settings.generator, depot)
    if entry.kind != "generator":
        raise UnknownModelError(f"'{entry.id}' is an {entry.kind}, expected a generator")
    if isinstance(entry.source, RemoteSource):
        require_online(offline, entry.source, settings)
        from assistant.models.generators.remote import RemoteGenerator

        return RemoteGenerator(entry, entry.source, settings)
    from assistant.models.generators.genai import GenaiGenerator

    return GenaiGenerator(
        depot.load_path(entry),
        entry,
        threads=settings.threads,
        max_new_tokens=settings.max_new_tokens,
        serving=serving,
    )


__all__ = ["is_remote", "name_generator", "open_generator"]
