"""A file read for one use, without bringing it in."""

from __future__ import annotations

import hashlib
from pathlib import Path

from assistant.errors import ParseError, SourceNotFoundError
from assistant.ingest_settings import IngestSettings
from assistant.language import detect_language
from assistant.models.embedders.base import Embedder
from assistant.types import Draft
from ingestion.chunking import chunk_document
from ingestion.drafting import recipe_of
from ingestion.parsers.base import format_of
from ingestion.sandbox import parse_in_sandbox
from ingestion.stages import limits_of


def read_file(path: Path, *, embedder: Embedder, settings: IngestSettings) -> Draft:
    """Parse a file in a child process and cut it into chunks.

    Raises:
        SourceNotFoundError: there is no such file.
        ParseError: it cannot be read, or holds no text.
    """
    if not path.is_file():
        raise SourceNotFoundError(f"{path} is no file; give the path of a file that exists")
    try:
        parsed = parse_in_sandbox(path, limits_of(settings))
    except ParseError as exc:
        raise ParseError(f"{path.name}: {exc}") from exc
    text, chunks = chunk_document(
        parsed, count_tokens=embedder.count_tokens, chunk_tokens=settings.chunk_tokens
    )
    if not chunks:
        raise ParseError(f"{path.name}: no text was found in it")
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    fmt = format_of(path.name)
    return Draft(
        uri=path.absolute().as_uri(),
        title=parsed.title,
        text=text,
        chunks=chunks,
        content_sha256=sha256,
        recipe=recipe_of(embedder.id, settings.chunk_tokens),
        language=detect_language(text),
        pages=parsed.pages,
        empty_pages=parsed.empty_pages,
        recognised=parsed.recognised,
        author=parsed.author,
        date=parsed.date,
        media_type=fmt.media_type if fmt else "",
        size_bytes=path.stat().st_size,
    )
