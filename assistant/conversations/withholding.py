"""What of an answer is left to somebody who may not read all documents behind it."""

from __future__ import annotations

from collections.abc import Collection

from assistant.types import Answer, Citation, Passage, Place


def documents_of(answer: Answer) -> frozenset[str]:
    """All that an answer names: what it cites, what was found near, and what holds the same."""
    named: list[Citation | Passage] = [*answer.citations, *answer.passages]
    return frozenset(one.document_id for one in named) | frozenset(
        place.document_id for one in named for place in one.places
    )


def cut_answer(answer: Answer, readable: Collection[str]) -> Answer | None:
    """The answer as somebody may see it who may read these documents only.

    None where it cites another one. Without their passages and places else; then sentences that
    cite nothing go as well, for nobody can say what their writer had read.
    """
    if any(one.document_id not in readable for one in answer.citations):
        return None
    if documents_of(answer) <= set(readable):
        return answer
    sentences = answer.sentences
    text = answer.answer
    if any(one.document_id not in readable for one in answer.passages) and not answer.refused:
        sentences = [one for one in sentences if one.citations]
        text = " ".join(
            one.text + "".join(f" [{marker}]" for marker in one.citations) for one in sentences
        )
    return answer.model_copy(
        update={
            "answer": text,
            "sentences": sentences,
            "citations": [
                one.model_copy(update={"places": _known(one.places, readable)})
                for one in answer.citations
            ],
            "passages": [
                one.model_copy(update={"places": _known(one.places, readable)})
                for one in answer.passages
                if one.document_id in readable
            ],
        }
    )


def _known(places: list[Place], readable: Collection[str]) -> list[Place]:
    return [one for one in places if one.document_id in readable]
