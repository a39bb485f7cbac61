"""What the audit log holds of a question, an answer, a change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from assistant.scope import Scope
from assistant.settings import Settings
from assistant.summarizing.types import Summary
from assistant.types import Answer, Passage, Readable


def of_question(
    question: str, readable: Readable, scope: Scope, settings: Settings
) -> dict[str, Any]:
    """The question, under which permission it was asked, and a digest of the settings that shape
    its answer."""
    return {
        "question": _text(question, settings),
        "groups": sorted(readable.groups),
        "everything": readable.everything,
        "scope": scope.model_dump(mode="json", exclude_defaults=True),
        "settings": settings_digest(settings),
    }


def settings_digest(settings: Settings) -> str:
    """SHA-256 of the settings that shape answers."""
    shaping = {
        "models": settings.models.model_dump(mode="json", exclude={"remote"}),
        "retrieval": settings.retrieval.model_dump(mode="json"),
        "answering": settings.answering.model_dump(mode="json"),
    }
    return digest(json.dumps(shaping, sort_keys=True))


def of_passages(passages: Sequence[Passage]) -> list[dict[str, Any]]:
    """Chunk ids name the version."""
    return [
        {"document": one.document_id, "chunk": one.chunk_id, "sha256": digest(one.text)}
        | ({"flags": list(one.flags)} if one.flags else {})
        for one in passages
    ]


def of_answer(answer: Answer, settings: Settings) -> dict[str, Any]:
    return {
        "answer": _text(answer.answer, settings),
        "refused": answer.refused,
        "model": answer.model,
        "writer": answer.writer,
        "sentences": len(answer.sentences),
        "supported": sum(sentence.supported for sentence in answer.sentences),
        "flags": list(answer.flags),
        "passages": of_passages(answer.passages),
    }


def of_summary_request(
    document_ids: Sequence[str], form: str, readable: Readable
) -> dict[str, Any]:
    """Which documents, and under which permission. A file that was only read has no id."""
    return {
        "documents": list(document_ids),
        "form": form,
        "groups": sorted(readable.groups),
        "everything": readable.everything,
    }


def of_summary(summary: Summary, settings: Settings) -> dict[str, Any]:
    return {
        "summary": _text(summary.text, settings),
        "model": summary.model,
        "writer": summary.writer,
        "statements": len(summary.statements),
        "passages": [
            {"document": one.document_id, "start": one.start, "end": one.end}
            | {"sha256": digest(one.quote)}
            for one in summary.citations
        ],
    }


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _text(text: str, settings: Settings) -> dict[str, str]:
    told = {"sha256": digest(text)}
    return told | {"text": text} if settings.audit.content else told
