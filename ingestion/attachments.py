"""Files inside of files: each becomes a document of its own, below its parent's address."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from assistant.knowledge.jobs import Job, NewJob
from assistant.knowledge.library import Attached
from assistant.types import Attachment, JobKind
from ingestion.parsers.base import format_of
from ingestion.parsers.blocks import clean_line

NAME_CHARS = 120
SUFFIX_CHARS = 20


def list_attached(attachments: Sequence[Attachment], parent: Job) -> tuple[Attached, ...]:
    """A job for each file of a known format; empty ones are left out."""
    attached: list[Attached] = []
    for attachment, uri in zip(attachments, attachment_uris(attachments, parent.uri), strict=True):
        name = file_name(attachment.name)
        if format_of(name) is None or not attachment.content:
            continue
        job = NewJob(
            kind=JobKind.ADD,
            uri=uri,
            collection=parent.collection,
            name=name,
            source=parent.source,
            size_bytes=len(attachment.content),
            depth=parent.depth + 1,
            priority=parent.priority,
            run_id=parent.run_id,
        )
        attached.append(Attached(job, attachment.content))
    return tuple(attached)


def attachment_uris(attachments: Sequence[Attachment], parent_uri: str) -> list[str]:
    """One address for each; those of the same name are numbered in their order."""
    uris: list[str] = []
    taken: set[str] = set()
    for attachment in attachments:
        name = file_name(attachment.name)
        stem, suffix = Path(name).stem, Path(name).suffix
        number = 1
        while name in taken:
            number += 1
            name = f"{stem} ({number}){suffix}"
        taken.add(name)
        uris.append(f"{parent_uri}#attachment={quote(name, safe='')}")
    return uris


def file_name(name: str) -> str:
    """The last part of a name that somebody else has chosen, as one clean line. Of a long one the
    middle goes, and a hash keeps it apart from others."""
    bare = clean_line(name.replace("\\", "/").rsplit("/", 1)[-1]) or "document"
    return _shorten(bare)


def folder_names(path: str) -> list[str]:
    """The folders of a relative path that somebody else has chosen, each as one clean line;
    what leads nowhere or upwards is left out."""
    parts = (clean_line(part) for part in path.replace("\\", "/").split("/"))
    return [_shorten(part) for part in parts if part not in ("", ".", "..")]


def _shorten(name: str) -> str:
    if len(name) <= NAME_CHARS:
        return name
    suffix = Path(name).suffix[:SUFFIX_CHARS]
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: NAME_CHARS - len(suffix) - len(digest) - 1]}-{digest}{suffix}"
