"""Folders that are watched: what is new, changed, moved or deleted in them is brought in within
seconds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from assistant.errors import (
    NothingToIngestError,
    SourceItemGoneError,
    SourceNotFoundError,
    SourceUnavailableError,
)
from assistant.types import Failure, IngestReport, ProgressListener
from ingestion.sources.base import SourceItem, Syncer
from ingestion.sources.folder import FolderSource, path_of

logger = logging.getLogger(__name__)

DEBOUNCE_MS = 300
LOOK_MS = 250
SETTLED_S = 2.05
"""A file that changed since then may be half written. A little more than what a folder takes
for settled, so that its fingerprint is one to rely on."""
FIRST_WAIT_S = 10.0
RELOOK_S = 300.0
"""Every so often a folder is looked through anyway: network drives do not tell of all changes."""
BACK_S = 1.0
"""How often a folder that went away is looked for."""


def watch_folders(
    syncer: Syncer,
    paths: Sequence[str],
    *,
    collection: str,
    groups: Sequence[str] | None,
    listener: ProgressListener | None,
    on_report: Callable[[IngestReport], None],
    stop: threading.Event,
    polling: bool = False,
) -> None:
    """See `assistant.ingestor.Ingestor.watch`.

    Args:
        polling: look at all files again and again instead of being told by the system.
    """
    folders = [_WatchedFolder(_folder(path)) for path in paths]

    def bring_in(folder: _WatchedFolder) -> None:
        try:
            folder.wait_until_settled(stop)
            if not stop.is_set():
                report = folder.sync(syncer, collection, groups, listener)
                if report is not None:
                    on_report(report)
        except SourceUnavailableError as exc:
            logger.info("%s", exc)

    looked_s = 0.0
    for changed in _changes([folder.root for folder in folders], stop, polling=polling):
        again = time.monotonic() - looked_s > RELOOK_S
        if again:
            looked_s = time.monotonic()
        for folder in folders:
            if again or folder.is_due or any(folder.holds(path) for path in changed):
                bring_in(folder)


class _WatchedFolder:
    """A folder as a source that lists only what is written to its end.

    A file that is being written is listed as it was before, or not at all where it is new;
    `waiting` says that there is such a file, or that a listing failed in passing.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.waiting = False
        self._inner = FolderSource(root)
        self._place = _place(root)
        self._held: dict[str, str] = {}  # fingerprints of what came in, by address
        self._refused: dict[str, str] = {}  # and of what could not be read
        self._told: set[Failure] = set()
        self._begun = False
        self._listed: dict[str, str] = {}
        self._carried: dict[str, str] = {}
        self._settles_in_s = float("inf")
        self._next_look_s = 0.0

    @property
    def address(self) -> str:
        return self._inner.address

    @property
    def failures(self) -> Sequence[Failure]:
        return self._inner.failures

    def items(self) -> Iterator[SourceItem]:
        self._listed, self._carried = {}, {}
        self._settles_in_s = float("inf")
        for item in self._found():
            held = self._held.get(item.uri)
            settles_in_s = _settles_in(item)
            if settles_in_s > 0:
                self._settles_in_s = min(self._settles_in_s, settles_in_s)
            elif self._refused.get(item.uri) != item.fingerprint:
                self._listed[item.uri] = item.fingerprint
                yield item
                continue
            if held is not None:
                self._carried[item.uri] = held
                yield SourceItem(item.uri, item.name, held, item.size_bytes)

    def fetch(self, item: SourceItem, folder: Path) -> Path:
        return self._inner.fetch(item, folder)

    def close(self) -> None:
        self._inner.close()

    def sync(
        self,
        syncer: Syncer,
        collection: str,
        groups: Sequence[str] | None,
        listener: ProgressListener | None,
    ) -> IngestReport | None:
        """None: nothing changed that is worth a word."""
        self.waiting = False
        if not self._held and next(self._found(), None) is None:
            return None  # a disk that is not mounted yet looks the same
        try:
            report = syncer.sync(self, collection=collection, groups=groups, listener=listener)
        except BaseException:
            self._look_again(BACK_S)
            raise
        if self._settles_in_s < float("inf"):
            self._look_again(self._settles_in_s)
        self._remember({failure.uri for failure in report.failed})
        new = [failure for failure in report.failed if failure not in self._told]
        self._told = {*report.failed}
        first, self._begun = not self._begun, True
        changed = report.added or report.updated or report.removed or report.quarantined or new
        return report.model_copy(update={"failed": new}) if first or changed else None

    def _remember(self, failed: set[str]) -> None:
        before, self._held = self._held, self._carried
        for uri, fingerprint in self._listed.items():
            if uri not in failed:
                self._held[uri] = fingerprint
                continue
            self._refused[uri] = fingerprint
            if uri in before:  # what came in before is still there
                self._held[uri] = before[uri]

    @property
    def is_due(self) -> bool:
        return self.waiting and time.monotonic() >= self._next_look_s

    def _look_again(self, in_s: float) -> None:
        self.waiting = True
        self._next_look_s = time.monotonic() + in_s

    def holds(self, path: str) -> bool:
        try:
            parts = Path(path).relative_to(self.root).parts
        except ValueError:
            return False
        return not any(part.startswith((".", "~$")) for part in parts)

    def wait_until_settled(self, stop: threading.Event) -> None:
        """At the beginning only: it is not known how a half-written file was before."""
        if self._held:
            return
        latest = time.monotonic() + FIRST_WAIT_S
        while time.monotonic() < latest and not stop.is_set():
            left_s = max(map(_settles_in, self._found()), default=0.0)
            if not left_s:
                return
            stop.wait(left_s)

    def _found(self) -> Iterator[SourceItem]:
        try:
            yield from self._inner.items()
        except FileNotFoundError as exc:
            raise SourceUnavailableError(f"{self.root} changed while it was listed") from exc
        except NothingToIngestError:
            if self._held and _place(self.root) != self._place:
                raise SourceUnavailableError(
                    f"{self.root} is another folder than before, and empty, like that of a disk "
                    "that is not mounted; nothing was removed"
                ) from None


