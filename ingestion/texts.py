"""Documents that are known as text only become knowledge: no file, no parser."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from assistant.ingest_settings import IngestSettings
from assistant.knowledge.library import Library, Publication
from assistant.knowledge.packing import piece_key
from assistant.knowledge.vectors.base import Vector
from assistant.language import detect_language
from assistant.models.embedders.base import Embedder
from assistant.safety.personal.documents import Screened, screen_document, summarise_told
from assistant.safety.policy import Policy
from assistant.types import (
    Block,
    BlockKind,
    Draft,
    IngestReport,
    Line,
    ParsedDocument,
    ProgressListener,
    TextDocument,
)
from ingestion.assembly import INGESTION
from ingestion.chunking import CHUNKER_REVISION, chunk_document
from ingestion.progress import Run

BATCH_CHUNKS = 64
"""Embedded and published together: what an interruption can lose."""


def ingest_texts(
    library: Library,
    embedder: Embedder,
    settings: IngestSettings,
    policy: Policy,
    documents: Sequence[TextDocument],
    *,
    collection: str,
    listener: ProgressListener | None,
) -> IngestReport:
    """See `assistant.ingestor.Ingestor`."""
    text = f"text under {policy.revision}" if policy.revision else "text"
    recipe = f"{text}, chunker {CHUNKER_REVISION}, {settings.chunk_tokens} tokens, {embedder.id}"
    known = library.known([one.uri for one in documents], collection)
    run = Run(len(documents), listener)
    missing: list[TextDocument] = []
    for one in documents:
        before = known.get(one.uri)
        if before and (before.content_sha256, before.recipe) == (_sha256(one), recipe):
            run.finish(one.uri, "unchanged")
        else:
            missing.append(one)
    run.start_work(sum(len(one.text) for one in missing))
    screen = partial(
        screen_document, collection=collection, policy=policy, pseudonyms=library.pseudonyms
    )
    for batch in _batches(missing, run, recipe, embedder, settings.chunk_tokens, screen):
        vectors = _embed(library, embedder, [draft for _, draft, _ in batch])
        publications = [
            Publication(draft, vectors[index], collection, hold=screened.doubt)
            for index, (_, draft, screened) in enumerate(batch)
        ]
        told = {draft.uri: screened.told for _, draft, screened in batch if screened.told}
        if told:
            library.audit.record(INGESTION, "safety", summarise_told(told))
        outcomes = library.publish_all(publications)
        for (one, draft, _), outcome in zip(batch, outcomes, strict=True):
            run.pages += 1
            run.chunks += len(draft.chunks)
            run.finish(one.uri, outcome, len(one.text))
    return run.report()


def _batches(
    documents: Sequence[TextDocument],
    run: Run,
    recipe: str,
    embedder: Embedder,
    chunk_tokens: int,
    screen: Callable[[ParsedDocument], Screened],
) -> Iterator[list[tuple[TextDocument, Draft, Screened]]]:
    batch: list[tuple[TextDocument, Draft, Screened]] = []
    chunks = 0
    for one in documents:
        screened = screen(_parse(one))
        draft = _write_draft(one, screened, recipe, embedder, chunk_tokens)
        if not draft.chunks:
            run.fail(one.uri, "no text was found in it", len(one.text))
            continue
        batch.append((one, draft, screened))
        chunks += len(draft.chunks)
        if chunks >= BATCH_CHUNKS:
            yield batch
            batch, chunks = [], 0
    if batch:
        yield batch


def _parse(document: TextDocument) -> ParsedDocument:
    paragraphs = [part.strip() for part in document.text.split("\n") if part.strip()]
    blocks = tuple(Block(BlockKind.PARAGRAPH, part, (Line(0, 1),)) for part in paragraphs)
    return ParsedDocument(title=document.title, blocks=blocks)


def _write_draft(
    document: TextDocument,
    screened: Screened,
    recipe: str,
    embedder: Embedder,
    chunk_tokens: int,
) -> Draft:
    text, chunks = chunk_document(
        screened.parsed, count_tokens=embedder.count_tokens, chunk_tokens=chunk_tokens
    )
    return Draft(
        uri=document.uri,
        title=screened.parsed.title,
        text=text,
        chunks=chunks,
        content_sha256=_sha256(document),
        recipe=recipe,
        language=detect_language(text),
        pages=1,
        media_type="text/plain",
        size_bytes=len(document.text.encode()),
        findings=screened.findings,
    )


def _embed(library: Library, embedder: Embedder, drafts: Sequence[Draft]) -> list[np.ndarray]:
    """(N, D) for each draft; a text that is known is not embedded again."""
    texts: dict[str, str] = {}
    keys: list[list[str]] = []
    for draft in drafts:
        own = [piece_key(embedder.id, chunk, draft.title) for chunk in draft.chunks]
        keys.append(own)
        indexed = [chunk.indexed_text(draft.title) for chunk in draft.chunks]
        texts |= dict(zip(own, indexed, strict=True))
    vectors: dict[str, Vector] = library.embeddings([*texts])
    if new := [key for key in texts if key not in vectors]:
        fresh = embedder.encode_bulk([texts[key] for key in new])  # (N, D)
        vectors |= dict(zip(new, fresh, strict=True))
    return [np.stack([vectors[key] for key in own]) for own in keys]


def _sha256(document: TextDocument) -> str:
    return hashlib.sha256(f"{document.title}\n{document.text}".encode()).hexdigest()
