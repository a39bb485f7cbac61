"""Who may read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from assistant.types.base import PublicModel

EVERYONE = "everyone"
"""The group that every principal belongs to."""

INHERIT = "\x1finherit"
"""In place of groups that a document is brought in with: it goes by its collection."""


@dataclass(frozen=True, slots=True)
class Readable:
    """Which documents a question may see. There is no query without one.

    A document is readable when it shares a key with the reader (`access.share_keys`), or
    when `everything` is set (the operator on the command line). `collection` narrows further.
    `grants` are keys besides the names of `groups`: of the reader alone, and of the collections
    that they may read.
    """

    groups: frozenset[str] = frozenset({EVERYONE})
    everything: bool = False
    collection: str | None = None
    grants: frozenset[str] = frozenset()

    @property
    def keys(self) -> frozenset[str]:
        return self.groups | self.grants if self.grants else self.groups


OPERATOR = Readable(everything=True)
"""The owner of the data directory, who can open its files anyway."""


class Access(PublicModel):
    """Who may read: groups by name, and single users by name."""

    groups: list[str] = Field(default=[], max_length=1_000)
    users: list[str] = Field(default=[], max_length=1_000)


AccessFrom = Literal["collection", "stated", "own"]
"""Who says who may read a document: its collection; its source, or who brought it in; or
somebody who shared it since."""


class CollectionInfo(PublicModel):
    """`access` is who may read by default what is in it, None where nobody has said: its
    documents are then for who brought them in. `documents` count those that the one who asks
    may read, and `inheriting` of them go by the collection."""

    name: str
    access: Access | None
    documents: int
    inheriting: int
