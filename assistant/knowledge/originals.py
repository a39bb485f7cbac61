"""The bytes of uploads and attachments, kept by their SHA-256.

They are durable before an upload is acknowledged, and stay as long as a version or a job
refers to them.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from assistant.errors import StorageFullError
from assistant.knowledge.turns import LocalTurn, Turn

COPY_BYTES = 2**20


class Originals:
    """A folder of files named after their content.

    `lock` is held from keeping a file until something in SQL refers to it, and while files
    that nothing refers to are looked for.
    """

    def __init__(self, folder: Path, lock: Turn | None = None) -> None:
        self.folder = folder
        self.lock = LocalTurn() if lock is None else lock
        self._holds = 0
        self._postponed: set[str] = set()

    def hold(self) -> None:
        """From now on, files stay although nothing refers to them any more."""
        with self.lock:
            self._holds += 1

    def release(self) -> set[str]:
        """End a hold: which files should have gone meanwhile; none while another hold lasts."""
        with self.lock:
            self._holds -= 1
            if self._holds:
                return set()
            postponed, self._postponed = self._postponed, set()
            return postponed

    def keep(self, path: Path) -> str:
        """Copy a file in; its SHA-256. It outlives a power cut when this returns.

        Raises:
            StorageFullError: no space is left; nothing was kept.
            OSError: the file cannot be read.
        """
        with path.open("rb") as source:
            return self._copy(source)

    def keep_bytes(self, content: bytes) -> str:
        """The same for a file that is in memory."""
        return self._copy(io.BytesIO(content))

    def _copy(self, source: BinaryIO) -> str:
        with self._translated():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".", delete=False) as target:
                try:
                    digest = hashlib.sha256()
                    while block := source.read(COPY_BYTES):
                        digest.update(block)
                        target.write(block)
                    target.flush()
                    os.fsync(target.fileno())
                    Path(target.name).replace(self.path(digest.hexdigest()))
                except BaseException:
                    Path(target.name).unlink(missing_ok=True)
                    raise
            self._sync_folder()
        return digest.hexdigest()

    def path(self, sha256: str) -> Path:
        return self.folder / sha256

    def names(self) -> list[str]:
        """All that is in the folder, halves of a copy that was cut short as well."""
        if not self.folder.is_dir():
            return []
        return [entry.name for entry in os.scandir(self.folder)]

    def remove(self, names: Collection[str]) -> None:
        for name in names:
            (self.folder / name).unlink(missing_ok=True)
        if names:
            self._sync_folder()

    def remove_unneeded(
        self, names: Collection[str], needed: Callable[[Collection[str]], set[str]]
    ) -> int:
        """Remove those of `names` that nothing refers to. How many."""
        with self.lock:
            if self._holds:
                self._postponed.update(names)
                return 0
            gone = set(names) - needed(names)
            self.remove(gone)
        return len(gone)

    def _sync_folder(self) -> None:
        if os.name == "posix":
            descriptor = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            if exc.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFullError(
                    f"no space is left for {self.folder}; free some and try again, nothing was "
                    "changed"
                ) from exc
            raise
