"""How good summaries are, beside what is simpler (`philo eval summaries DIR`).

A folder of papers: each abstract is taken out of the text and is the reference of the summary
in the form `abstract`. A folder with corpus.jsonl, queries.jsonl and qrels.tsv (BEIR's fields):
each query is the reference of a summary of its document in one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.answering.candidates import Candidate
from assistant.answering.grounding import Grounds
from assistant.assistant import Assistant
from assistant.errors import NothingToSummariseError, PhiloError
from assistant.evaluation.statistics import mean_interval
from assistant.evaluation.summary_baselines import lead, model_alone, ranked
from assistant.evaluation.summary_cases import Case, list_cases
from assistant.summarizing.drafts import chunks_of
from assistant.summarizing.filling import ABSTRACT_WORDS
from assistant.summarizing.reading import Paper, read_paper
from assistant.summarizing.summarizer import Summariser
from assistant.summarizing.types import Form, Summary
from assistant.types import OPERATOR, Citation, Language
from assistant.words import fold

RESAMPLES = 10_000
SEED = 20_261_124
SHINGLE = 5
METRICS = ("rouge1", "rouge2", "rougeL", "similarity")


@dataclass(frozen=True, slots=True)
class _Checked:
    """Of one summary: shares in [0, 1], None where there is nothing to look at."""

    supported: float
    pages_right: float | None
    coverage: float
    seconds: float
    first_statement_s: float


def measure_summaries(
    assistant: Assistant,
    directory: Path,
    *,
    limit: int | None = None,
    with_model: bool = False,
    told: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Figures of Philo and the baselines, and their differences, paired.

    Args:
        limit: evenly spread cases; None: all.
        with_model: let the generator of the settings write alone as well.
        told: called with the name of each case.
    Raises:
        PhiloError: rouge-score or sumy is not installed, or nothing in `directory` has a reference.
    """
    try:
        from rouge_score.rouge_scorer import RougeScorer
    except ImportError as exc:
        raise PhiloError("ROUGE needs a package; run: pip install rouge-score") from exc
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    generator = assistant.generator if with_model else None
    summariser = Summariser(
        assistant.library,
        assistant.embedder,
        None,
        assistant.settings.summaries,
    )
    scores: dict[str, list[list[float]]] = {}
    checked: list[_Checked] = []
    for case in list_cases(directory, assistant, limit=limit):
        told(case.name)
        try:
            summary = _summarise(summariser, case)
        except NothingToSummariseError:
            continue
        paper = read_paper(chunks_of(case.draft))
        sentences = [unit.text for unit in paper.units]
        language: Language = paper.language or "en"
        words = 1 if case.form == "sentence" else ABSTRACT_WORDS[0]
        texts = {
            "philo": " ".join(one.text for one in summary.statements),
            "lead": lead(sentences, words=words),
            "textrank": ranked("textrank", sentences, language, words=words),
            "lexrank": ranked("lexrank", sentences, language, words=words),
        }
        if generator is not None:
            size = 25 if case.form == "sentence" else ABSTRACT_WORDS[1]
            texts["model alone"] = model_alone(generator, sentences, language, words=size)
        vectors = assistant.embedder.encode_passages([case.reference, *texts.values()])
        likeness = vectors[1:] @ vectors[0]
        for at, (name, text) in enumerate(texts.items()):
            rouge = scorer.score(case.reference, text)
            row = [float(rouge[metric].fmeasure) for metric in METRICS[:3]]
            scores.setdefault(name, []).append([*row, float(likeness[at])])
        checked.append(_check(summary, paper, case))
    if not checked:
        raise PhiloError(f"{directory}: no document with a reference summary was found in it")
    return _report(directory, scores, checked)


def _summarise(summariser: Summariser, case: Case) -> Summary:
    form: Form = case.form
    *_, last = summariser.summarise([], drafts=[case.draft], readable=OPERATOR, form=form)
    assert isinstance(last, Summary)  # noqa: S101 - what `summarise` promises
    return last


def _check(summary: Summary, paper: Paper, case: Case) -> _Checked:
    by_place = {(one.start, one.end): one for unit in paper.units for one in unit.sources}
    citations = {one.marker: one for one in summary.citations}
    language: Language = paper.language or "en"
    held = 0
    for statement in summary.statements:
        sources: list[Candidate] = []
        for marker in statement.citations:
            cited = citations[marker]
            sources.append(by_place[(cited.start, cited.end)])
        said = fold(" ".join(statement.text.split()))
        quoted = any(said == fold(" ".join(one.text.split())) for one in sources)
        held += quoted or (
            bool(sources) and Grounds(sources, language).check(statement.text).supported
        )
    pages = [right for right in _pages_right(summary.citations, case.path) if right is not None]
    covered = {
        unit.section
        for unit in paper.units
        if any((one.start, one.end) in _places(summary.citations) for one in unit.sources)
    }
    return _Checked(
        supported=held / max(1, len(summary.statements)),
        pages_right=sum(pages) / len(pages) if pages else None,
        coverage=len(covered) / len(paper.sections),
        seconds=summary.timings_ms.total / 1000,
        first_statement_s=summary.timings_ms.first_statement / 1000,
    )


def _places(citations: Sequence[Citation]) -> set[tuple[int, int]]:
    return {(one.start, one.end) for one in citations}


def _pages_right(citations: Sequence[Citation], path: Path | None) -> Iterator[bool | None]:
    """Whether most runs of words of each quote stand on its page, as PDFium alone reads it."""
    if path is None or path.suffix.lower() != ".pdf":
        return
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    try:
        for one in citations:
            page = document[one.page - 1].get_textpage().get_text_range()
            words = _letters(one.quote.split())
            runs = ["".join(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)]
            text = "".join(_letters([page]))
            found = sum(run in text for run in runs)
            readable = len(text) >= sum(map(len, words))  # not where fonts say nothing
            yield found * 2 > len(runs) if runs and readable else None
    finally:
        document.close()


def _letters(words: Sequence[str]) -> list[str]:
    return ["".join(sign for sign in fold(word) if sign.isalnum()) for word in words]


def _report(
    directory: Path, scores: dict[str, list[list[float]]], checked: Sequence[_Checked]
) -> dict[str, Any]:
    arrays = {name: np.array(rows) for name, rows in scores.items()}  # (cases, metrics)
    own = arrays["philo"]
    differences = {}
    for name, other in arrays.items():
        if name == "philo":
            continue
        gaps = own - other
        differences[name] = {metric: _difference(gaps[:, at]) for at, metric in enumerate(METRICS)}
    pages = [one.pages_right for one in checked if one.pages_right is not None]
    return {
        "dataset": directory.name,
        "cases": len(own),
        "systems": {
            name: {metric: round(float(rows[:, at].mean()), 4) for at, metric in enumerate(METRICS)}
            for name, rows in arrays.items()
        },
        "differences": differences,
        "supported": _mean([one.supported for one in checked]),
        "page_precision": _mean(pages) if pages else None,
        "section_coverage": _mean([one.coverage for one in checked]),
        "seconds": _mean([one.seconds for one in checked]),
        "first_statement_s": _mean([one.first_statement_s for one in checked]),
    }


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4)


def _difference(gaps: NDArray[np.float64]) -> dict[str, float]:
    """Of (cases,) gaps between two systems."""
    interval = mean_interval(gaps, resamples=RESAMPLES, seed=SEED)
    return {
        "mean": round(float(gaps.mean()), 4),
        "low": round(interval.low, 4),
        "high": round(interval.high, 4),
    }
