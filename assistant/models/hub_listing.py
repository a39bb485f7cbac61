"""Which files of a hub's repository are wanted, out of its listing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from assistant.models.manifests import OWN_FILES, require_plain_name

MOST_FILES = 1000
ROOT_FILES = ("LICENSE*", "NOTICE*")
"""Taken along from the root of a repository: a copy of a model has to carry its licence."""


class RefusedError(Exception):
    """What the hub holds is not what was ordered; the text is meant for people."""


@dataclass(frozen=True, slots=True)
class Order:
    """`sha256` pins files by their path below `folder`."""

    endpoint: str
    repository: str
    revision: str
    folder: str
    patterns: list[str]
    sha256: dict[str, str]
    target: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file: `path` in the repository, `name` in the target."""

    path: str
    name: str
    size: int
    blob_id: str
    sha256: str | None

    @property
    def content_id(self) -> str:
        return self.sha256 or self.blob_id


def select(tree: Any, order: Order) -> Iterator[Wanted]:
    """The files of a repository's listing that were ordered, and its licence.

    Raises:
        RefusedError: there are none or too many, or one that a pin forbids or whose name could
            lead out of the target.
    """
    prefix = f"{order.folder}/" if order.folder else ""
    chosen: dict[str, Wanted] = {}
    licences: dict[str, Wanted] = {}
    for found in tree:
        if not hasattr(found, "blob_id"):
            continue  # a folder
        below = found.path.removeprefix(prefix)
        if found.path.startswith(prefix) and _fits(below, order.patterns):
            if below not in OWN_FILES:
                chosen[below] = _want(found, below, order)
        elif _fits(found.path, ROOT_FILES):
            licences[found.path] = _want(found, found.path, order)
    if not 0 < len(chosen) <= MOST_FILES:
        raise RefusedError(
            f"{order.repository} at {order.revision} has {len(chosen)} files that match "
            f"{', '.join(order.patterns)} in '{order.folder}', expected 1 to {MOST_FILES}; "
            "the repository was rearranged: look for a newer Philo"
        )
    yield from (licences | chosen).values()


def _fits(name: str, patterns: Sequence[str]) -> bool:
    """Whether it is no file of a deeper folder, and like a pattern."""
    return any(
        fnmatchcase(name, pattern) and name.count("/") == pattern.count("/") for pattern in patterns
    )


def _want(found: Any, name: str, order: Order) -> Wanted:
    try:
        require_plain_name(name)
    except ValueError as exc:
        raise RefusedError(f"{order.repository} lists a file whose name {exc}") from exc
    sha256 = found.lfs.sha256 if found.lfs else None
    pinned = order.sha256.get(name)
    if pinned and sha256 and pinned != sha256:
        raise RefusedError(
            f"{found.path} has SHA-256 {sha256}, expected {pinned} as pinned; nothing was fetched"
        )
    size = found.lfs.size if found.lfs else found.size
    return Wanted(found.path, name, int(size), str(found.blob_id), sha256)
