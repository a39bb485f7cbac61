"""The catalogue beside what is on this machine, as people see it."""

from __future__ import annotations

from assistant.models.catalog import ENTRIES, CheckpointSource, HubSource, ModelEntry, WheelSource
from assistant.models.depot import Depot
from assistant.models.settings import ModelSettings
from assistant.types import PublicModel


class ModelInfo(PublicModel):
    """Sizes and hashes are those on disk where the model is here. `used`: named by the settings."""

    id: str
    kind: str
    title: str
    licence: str
    languages: list[str]
    source: str
    source_kind: str
    sha256: str | None
    limit_tokens: int
    prompt_format: str | None
    precision: str
    runs_on: str
    size_bytes: int
    note: str
    revision: str
    status: str
    used: bool
    files: dict[str, str | None]


def list_models(settings: ModelSettings, depot: Depot) -> list[ModelInfo]:
    """All of the catalogue, then what was imported."""
    return [describe_model(entry, depot, settings) for entry in (*ENTRIES, *depot.imported())]


def describe_model(entry: ModelEntry, depot: Depot, settings: ModelSettings) -> ModelInfo:
    status = depot.glance(entry)
    manifest = depot.manifest(entry) if status == "ready" else None
    pinned = entry.source.sha256 if isinstance(entry.source, HubSource | CheckpointSource) else {}
    files = {name: pinned.get(name) for name in (*entry.files, *pinned)}
    if manifest is not None:
        files = {name: record.sha256 for name, record in manifest.files.items()}
    return ModelInfo(
        id=entry.id,
        kind=entry.kind,
        title=entry.title,
        licence=entry.licence,
        languages=list(entry.languages),
        source=entry.source.title,
        source_kind=type(entry.source).__name__.removesuffix("Source").lower(),
        sha256=entry.source.sha256 if isinstance(entry.source, WheelSource) else None,
        limit_tokens=entry.limit_tokens,
        prompt_format=entry.prompt_format,
        precision=entry.precision,
        runs_on=entry.runs_on,
        size_bytes=manifest.size_bytes if manifest else entry.size_bytes,
        note=entry.note,
        revision=entry.revision,
        status=status,
        used=entry.id in {settings.generator, settings.embedder, settings.reader},
        files=files,
    )
