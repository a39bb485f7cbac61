"""Models that somebody brings: a checkpoint to convert, or a folder that is ready."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from assistant.errors import ImportRefusedError, ModelFetchError, ModelFolderError
from assistant.models.brought import Brought, inspect_path
from assistant.models.catalog import (
    ENTRIES,
    GENERATOR_FILES,
    MODEL_ID,
    CheckpointSource,
    Device,
    HubSource,
    ImportedSource,
    ModelEntry,
    Precision,
)
from assistant.models.catalog.checkpoints import RECIPE, RECIPE_VERSION
from assistant.models.conversion import RECIPES, convert
from assistant.models.depot import Depot
from assistant.models.description import write_description
from assistant.models.genai_folder import CONFIG, read_genai_folder
from assistant.models.manifests import DESCRIPTION
from assistant.models.settings import NO_GENERATOR
from assistant.models.workshop import Workshop, open_workshop

UNKNOWN_LICENCE = "unknown: see where it came from"


def import_model(
    depot: Depot,
    path: Path,
    *,
    model_id: str,
    precision: Precision | None = None,
    device: Device | None = None,
    context_tokens: int | None = None,
    title: str | None = None,
    licence: str | None = None,
    replaces: bool = False,
    listener: Callable[[str], None] | None = None,
) -> ModelEntry:
    """Make a model of a folder or file on disk.

    Args:
        path: a Hugging Face checkpoint (config.json and *.safetensors), a GGUF file or a folder
            that holds one, or a folder that ONNX Runtime GenAI can load, which is copied.
        model_id: of the catalogue where the row's files may be brought by hand, else a new one.
        precision: of the conversion; int4 where it is not said. A ready folder has its own.
        context_tokens: the longest prompt and answer together that a conversion allows, if less
            than the checkpoint's own.
        replaces: whether another import of this id may go.
    Raises:
        ImportRefusedError: the path holds no model, or the id is taken or cannot be one.
        ModelFetchError: it could not be converted, or the disk is full. Nothing is left behind.
    """
    tell = listener or (lambda _line: None)
    row = _require_usable_id(model_id)
    if row is not None and not replaces and depot.status(row) == "ready":
        tell(f"{model_id}: already here")
        return row
    brought = inspect_path(path)
    source = _settle_source(brought, row, precision, device)
    if context_tokens is not None:
        if row is not None or brought.kind == "ready":
            raise ImportRefusedError(
                "a context can be chosen for a conversion under an id of your own only; leave "
                f"--context {context_tokens} out, or choose another id"
            )
        source = replace(source, context_tokens=context_tokens)
    tell(f"{model_id}: reading {brought.path}")
    try:
        source = replace(source, sha256=brought.fingerprint())
    except OSError as exc:
        raise ImportRefusedError(f"{path} cannot be read: {exc}") from exc
    if row is None and (held := _held(depot, source, model_id)) is not None:
        tell(f"{model_id}: already here")
        return held
    with open_workshop(depot.directory, model_id, tell) as workshop:
        if row is None and not replaces:
            require_free_id(depot, model_id)
        _build(brought, source, workshop, tell)
        entry = row or _describe(workshop, source, title, licence)
        origin = {"source": source.title, "source_sha256": source.sha256}
        depot.adopt(entry, workshop.model, origin)
        if row is None:
            remove_others(depot, entry)
    tell(f"{model_id}: ready")
    return entry


def require_free_id(depot: Depot, model_id: str) -> None:
    """Raises: ImportRefusedError: an imported model has the id already."""
    if any(depot.directory.glob(f"{model_id}/*/{DESCRIPTION}")):
        raise ImportRefusedError(
            f"there is another model '{model_id}' in {depot.directory}; choose another id, or "
            "add --replace to put this one in its place"
        )


def remove_others(depot: Depot, entry: ModelEntry) -> None:
    """Remove other imports of an id."""
    for path in depot.directory.glob(f"{entry.id}/*/{DESCRIPTION}"):
        if path.parent != depot.path(entry):
            shutil.rmtree(path.parent)


def _require_usable_id(model_id: str) -> ModelEntry | None:
    """The catalogue's row whose files are brought by hand; None for an id of one's own."""
    if not MODEL_ID.fullmatch(model_id) or model_id == NO_GENERATOR:
        raise ImportRefusedError(
            f"'{model_id}' cannot be an id: expected up to 64 of a-z, 0-9, '.', '_' and '-', the "
            f"first a letter or a digit, and not '{NO_GENERATOR}'"
        )
    row = next((entry for entry in ENTRIES if entry.id == model_id), None)
    if row is not None and not isinstance(row.source, HubSource | CheckpointSource):
        raise ImportRefusedError(f"'{model_id}' is a model of the catalogue; choose another id")
    return row


def _settle_source(
    brought: Brought,
    row: ModelEntry | None,
    precision: Precision | None,
    device: Device | None,
) -> ImportedSource:
    """Precision and device: as asked for, as the row has them, or as they came."""
    if row is not None and isinstance(row.source, HubSource) and brought.kind != "ready":
        raise ImportRefusedError(
            f"'{row.id}' is a ready folder of {row.source.repository} and {brought.path} is a "
            f"{brought.kind}; choose another id to convert it"
        )
    if brought.kind == "ready":
        if precision is not None:
            raise ImportRefusedError(
                f"{brought.path} is converted already: leave --precision {precision} out"
            )
        settled_device = device or _stated_device(brought.path)
    else:
        settled_device = device or "cpu"
    settled: str = "as it came" if brought.kind == "ready" else precision or "int4"
    if row is not None:
        wanted_device: Device = "cuda" if row.runs_on == "cuda" else "cpu"
        if precision not in {None, row.precision} or device not in {None, wanted_device}:
            raise ImportRefusedError(
                f"'{row.id}' is {row.precision} for {wanted_device} in the catalogue; leave the "
                "options out, or choose another id"
            )
        settled_device = wanted_device
        settled = settled if brought.kind == "ready" else row.precision
    if settled == "fp16" and settled_device == "cpu":
        raise ImportRefusedError("fp16 runs on a GPU only; take --device cuda, or int8 or fp32")
    return ImportedSource(brought.path.name, "", settled, settled_device)


def _stated_device(folder: Path) -> Device:
    return "cuda" if '"cuda"' in (folder / CONFIG).read_text("utf-8", "replace") else "cpu"


def _held(depot: Depot, source: ImportedSource, model_id: str) -> ModelEntry | None:
    """The very same model, where it was imported before and is sound."""
    entry = next((entry for entry in depot.imported() if entry.id == model_id), None)
    if entry is None or depot.status(entry) != "ready":
        return None
    same = isinstance(entry.source, ImportedSource) and entry.source.identity == source.identity
    return entry if same else None


def _build(
    brought: Brought,
    source: ImportedSource,
    workshop: Workshop,
    tell: Callable[[str], None],
) -> None:
    size = brought.size_bytes
    if brought.kind == "ready":
        workshop.require_space(size)
        tell(f"{workshop.model_id}: copying")
        for file in brought.files:
            shutil.copyfile(file, workshop.model / file.name)
        return
    workshop.require_space(3 * size)
    tell(f"{workshop.model_id}: converting")
    options = ["--precision", source.precision, "--device", source.device]
    if source.context_tokens is not None:
        options += ["--context", str(source.context_tokens)]
    convert(
        f"{RECIPES}.{RECIPE}",
        brought.path,
        workshop.model,
        model_id=workshop.model_id,
        options=options,
        tell=tell,
        needs=f"about {max(3.0, 5 * size / 1e9):.0f} GB of memory and {3 * size / 1e9:.1f} GB of "
        "disk are needed",
    )


def _describe(
    workshop: Workshop, source: ImportedSource, title: str | None, licence: str | None
) -> ModelEntry:
    """Make the entry of a finished folder and write it there."""
    try:
        folder = read_genai_folder(workshop.model)
    except ModelFolderError as exc:
        raise ModelFetchError(f"'{workshop.model_id}' cannot be used: {exc}") from exc
    size = sum(path.stat().st_size for path in workshop.model.iterdir())
    entry = ModelEntry(
        id=workshop.model_id,
        kind="generator",
        title=title or f"{source.origin} ({folder.architecture}), {source.precision}",
        licence=licence or UNKNOWN_LICENCE,
        languages=(),
        source=source,
        recipe="" if source.precision == "as it came" else RECIPE,
        recipe_version=RECIPE_VERSION,
        files=(*GENERATOR_FILES, DESCRIPTION),
        limit_tokens=folder.context_tokens,
        build_bytes=size,
        size_bytes=size,
        prompt_format=folder.prompt_format,
        precision=source.precision,
        runs_on=source.device,
    )
    write_description(workshop.model, entry)
    return entry
