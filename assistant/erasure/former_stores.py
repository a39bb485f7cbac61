"""What Philo was moved from and still lies in the data directory: no step of an erasure reaches it,
for it is to stay as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from assistant.erasure.types import Residue
from assistant.knowledge.indexes import DATABASE, SECOND_FOLDERS, load_indexes
from assistant.knowledge.library import Library

FULL_TEXT, VECTORS = "lexicon", "vectors"
WORDS = "*.term"
"""Files of tantivy in which the words of a segment lie, one by one: no sequence is found there."""


class FormerStores:
    """As they are now; `places` are paths in the data directory."""

    def __init__(self, library: Library) -> None:
        self._directory = library.database.directory
        self.places: Sequence[str] = [*self._find(library)]

    def _find(self, library: Library) -> Iterator[str]:
        with library.database.reading() as session:
            folders = {record.folder for record in load_indexes(session)} or {""}
        on_a_server = library.database.engine.name == "postgresql"
        used = {
            FULL_TEXT: set() if on_a_server else folders,
            VECTORS: set() if library.vectors_are_shared else folders,
        }
        if on_a_server:
            yield from (path.name for path in self._directory.glob(f"{DATABASE}*"))
        seconds = (path.name for path in (self._directory / SECOND_FOLDERS).glob("*"))
        for folder in ("", *(f"{SECOND_FOLDERS}/{name}" for name in seconds)):
            for name in (FULL_TEXT, VECTORS):
                if folder not in used[name]:
                    for path in (self._directory / folder).glob(f"{name}*"):
                        yield path.relative_to(self._directory).as_posix()

    def hold(self, residue: Residue) -> bool:
        """Whether it was found in one of them."""
        found = PurePosixPath(residue.place)
        return any(found.is_relative_to(place) for place in self.places)

    def full_texts(self) -> Iterator[Residue]:
        """Which may hold any document, and nobody can see which."""
        for place in self.places:
            if PurePosixPath(place).name.startswith(FULL_TEXT):
                count = len([*(self._directory / place).rglob(WORDS)])
                if count:
                    yield Residue(place=place, what="full text of before a move", count=count)
