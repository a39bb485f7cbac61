"""What a document may be shared with, as keys: a group's name is its own key.

Every query compares the keys of a document with those of a reader, in SQL and in the indexes.
That a document inherits from its collection is a key as well: whoever may read the collection
holds it, so that a change of a collection touches none of its documents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from assistant.types import EVERYONE, INHERIT

_SIGN = "\x1f"
"""No group's name holds a sign that is not printable; `INHERIT` begins with it as well, and is
never among the keys that are compared."""


def user_key(user_id: str) -> str:
    """Of one user. By id: who comes later under the same name is somebody else."""
    return f"{_SIGN}user:{user_id}"


def collection_key(name: str) -> str:
    """Of those who may read a collection; as long for every name."""
    return f"{_SIGN}collection:{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def group_names(keys: Iterable[str]) -> list[str]:
    """The groups among keys, sorted."""
    return sorted(key for key in keys if not key.startswith(_SIGN))


def user_ids(keys: Iterable[str]) -> list[str]:
    """The users among keys, sorted."""
    start = user_key("")
    return sorted(key.removeprefix(start) for key in keys if key.startswith(start))


def resolve(stated: Iterable[str], collection: str, *, is_open: bool) -> frozenset[str]:
    """The keys that are compared, of what was stated.

    Args:
        is_open: the collection says nothing of its readers, and nobody but the operator is
            known: all may read what inherits from it.
    """
    inherited = EVERYONE if is_open else collection_key(collection)
    return frozenset(inherited if key == INHERIT else key for key in stated)
