"""A bundle's models into a depot: all of them checked first, then put into place."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.errors import BundleError, ModelDamagedError
from assistant.models.bundle import read_contents, read_files
from assistant.models.catalog import ENTRIES, MODEL_ID, ModelEntry
from assistant.models.depot import Depot
from assistant.models.description import read_description
from assistant.models.hub import Meter
from assistant.models.importing import remove_others, require_free_id
from assistant.models.manifests import DESCRIPTION, MANIFEST, Manifest
from assistant.models.workshop import explain_os_error, open_staging, open_workshop


def unpack_bundle(
    depot: Depot,
    path: Path,
    trusted_keys: Sequence[str],
    *,
    replaces: bool = False,
    listener: Callable[[str], None] | None = None,
    meter: Meter | None = None,
) -> list[ModelEntry]:
    """Check a bundle to its last byte, then put its models into the depot.

    Args:
        trusted_keys: public keys as text; the bundle must be signed with one of them.
        replaces: whether an imported model may take the place of another one of the same id.
    Raises:
        BundleError: it is not trusted, damaged, or made for another Philo. Nothing of it stays.
        ModelFetchError: the depot cannot be written to.
    """
    tell = listener or (lambda _line: None)
    try:
        stream = path.open("rb")
    except OSError as exc:
        raise BundleError(f"{path} cannot be read: {exc}") from exc
    try:
        with stream, open_staging(depot.directory, tell) as staging:
            bundle = read_contents(stream, trusted_keys)
            entries = [_find_row(model) for model in bundle.models]
            for model, entry in zip(bundle.models, entries, strict=True):
                if entry is None and not replaces and not _holds(depot, model):
                    require_free_id(depot, model.id)
            free = shutil.disk_usage(staging).free
            if free < bundle.size_bytes:
                raise BundleError(
                    f"{depot.directory} has {free / 1e9:.1f} GB free, the bundle takes "
                    f"{bundle.size_bytes / 1e9:.1f} GB; free some space, or keep models "
                    "elsewhere (PHILO_MODELS__DIRECTORY)"
                )
            for _ in read_files(stream, bundle, staging, meter):
                pass
            return [
                _adopt(depot, model, entry, staging, bundle.key, tell)
                for model, entry in zip(bundle.models, entries, strict=True)
            ]
    except OSError as exc:
        reason = explain_os_error(path.name, depot.directory, exc)
        raise BundleError(f"{path} cannot be unpacked: {reason}") from exc


def _find_row(model: Manifest) -> ModelEntry | None:
    """The catalogue's row of a bundled model; None where the bundle describes it itself."""
    if not MODEL_ID.fullmatch(model.id) or not MODEL_ID.fullmatch(model.revision):
        raise BundleError(f"the bundle names a model {model.id!r} {model.revision!r}")
    if MANIFEST in model.files:
        raise BundleError(f"the bundle brings a {MANIFEST} of its own")
    row = next((entry for entry in ENTRIES if entry.id == model.id), None)
    if row is not None and row.revision != model.revision:
        raise BundleError(
            f"the bundle has '{model.id}' in revision {model.revision}, this Philo uses "
            f"{row.revision}; make the bundle with the same version of Philo"
        )
    if row is None and DESCRIPTION not in model.files:
        raise BundleError(
            f"the bundle has '{model.id}', which this Philo's catalogue lacks; make the bundle "
            "with the same version of Philo"
        )
    return row


def _holds(depot: Depot, model: Manifest) -> bool:
    return (depot.directory / model.id / model.revision / DESCRIPTION).is_file()


def _adopt(
    depot: Depot,
    model: Manifest,
    row: ModelEntry | None,
    staging: Path,
    key: str,
    tell: Callable[[str], None],
) -> ModelEntry:
    staged = staging / model.id / model.revision
    try:
        entry = row or read_description(staged, model.id)
    except ModelDamagedError as exc:
        raise BundleError(f"the bundle describes '{model.id}' wrongly: {exc}") from exc
    if depot.status(entry) == "ready":
        tell(f"{entry.id}: already here")
        return entry
    with open_workshop(depot.directory, entry.id, tell) as workshop:
        built = staged.rename(workshop.scratch / "unbundled")
        depot.adopt(entry, built, {**model.origin, "bundle_key": key})
        if row is None:
            remove_others(depot, entry)
    tell(f"{entry.id}: ready")
    return entry
