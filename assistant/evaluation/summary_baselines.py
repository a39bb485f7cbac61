"""What summaries are compared with: lead sentences, TextRank, LexRank, the model alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from langchain_core.messages import HumanMessage

from assistant.errors import PhiloError
from assistant.models.generators.base import Generator
from assistant.types import Language
from assistant.words import content_stems, stem

Baseline = Callable[[Sequence[str]], str]
"""Sentences of a document, in order -> its summary."""


def lead(sentences: Sequence[str], *, words: int) -> str:
    """The first sentences."""
    return _fill(range(len(sentences)), sentences, words)


def ranked(method: str, sentences: Sequence[str], language: Language, *, words: int) -> str:
    """The best sentences by sumy's TextRank or LexRank, in order.

    Raises:
        PhiloError: sumy is not installed.
    """
    try:
        from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
        from sumy.summarizers.lex_rank import LexRankSummarizer
        from sumy.summarizers.text_rank import TextRankSummarizer
    except ImportError as exc:
        raise PhiloError("the baselines need sumy; run: pip install sumy") from exc

    class Words:
        def to_words(self, text: str) -> tuple[str, ...]:
            return tuple(content_stems(text, language))

    tokenizer = Words()
    told = [Sentence(one, tokenizer) for one in sentences]
    document = ObjectDocumentModel([Paragraph(told)])
    make = {"textrank": TextRankSummarizer, "lexrank": LexRankSummarizer}[method]
    summarizer = make(lambda word: stem(word, language))
    ratings = (
        summarizer.rate_sentences(document)
        if method == "textrank"
        else dict(zip(told, _lexrank_scores(summarizer, told), strict=True))
    )
    order = sorted(range(len(told)), key=lambda at: (-float(ratings[told[at]]), at))
    return _fill(order, sentences, words)


def _lexrank_scores(summarizer: object, told: Sequence[object]) -> list[float]:
    words = [summarizer._to_words_set(one) for one in told]  # type: ignore[attr-defined]
    if not any(words):
        return [0.0] * len(words)
    compute = summarizer  # its own steps, without its cut to a number of sentences
    tf = compute._compute_tf(words)  # type: ignore[attr-defined]
    idf = compute._compute_idf(words)  # type: ignore[attr-defined]
    matrix = compute._create_matrix(words, compute.threshold, tf, idf)  # type: ignore[attr-defined]
    scores = compute.power_method(matrix, compute.epsilon)  # type: ignore[attr-defined]
    return [float(score) for score in scores]


def model_alone(
    generator: Generator, sentences: Sequence[str], language: Language, *, words: int
) -> str:
    """What the generator writes when it is shown as much of the text as fits."""
    asked = {
        "en": f"Summarise this text in at most {words} words.",
        "fr": f"Résume ce texte en {words} mots au plus.",
    }[language]
    room = max(48, min(2 * words, generator.context_tokens // 4))
    text = " ".join(sentences)
    while True:
        prompt = [HumanMessage(f"{asked}\n\n{text}")]
        tokens = generator.count_tokens(prompt)
        if tokens + room <= min(generator.context_tokens, 2_000):
            break
        text = text[: int(len(text) * min(0.9, (1_950 - room) / tokens))]
    return "".join(generator.stream_text(prompt, max_new_tokens=room)).strip()


def _fill(order: Sequence[int] | range, sentences: Sequence[str], words: int) -> str:
    """In the order of the document, until there are so many words; at least one."""
    chosen: list[int] = []
    count = 0
    for index in order:
        if chosen and count >= words:
            break
        chosen.append(index)
        count += len(sentences[index].split())
    return " ".join(sentences[index] for index in sorted(chosen))
