"""From a parsed document to a draft whose texts only want their vectors."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from assistant.errors import ParseError
from assistant.ingest_settings import IngestSettings
from assistant.knowledge.jobs import Job
from assistant.knowledge.library import Attached, Publication
from assistant.knowledge.packing import piece_key
from assistant.language import detect_language
from assistant.models.embedders.base import Embedder, Vectors
from assistant.safety.personal.documents import screen_document
from assistant.safety.personal.pseudonyms import Pseudonyms
from assistant.safety.policy import Policy
from assistant.types import DateBasis, Draft, ParsedDocument
from ingestion.attachments import list_attached
from ingestion.chunking import CHUNKER_REVISION, cut_document
from ingestion.dates import day_of_file, read_date
from ingestion.fetching import Fetched
from ingestion.parsers.base import PARSER_REVISION
from ingestion.quality import find_doubt


@dataclass(slots=True)
class Drafted:
    """A draft on its way to be published. `keys` names the piece of each chunk, `vectors` is
    (N, D) and whole once `missing` is empty. `told` is what the audit log gets to know of what
    was found in it, if anything was."""

    draft: Draft
    doubt: str | None
    told: dict[str, Any] | None
    attached: tuple[Attached, ...]
    keys: list[str]
    vectors: Vectors
    missing: set[int] = field(default_factory=set)

    def publication(self, job: Job) -> Publication:
        return Publication(
            draft=self.draft,
            vectors=self.vectors,
            collection=job.collection,
            groups=job.groups,
            source=job.source,
            fingerprint=job.fingerprint,
            original=job.original,
            hold=self.doubt,
            parent_id=job.parent_id,
            job_id=job.id,
            worker=job.worker,
            attached=self.attached,
        )


def recipe_of(
    embedder_id: str, chunk_tokens: int, *, parser: str = f"parser {PARSER_REVISION}"
) -> str:
    """All besides a file's bytes that shapes its chunks and their vectors; the parser first."""
    return f"{parser}, chunker {CHUNKER_REVISION}, {chunk_tokens} tokens, {embedder_id}"


def parser_under(policy: Policy) -> str:
    """The parser for `recipe_of`, with a digest of what is masked in its output or refused:
    under other rules the file is read again."""
    parser = f"parser {PARSER_REVISION}"
    if not policy.revision:
        return parser
    return f"{parser} under {hashlib.sha256(policy.revision.encode()).hexdigest()[:8]}"


def write_draft(
    job: Job,
    fetched: Fetched,
    parsed: ParsedDocument,
    *,
    embedder: Embedder,
    settings: IngestSettings,
    policy: Policy,
    pseudonyms: Pseudonyms,
) -> Drafted:
    """Cut a parsed document into chunks, and judge how well it was read and what it holds.

    Raises:
        ParseError: the file changed meanwhile, or holds no text.
    """
    if fetched.changed_meanwhile():
        raise ParseError("the file changed while it was read; ingest it again")
    screened = screen_document(parsed, job.collection, policy, pseudonyms)
    parsed = screened.parsed
    cut = cut_document(
        parsed, count_tokens=embedder.count_tokens, chunk_tokens=settings.chunk_tokens
    )
    text, chunks = cut.text, cut.chunks
    attached: tuple[Attached, ...] = ()
    if job.depth < settings.attachment_depth:
        attached = list_attached(parsed.attachments, job)
    if not chunks and not attached:
        raise ParseError("no text was found in it")
    day, basis = _date(parsed, fetched)
    draft = Draft(
        uri=job.uri,
        title=parsed.title,
        text=text,
        chunks=chunks,
        content_sha256=fetched.sha256,
        recipe=recipe_of(embedder.id, settings.chunk_tokens, parser=parser_under(policy)),
        language=detect_language(text),
        pages=parsed.pages,
        empty_pages=parsed.empty_pages,
        recognised=parsed.recognised,
        author=parsed.author,
        date=day,
        date_basis=basis,
        media_type=fetched.format.media_type,
        size_bytes=fetched.state.st_size,
        layout=cut.layout,
        findings=screened.findings,
    )
    return Drafted(
        draft=draft,
        doubt=find_doubt(parsed, settings) or screened.doubt,
        told=screened.told,
        attached=attached,
        keys=[piece_key(embedder.id, chunk, draft.title) for chunk in chunks],
        vectors=np.empty((len(chunks), embedder.dimension), np.float32),
        missing=set(range(len(chunks))),
    )


def _date(parsed: ParsedDocument, fetched: Fetched) -> tuple[str, DateBasis]:
    """The document's own date; of a file of this machine, else when it was last changed."""
    if day := read_date(parsed.date):
        return day, "document"
    if fetched.folder is None:
        return day_of_file(fetched.state.st_mtime), "file"
    return "", ""
