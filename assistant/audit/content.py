"""What of a row can be erased: it lies beside the row, which holds a salted hash of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MARK = "content"


@dataclass(frozen=True, slots=True)
class Content:
    """A value of JSON in the details of a row. `bare`: shown as it is, not beside its hash.
    `kept` False: only its hash and the salt of that, by which a text that somebody brings can be
    recognised."""

    value: Any
    bare: bool = False
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Stored:
    """A content as it lies in the database."""

    salt: str
    value: str | None


def split(details: Any) -> tuple[Any, list[Stored]]:
    """The details with marks in place of contents, and the contents in their order."""
    contents: list[Stored] = []

    def walk(node: Any) -> Any:
        if isinstance(node, Content):
            salt, packed = secrets.token_hex(16), pack(node.value)
            mark = {MARK: len(contents), "hash": content_hash(salt, packed), "kept": node.kept}
            contents.append(Stored(salt, packed if node.kept else None))
            return mark | {"bare": True} if node.bare else mark
        if isinstance(node, Mapping):
            return {key: walk(value) for key, value in sorted(node.items())}
        if isinstance(node, (list, tuple)):
            return [walk(one) for one in node]
        return node

    return walk(details), contents


def render(details: Any, contents: Mapping[int, Stored]) -> Any:
    """The inverse, as far as the contents are there."""
    if isinstance(details, list):
        return [render(one, contents) for one in details]
    if not isinstance(details, dict):
        return details
    if MARK not in details or "hash" not in details:
        return {key: render(value, contents) for key, value in details.items()}
    stored = contents.get(details[MARK])
    value = None if stored is None or stored.value is None else json.loads(stored.value)
    if details.get("bare"):
        return value
    shown = {"hash": details["hash"]}
    if value is not None:
        return shown | {"text": value}
    return shown if stored is not None else shown | {"erased": True}


def paths(details: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], int]]:
    """Under which keys each content stands, and its ordinal."""
    if isinstance(details, list):
        return [found for one in details for found in paths(one, path)]
    if not isinstance(details, dict):
        return []
    if MARK in details and "hash" in details:
        return [(path, details[MARK])]
    return [found for key, one in details.items() for found in paths(one, (*path, key))]


def marks(details: Any) -> list[dict[str, Any]]:
    """All marks in the details."""
    if isinstance(details, list):
        return [mark for one in details for mark in marks(one)]
    if not isinstance(details, dict):
        return []
    if MARK in details and "hash" in details:
        return [details]
    return [mark for one in details.values() for mark in marks(one)]


def pack(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def content_hash(salt: str, packed: str) -> str:
    return hmac.new(
        salt.encode("utf-8", "surrogatepass"),
        packed.encode("utf-8", "surrogatepass"),
        hashlib.sha256,
    ).hexdigest()


def pseudonym_of(name: str, salt: str) -> str:
    return "person:" + content_hash(salt, name)[:32]
