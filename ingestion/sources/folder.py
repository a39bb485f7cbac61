"""Files on disk: folders with all that is in them, and files that are named one by one."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from assistant.errors import NothingToIngestError, SourceItemGoneError, SourceNotFoundError
from assistant.types import Failure
from ingestion.parsers.base import format_of, known_extensions
from ingestion.sources.base import SourceItem

SETTLED_NS = 2 * 10**9
"""A file changed so recently may change again without its time telling (2 s on FAT)."""


class FolderSource:
    """A folder, kept in step.

    Hidden files and folders, lock files of office programs ("~$x.docx"), links to folders
    (they may lead out, or round in a loop) and links to nothing are passed over.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.failures: list[Failure] = []

    @property
    def address(self) -> str:
        return self.root.as_uri()

    def items(self) -> Iterator[SourceItem]:
        """
        Raises:
            NothingToIngestError: no known file is in it. A disk that is not there looks the
                same, so nothing is taken for deleted.
        """
        self.failures = []
        found = False
        for entry in self._files():
            found = True
            yield _item(Path(entry.path), entry.stat())
        if not found:
            raise NothingToIngestError(
                f"{self.root} holds no file that Philo reads ({known_extensions()})"
            )

    def fetch(self, item: SourceItem, folder: Path) -> Path:  # noqa: ARG002 - the file is here
        return path_of(item.uri)

    def close(self) -> None:
        """Nothing is open between calls."""

    def _files(self) -> Iterator[os.DirEntry[str]]:
        waiting = [str(self.root)]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(folder) as listing:
                    entries = list(listing)
            except OSError as exc:
                reason = f"the folder cannot be read ({exc.strerror})"
                self.failures.append(Failure(uri=Path(folder).as_uri(), reason=reason))
                continue
            for entry in entries:
                if entry.name.startswith((".", "~$")):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif format_of(entry.name) and entry.is_file():
                    yield entry


class NamedFiles:
    """Files that were named themselves. `failures` are those of no known format."""

    address = ""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = [path for path in paths if format_of(path.name) and path.is_file()]
        reason = f"the format is not known; Philo reads {known_extensions()}"
        unknown = [path for path in paths if path not in self._paths]
        self.failures = [Failure(uri=path.as_uri(), reason=reason) for path in unknown]

    def items(self) -> Iterator[SourceItem]:
        for path in self._paths:
            yield _item(path, path.stat())

    def fetch(self, item: SourceItem, folder: Path) -> Path:  # noqa: ARG002 - the file is here
        return path_of(item.uri)

    def close(self) -> None:
        """Nothing is open between calls."""


def find_files(paths: Sequence[str]) -> tuple[list[FolderSource], NamedFiles]:
    """What paths stand for.

    Raises:
        SourceNotFoundError: a path does not exist.
    """
    folders: dict[Path, FolderSource] = {}
    files: dict[Path, None] = {}
    for given in paths:
        try:
            path = Path(given).expanduser().resolve(strict=True)
        except (OSError, RuntimeError) as exc:  # RuntimeError: ~ of no known user
            reason = getattr(exc, "strerror", None) or exc
            raise SourceNotFoundError(
                f"{given[:200]} cannot be found ({reason}); name a file or a folder that exists"
            ) from exc
        if path.is_dir():
            folders[path] = FolderSource(path)
        else:
            files[path] = None
    return [*folders.values()], NamedFiles([*files])


def path_of(uri: str) -> Path:
    """The path that a file's address stands for.

    Raises:
        SourceItemGoneError: it no longer exists.
    """
    path = Path(os.fsdecode(unquote_to_bytes(urlsplit(uri).path)))
    if not path.exists():
        raise SourceItemGoneError(f"{path} is no longer there")
    return path


def _item(path: Path, state: os.stat_result) -> SourceItem:
    settled = time.time_ns() - state.st_mtime_ns > SETTLED_NS
    return SourceItem(
        uri=path.as_uri(),
        name=path.name,
        fingerprint=f"{state.st_size}-{state.st_mtime_ns}-{state.st_ino}" if settled else "",
        size_bytes=state.st_size,
    )
