"""Where remote generators are asked and what they are called, and whether they may be asked."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from assistant.errors import OfflineError, SettingsError
from assistant.models.catalog import ENTRIES, RemoteSource
from assistant.models.catalog.sources import Provider
from assistant.models.settings import ModelSettings, RemoteSettings

_DEFAULT_ADDRESSES: Mapping[Provider, str] = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
}


def address_of(source: RemoteSource, settings: RemoteSettings) -> str:
    return settings.base_url or _DEFAULT_ADDRESSES[source.provider]


def host_of(source: RemoteSource, settings: RemoteSettings) -> str:
    """Where it is asked, for people."""
    return urlsplit(address_of(source, settings)).netloc


def model_of(source: RemoteSource, settings: RemoteSettings) -> str:
    """Its name at the provider.

    Raises:
        SettingsError: the settings have to name one, and do not.
    """
    model = settings.model or source.model
    if model is None:
        raise SettingsError(
            "models.remote.model is not set; write the model's name as its server knows it "
            "into [models.remote] of philo.toml"
        )
    return model


def require_online(offline: bool, source: RemoteSource, settings: ModelSettings) -> None:
    """Raises: OfflineError: `offline` is set; says what would leave the machine, and where to.

    A server on this machine is no exception: nobody here knows where it passes things on to.
    """
    if offline:
        raise OfflineError(
            f"generator '{settings.generator}' would send questions and passages to "
            f"{host_of(source, settings.remote)}, and offline = true; set offline = false in "
            "philo.toml (or PHILO_OFFLINE=0) to allow it, or choose a model that Philo runs itself"
        )


def is_remote(settings: ModelSettings) -> bool:
    """Whether the generator of the settings is on another machine, or behind its server."""
    source = next((one.source for one in ENTRIES if one.id == settings.generator), None)
    return isinstance(source, RemoteSource)


def name_generator(settings: ModelSettings) -> str:
    """Which model answers, for people: its id, or 'openai/gpt-4o at api.openai.com'."""
    source = next((one.source for one in ENTRIES if one.id == settings.generator), None)
    if not isinstance(source, RemoteSource):
        return settings.generator
    named = settings.remote.model or source.model or "(no model named)"
    return f"{source.provider}/{named} at {host_of(source, settings.remote)}"
