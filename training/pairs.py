"""Questions with passages and the places of their answers: what the reader learns from."""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer

from assistant.sentences import split_sentences
from assistant.words import content_stems, fold
from benchmarks.held_back import is_held_back

Span = tuple[int, int]
LONG_ANSWER_WORDS = 25
NEGATIVES = 6
WINDOW_CHARS = 1200


@dataclass(frozen=True, slots=True)
class Pair:
    """`spans` are the places of a short answer in `text`, `sentences` those of the sentences that
    answer; both empty when the passage does not answer. A pair with `sentences` alone has an
    answer of no definite borders."""

    question: str
    title: str
    text: str
    spans: tuple[Span, ...] = ()
    sentences: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionPairs:
    """A question's pairs with the passages that answer it, and with near misses, nearest first."""

    positives: tuple[Pair, ...]
    negatives: tuple[Pair, ...]


def load_pairs(folder: Path, *, held_back: bool) -> list[QuestionPairs]:
    """The questions of a set in BEIR's files whose documents are held back, or are not."""
    documents = {
        row["_id"]: row
        for row in _rows(folder / "corpus.jsonl")
        if is_held_back(folder.name, row["title"]) == held_back
    }
    answers = {row["_id"]: row for row in _rows(folder / "answers.jsonl")}
    relevant = defaultdict(list)
    for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
        question, document, _ = line.split("\t")
        relevant[question].append(document)
    ids = list(documents)
    near = _NearMisses([f"{documents[one]['title']}. {documents[one]['text']}" for one in ids])
    found = []
    for row in _rows(folder / "queries.jsonl"):
        own = [one for one in relevant[row["_id"]] if one in documents]
        texts = answers.get(row["_id"], {}).get("answers", [])
        unanswerable = row.get("answerable") is False
        if not own and not unanswerable:
            continue
        misses = [
            Pair(row["text"], documents[ids[at]]["title"], _cut(documents[ids[at]]["text"]))
            for at in near.find(row["text"])
            if ids[at] not in own and not _holds_any(documents[ids[at]]["text"], texts)
        ]
        if unanswerable and not (misses and _is_near(row["text"], misses[0])):
            continue  # its near miss is on the other side of the split
        positives = [pair for one in own if (pair := make_pair(row["text"], documents[one], texts))]
        if positives or unanswerable:
            found.append(QuestionPairs(tuple(positives), tuple(misses[:NEGATIVES])))
    return found


def make_pair(question: str, document: dict, answers: Sequence[str]) -> Pair | None:
    """None when no answer can be found in the document."""
    text = document["text"]
    sentences = split_sentences(text)
    asked = set(content_stems(question, "fr")) | set(content_stems(question, "en"))
    for answer in answers:
        if len(answer.split()) <= LONG_ANSWER_WORDS and (places := find_spans(text, answer)):
            holding = [s for s in sentences if any(s[0] < e and b < s[1] for b, e in places)]
            best = max(holding, key=lambda s: _shared(asked, text[s[0] : s[1]]), default=None)
            if best is None:
                continue
            text, (spans, kept) = _window(text, best[0], (places, [best]))
            return Pair(question, document["title"], text, spans, kept)
    kept_sentences = [s for s in sentences if _says(text[s[0] : s[1]], answers)]
    if not kept_sentences:
        return None
    text, (kept,) = _window(text, kept_sentences[0][0], (kept_sentences,))
    return Pair(question, document["title"], text, (), kept)


def find_spans(text: str, answer: str) -> list[Span]:
    """Every place of `answer` in `text` between borders of words."""
    wanted = re.escape(answer.strip().rstrip("."))
    if not wanted:
        return []
    return [
        match.span()
        for match in re.finditer(rf"(?<![^\W_]){wanted}(?![^\W_])", text, re.IGNORECASE)
    ]


def _window(
    text: str, start: int, groups: Sequence[Sequence[Span]]
) -> tuple[str, list[tuple[Span, ...]]]:
    """A long text is cut to a window that begins a little before `start`."""
    begin = 0
    if len(text) > WINDOW_CHARS and start > WINDOW_CHARS // 2:
        begin = next(b for b, e in split_sentences(text) if b >= start - WINDOW_CHARS // 2)
    cut = text[begin : begin + WINDOW_CHARS]
    moved = [
        tuple((b - begin, e - begin) for b, e in group if b >= begin and e <= begin + len(cut))
        for group in groups
    ]
    return cut, moved


def _cut(text: str) -> str:
    return text[:WINDOW_CHARS]


def _says(sentence: str, answers: Sequence[str]) -> bool:
    words = set(content_stems(sentence, "en"))
    return len(words) >= 3 and any(
        len(words & set(content_stems(answer, "en"))) >= 0.6 * len(words) for answer in answers
    )


def _holds_any(text: str, answers: Sequence[str]) -> bool:
    folded = fold(text)
    return any(fold(answer).strip(" .") in folded for answer in answers)


def _shared(asked: set[str], sentence: str) -> int:
    return len(asked & (set(content_stems(sentence, "fr")) | set(content_stems(sentence, "en"))))


def _is_near(question: str, pair: Pair) -> bool:
    asked = set(content_stems(question, "en"))
    told = set(content_stems(f"{pair.title} {pair.text}", "en"))
    return len(asked & told) >= 0.5 * len(asked)


class _NearMisses:
    """The passages most like a question in their words."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._vectorizer = TfidfVectorizer(
            sublinear_tf=True, strip_accents="unicode", ngram_range=(1, 1)
        )
        self._matrix = self._vectorizer.fit_transform(texts)

    def find(self, question: str) -> list[int]:
        scores = (self._matrix @ self._vectorizer.transform([question]).T).toarray()[:, 0]
        return [int(at) for at in (-scores).argsort(kind="stable")[: 3 * NEGATIVES]]


def draw_pairs(
    questions: Sequence[QuestionPairs], *, negative_share: float, seed: int
) -> Iterator[Pair]:
    """Every positive; for a share of the questions a near miss, and one for every question
    that has no answer."""
    chooser = random.Random(seed)  # noqa: S311 - a seed that is written down
    for one in questions:
        yield from one.positives
        if one.negatives and (not one.positives or chooser.random() < negative_share):
            nearest = one.negatives if one.positives else one.negatives[:2]
            yield chooser.choice(nearest)


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
