"""Files on disk: which ones a path stands for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assistant.errors import NothingToIngestError, SourceNotFoundError
from assistant.types import Failure
from ingestion.parsers.base import Format, format_of, known_extensions


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of a known format. `source` is the folder's address, None for a file that was
    named itself."""

    path: Path
    uri: str
    format: Format
    source: str | None = None


@dataclass(slots=True)
class Discovery:
    """What paths hold. `folders` are the addresses of the folders among them; nothing is
    known of what lies below an address in `unreadable`."""

    files: list[FoundFile] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def discover_files(paths: Sequence[str]) -> Discovery:
    """Find the files of known formats, folders with all that is in them.

    Hidden files and folders, lock files of office programs ("~$x.docx"), links to folders
    (they may lead out, or round in a loop) and links to nothing are passed over.

    Raises:
        SourceNotFoundError: a path does not exist.
        NothingToIngestError: a folder, or all paths together, hold no known file.
    """
    found = Discovery()
    files: dict[str, FoundFile] = {}
    for given in paths:
        try:
            path = Path(given).expanduser().resolve(strict=True)
        except (OSError, RuntimeError) as exc:  # RuntimeError: ~ of no known user
            reason = getattr(exc, "strerror", None) or exc
            raise SourceNotFoundError(
                f"{given[:200]} cannot be found ({reason}); name a file or a folder that exists"
            ) from exc
        if path.is_dir():
            source = path.as_uri()
            inside = {file.uri: file for file in _search_folder(path, source, found)}
            if not inside:
                raise NothingToIngestError(
                    f"{given} holds no file that Philo reads ({known_extensions()})"
                )
            found.folders.append(source)
            files.update(inside)
        elif (fmt := format_of(path.name)) and path.is_file():
            files.setdefault(path.as_uri(), FoundFile(path, path.as_uri(), fmt))
        else:
            reason = f"the format is not known; Philo reads {known_extensions()}"
            found.failures.append(Failure(uri=path.as_uri(), reason=reason))
    found.files = sorted(files.values(), key=lambda file: file.uri)
    if not found.files:
        named = ", ".join(paths) or "no path"
        raise NothingToIngestError(f"{named}: no file that Philo reads ({known_extensions()})")
    return found


def _search_folder(root: Path, source: str, found: Discovery) -> list[FoundFile]:
    files: list[FoundFile] = []
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                entries = list(listing)
        except OSError as exc:
            found.unreadable.append(folder.as_uri())
            reason = f"the folder cannot be read ({exc.strerror})"
            found.failures.append(Failure(uri=folder.as_uri(), reason=reason))
            continue
        for entry in entries:
            if entry.name.startswith((".", "~$")):
                continue
            path = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            elif (fmt := format_of(entry.name)) and path.is_file():
                files.append(FoundFile(path, path.as_uri(), fmt, source))
    return files
