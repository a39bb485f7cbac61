"""Where the stores of an installation lie, by its settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import URL
from sqlalchemy.engine import make_url

from assistant.erasure.former_stores import FULL_TEXT
from assistant.knowledge.indexes import DATABASE
from assistant.storage_settings import StorageSettings


@dataclass(frozen=True, slots=True)
class Places:
    """Names without secrets; the same where it is the same place. The full text lies with the
    database: on PostgreSQL in it, else beside it. What lies in the data directory is named as that
    of its first index."""

    data: Path
    database: str
    vectors: str
    full_text: str

    def __str__(self) -> str:
        return f"{self.database}; vectors: {self.vectors}"

    def places(self, folders: Sequence[str]) -> Sequence[str]:
        """
        Args:
            folders: of the indexes, as `IndexRecord` has them.
        """
        return (
            self.database,
            *self._spread(self.full_text, folders),
            *self._spread(self.vectors, folders),
        )

    def left_for(self, other: Places, folders: Sequence[str]) -> Sequence[str]:
        """Those of these places that `other` does not use.

        Args:
            folders: as above.
        """
        left = [self.database] if self.database != other.database else []
        for mine, theirs in (
            (self.full_text, other.full_text),
            (self.vectors, other.vectors),
        ):
            if mine != theirs:
                left += self._spread(mine, folders)
        return tuple(dict.fromkeys(left))

    def is_searched(self, place: str) -> bool:
        """By an erasure, which sees in it what it looks for: in the data directory, but for full
        text, of which it sees only that it is there."""
        return self._is_here(place) and Path(place).name != FULL_TEXT

    def _spread(self, place: str, folders: Sequence[str]) -> Sequence[str]:
        if not self._is_here(place):
            return [place]
        return [str(self.data / folder / Path(place).name) for folder in folders]

    def _is_here(self, place: str) -> bool:
        return Path(place).is_relative_to(self.data)


def find_places(data: Path, storage: StorageSettings) -> Places:
    data = data.absolute()
    database = str(data / DATABASE) if storage.database is None else _name(storage.database)
    full_text = str(data / FULL_TEXT) if storage.database is None else database
    vectors = str(data / "vectors")
    if storage.vectors == "chroma":
        vectors = f"{storage.chroma.address}, collections {storage.chroma.collection}-N"
    elif storage.vectors == "pgvector":
        address = storage.pgvector.database or storage.database
        named = database if address is None else _name(address)
        vectors = f"{named}, schema {storage.pgvector.tables}"
    return Places(data, database, vectors, full_text)


def _name(address: SecretStr) -> str:
    url = make_url(address.get_secret_value())
    socket = {"host": url.query["host"]} if "host" in url.query else {}
    return URL.create(
        "postgresql",
        host=(url.host or "").lower() or None,
        port=url.port or 5432,
        database=url.database,
        query=socket,
    ).render_as_string()