def _changes(roots: Sequence[Path], stop: threading.Event, *, polling: bool) -> Iterator[list[str]]:
    """Addresses of what has changed; an empty list every now and then.

    First all roots: what happened before the system began to tell of changes is not known.
    """
    from watchfiles import watch

    while not stop.is_set():
        missing = [root for root in roots if not root.is_dir()]
        if missing:
            logger.warning("%s is not there; it is waited for", missing[0])
            while not missing[0].is_dir() and not stop.wait(BACK_S):
                pass
            continue
        begun = False
        try:
            for changed in watch(
                *roots,
                watch_filter=None,
                debounce=DEBOUNCE_MS,
                rust_timeout=LOOK_MS,
                yield_on_timeout=True,
                stop_event=stop,
                force_polling=polling or None,
                poll_delay_ms=LOOK_MS,
                ignore_permission_denied=True,
            ):
                yield [path for _, path in changed] if begun else [str(root) for root in roots]
                begun = True
                if not all(root.is_dir() for root in roots):
                    break
        except OSError as exc:
            if polling:
                raise SourceUnavailableError(f"{roots[0]} cannot be watched ({exc})") from exc
            logger.warning("the system cannot tell of changes (%s); they are looked for", exc)
            polling = True


def _folder(path: str) -> Path:
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise SourceNotFoundError(f"{path[:200]} is no folder; --watch takes folders that exist")
    return folder.resolve()


def _place(root: Path) -> tuple[int, int] | None:
    """Which folder of which disk it is."""
    try:
        state = root.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino


def _settles_in(item: SourceItem) -> float:
    """Seconds until a file counts as written to its end, if nothing more happens to it.

    A time to come says nothing (clocks of other machines): such a file counts at once.
    """
    try:
        age_s = time.time() - path_of(item.uri).stat().st_mtime
    except (OSError, SourceItemGoneError):
        return 0.0
    return SETTLED_S - age_s if 0 <= age_s < SETTLED_S else 0.0
