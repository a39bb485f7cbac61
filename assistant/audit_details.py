"""What the audit log holds of a question, an answer, a change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.answering.prompts import PROMPT_SHA256
from assistant.audit.content import Content
from assistant.scope import Scope
from assistant.settings import Settings
from assistant.summarizing.types import Summary
from assistant.types import Answer, DocumentInfo, Passage, Readable


def of_question(
    question: str, readable: Readable, scope: Scope, settings: Settings
) -> dict[str, Any]:
    """The question, under which permission it was asked, and a digest of the settings that shape
    its answer. What of the scope is in the asker's words can be erased."""
    return {
        "question": _text(question, settings),
        **_permission(readable),
        "scope": {
            name: Content(value, bare=True) if name in ("author", "source") else value
            for name, value in scope.model_dump(mode="json", exclude_defaults=True).items()
        },
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


def of_answer(
    answer: Answer, text: str, settings: Settings, fingerprints: Mapping[str, str]
) -> dict[str, Any]:
    """What was said, by which model under which instructions, and what the checks found.

    Args:
        text: the answer's, as the log may keep it.
    """
    sentences = answer.sentences
    return {
        "answer": _text(text, settings),
        "refused": answer.refused,
        "model": answer.model,
        "models": dict(fingerprints),
        "prompt": PROMPT_SHA256,
        "writer": answer.writer,
        "cached": answer.cached,
        "total_ms": round(answer.timings_ms.total, 1),
        "sentences": len(sentences),
        "supported": sum(sentence.supported for sentence in sentences),
        "checks": {
            "grounding": settings.answering.grounding,
            "evidence": answer.evidence,
            "threshold": settings.answering.evidence_threshold,
            "support": [round(sentence.support, 3) for sentence in sentences],
            "doubts": [one.doubt.fault if one.doubt else "" for one in sentences],
        },
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
        **_permission(readable),
    }


def of_summary(
    summary: Summary, text: str, settings: Settings, fingerprints: Mapping[str, str]
) -> dict[str, Any]:
    """As `of_answer`."""
    return {
        "summary": _text(text, settings),
        "model": summary.model,
        "models": dict(fingerprints),
        "writer": summary.writer,
        "statements": len(summary.statements),
        "passages": [
            {"document": one.document_id, "start": one.start, "end": one.end}
            | {"sha256": digest(one.quote)}
            for one in summary.citations
        ],
    }


def _permission(readable: Readable) -> dict[str, Any]:
    """`grants` are digests of the keys that are not groups: the reader's and of collections."""
    told = {"groups": sorted(readable.groups), "everything": readable.everything}
    grants = sorted(digest(key)[:16] for key in readable.grants)
    return told | ({"grants": grants} if grants else {})


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def of_document(document: DocumentInfo) -> dict[str, Any]:
    return {"document": document.id, "uri": Content(document.uri, bare=True)}


def _text(text: str, settings: Settings) -> Content:
    return Content(text, kept=settings.audit.content)
