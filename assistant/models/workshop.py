"""A place to build a model in: locked against others, swept, and gone afterwards."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from assistant.errors import ModelFetchError

BUILDING_PREFIX = ".building-"
STAGING_PREFIX = ".staging-"


@dataclass(frozen=True, slots=True)
class Workshop:
    """Folders for the `download`, the recipe's `source` and the finished `model`, all empty and
    on the same disk as the depot."""

    directory: Path
    model_id: str
    scratch: Path

    @property
    def download(self) -> Path:
        return self.scratch / "download"

    @property
    def source(self) -> Path:
        return self.scratch / "source"

    @property
    def model(self) -> Path:
        return self.scratch / "model"

    def require_space(self, needed_bytes: int) -> None:
        """Raises: ModelFetchError: less is free; says both figures."""
        free = shutil.disk_usage(self.directory).free
        if free < needed_bytes:
            raise ModelFetchError(
                f"{self.directory} has {free / 1e9:.1f} GB free, making '{self.model_id}' takes "
                f"{needed_bytes / 1e9:.1f} GB; free some space, or keep models elsewhere "
                "(PHILO_MODELS__DIRECTORY)"
            )


@contextmanager
def open_workshop(
    directory: Path, model_id: str, tell: Callable[[str], None]
) -> Iterator[Workshop]:
    """Be the only one that builds a model; waits for another one that does.

    Also sweeps what killed builds left, which the lock makes safe.

    Raises:
        ModelFetchError: the directory cannot be written to, or the disk is full.
    """
    home = directory / model_id
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _locked(home / ".lock", lambda: tell(f"{model_id}: another pull is at it")):
            for leftover in home.glob(f"{BUILDING_PREFIX}*"):
                shutil.rmtree(leftover, ignore_errors=True)  # an orphan may still write there
            with tempfile.TemporaryDirectory(prefix=BUILDING_PREFIX, dir=home) as scratch:
                workshop = Workshop(directory, model_id, Path(scratch))
                for folder in (workshop.download, workshop.source, workshop.model):
                    folder.mkdir()
                yield workshop
    except OSError as exc:
        raise ModelFetchError(explain_os_error(model_id, directory, exc)) from exc


@contextmanager
def open_staging(directory: Path, tell: Callable[[str], None]) -> Iterator[Path]:
    """An empty folder on the depot's disk, for models that are checked before they are taken in.

    One process at a time has it; what killed ones left is swept.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory / ".staging.lock", lambda: tell("another import is at it")):
        for leftover in directory.glob(f"{STAGING_PREFIX}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=STAGING_PREFIX, dir=directory) as staging:
            yield Path(staging)


@contextmanager
def _locked(path: Path, on_wait: Callable[[], None]) -> Iterator[None]:
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


def explain_os_error(model_id: str, directory: Path, exc: OSError) -> str:
    """Why a model cannot be kept, and what to do."""
    if exc.errno == errno.ENOSPC:
        return (
            f"the disk is full at {directory} while making '{model_id}': free some space, or "
            "keep models elsewhere (PHILO_MODELS__DIRECTORY)"
        )
    return (
        f"'{model_id}' cannot be kept in {directory}: {exc}; make the directory writable, "
        "or keep models elsewhere (PHILO_MODELS__DIRECTORY)"
    )
