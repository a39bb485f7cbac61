"""Fit the evidence models (assistant/answering/calibration.json) and say how good they are.

    python benchmarks/fit_evidence.py SET [SET ...] [--embedder ID] [--write]

A SET is a folder with corpus.jsonl, queries.jsonl, qrels.tsv and answers.jsonl. Sentences that
hold the answer are positives, the other sentences of the passages found negatives. For the
gate, a question counts once with its passages as found, and once with the relevant documents
taken away (near misses stay): then the answer is not there; both kinds weigh the same. Questions
are split by document into five folds; figures are of the folds not fitted on. The models for
sentences in another language than the question are fitted on the same readings with the words
left out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from question_sets import Question, load_questions, open_set
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from assistant.answering import evidence
from assistant.answering.candidates import Candidate
from assistant.answering.evidence import Judge, Logistic, gate_features, sentence_features
from assistant.knowledge.library import Library
from assistant.models.embedders import open_embedder
from assistant.models.embedders.base import Embedder
from assistant.retrieval.query import read_question
from assistant.retrieval.search import Searcher
from assistant.settings import load_settings
from assistant.types import OPERATOR
from assistant.words import content_stems, fold

FOLDS = 5
FOUND = 30
READ = 8
CACHE = Path(tempfile.gettempdir()) / "philo-fit"
CALIBRATION = Path(evidence.__file__).with_name("calibration.json")
FORMS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "same language": ((), ()),
    "other language": ((0, 1, 2, 12, 13), (1, 2, 5)),
}
"""Columns left out of the features of sentences and of the gate: those made of words."""

COSINES: tuple[tuple[int, ...], tuple[int, ...]] = ((3, 4), (3,))


@dataclass
class Reading:
    """One question with one list of passages: features of its sentences, and the truth."""

    set_name: str
    fold: int
    features: np.ndarray  # (N, F)
    labels: np.ndarray  # (N,) 1 where the sentence holds the answer


def read_set(folder: Path, embedder: Embedder, limit: int) -> list[Reading]:
    questions = load_questions(folder)
    step = max(1, len(questions) // limit)
    readings = []
    cache = CACHE / f"{folder.name}-{embedder.id}"
    settings = load_settings(cache)
    library = open_set(folder, cache, embedder)
    searcher = Searcher(library, embedder, settings.retrieval)
    for question in questions[::step]:
        readings += read_both(folder.name, question, searcher, library, embedder)
    library.close()
    return readings


def load_readings(folder: Path, embedder: Embedder, limit: int, *, anew: bool) -> list[Reading]:
    """`read_set`, kept between runs: it takes minutes, fitting takes seconds."""
    kept = CACHE / f"{folder.name}-{embedder.id}-{limit}.npz"
    if anew or not kept.exists():
        readings = read_set(folder, embedder, limit)
        arrays = {}
        for index, one in enumerate(readings):
            arrays[f"features{index}"] = one.features
            arrays[f"labels{index}"] = one.labels
        np.savez(kept, folds=np.array([one.fold for one in readings]), **arrays)
    with np.load(kept, allow_pickle=False) as arrays:
        return [
            Reading(folder.name, int(fold), arrays[f"features{i}"], arrays[f"labels{i}"])
            for i, fold in enumerate(arrays["folds"])
        ]


def read_both(
    set_name: str,
    question: Question,
    searcher: Searcher,
    library: Library,
    embedder: Embedder,
) -> list[Reading]:
    query = read_question(question.text, max_chars=4000)
    passages = searcher.search(query, k=FOUND, readable=OPERATOR)
    chunks = library.chunks([passage.chunk_id for passage in passages], OPERATOR)
    pairs = [(chunks[one.chunk_id], one.score) for one in passages]
    group = sum(map(ord, "".join(sorted(question.relevant)) or question.id)) % FOLDS
    readings = []
    for complete in (True, False):
        kept = [pair for pair in pairs if complete or pair[0].uri not in question.relevant][:READ]
        if not kept or (not complete and question.answerable is False):
            continue
        candidates, features = sentence_features(
            embedder, query, [chunk for chunk, _ in kept], [score for _, score in kept]
        )
        labels = np.array([float(holds(one, question)) for one in candidates])
        readings.append(Reading(set_name, group, features, labels))
    return readings


def holds(candidate: Candidate, question: Question) -> bool:
    """The sentence stands in a relevant document and holds a short answer, or says mostly
    what a long one says."""
    if candidate.chunk.uri not in question.relevant:
        return False
    text = fold(candidate.text)
    for answer in question.answers:
        wanted = fold(answer).strip(" .")
        if len(wanted.split()) <= 12:
            if wanted in text:
                return True
        else:
            words = set(content_stems(candidate.text, "en"))
            shared = words & set(content_stems(answer, "en"))
            if len(words) >= 4 and len(shared) >= 0.6 * len(words):
                return True
    return False


def fit(
    features: np.ndarray, labels: np.ndarray, unused: Sequence[int], *, balanced: bool
) -> Logistic:
    """`unused` columns get weight 0. `balanced`: as if half of the labels were 1."""
    kept = features.copy()
    kept[:, list(unused)] = 0.0
    scaler = StandardScaler().fit(kept)
    model = LogisticRegression(
        C=1.0, max_iter=2000, class_weight="balanced" if balanced else None
    ).fit(scaler.transform(kept), labels)
    return Logistic(
        mean=tuple(float(x) for x in scaler.mean_),
        scale=tuple(float(x) for x in scaler.scale_),
        weights=tuple(
            0.0 if index in unused else float(x) for index, x in enumerate(model.coef_[0])
        ),
        bias=float(model.intercept_[0]),
    )


def fit_both(readings: list[Reading], unused: tuple[tuple[int, ...], tuple[int, ...]]) -> Judge:
    sentence = fit(
        np.concatenate([one.features for one in readings]),
        np.concatenate([one.labels for one in readings]),
        unused[0],
        balanced=False,
    )
    gate = fit(
        np.concatenate([gate_row(one, sentence) for one in readings]),
        np.array([float(one.labels.any()) for one in readings]),
        unused[1],
        balanced=True,
    )
    return Judge(sentence, gate)


def gate_row(reading: Reading, sentence: Logistic) -> np.ndarray:
    chances = sentence.probabilities(reading.features)
    return gate_features(reading.features, chances)


def report(readings: list[Reading], unused: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    """Cross-validated: is the best sentence right, and does the gate know?"""
    rows: dict[str, list[tuple[bool, bool, float]]] = {}
    for number in range(FOLDS):
        judge = fit_both([one for one in readings if one.fold != number], unused)
        for one in readings:
            if one.fold == number:
                chances = judge.sentence.probabilities(one.features)
                chance = float(judge.gate.probabilities(gate_row(one, judge.sentence))[0])
                right = bool(one.labels[int(np.argmax(chances))])
                rows.setdefault(one.set_name, []).append((bool(one.labels.any()), right, chance))
    for name, results in rows.items():
        there = np.array([row[0] for row in results])
        right = np.array([row[1] for row in results])
        chance = np.array([row[2] for row in results])
        refused = chance < 0.5
        print(
            f"  {name:<14} readings {len(results):>5}  answer there {there.mean():.3f}  "
            f"best sentence right {right[there].mean():.3f}  "
            f"gate AUROC {roc_auc_score(there, chance):.3f}  "
            f"refusal precision {(~there)[refused].mean():.3f} "
            f"recall {refused[~there].mean():.3f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--embedder", default="multilingual-e5-small")
    parser.add_argument("--limit", type=int, default=600, help="questions of each set")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--anew", action="store_true", help="read again what was read before")
    arguments = parser.parse_args()
    models = load_settings().models.model_copy(update={"embedder": arguments.embedder})
    embedder = open_embedder(models)
    readings = []
    for folder in arguments.sets:
        readings += load_readings(folder, embedder, arguments.limit, anew=arguments.anew)
    tree = json.loads(CALIBRATION.read_text()) if CALIBRATION.exists() else {}
    for name, without in ((arguments.embedder, ((), ())), ("any", COSINES)):
        tree[name] = {}
        for form, words in FORMS.items():
            unused = (words[0] + without[0], words[1] + without[1])
            print(f"{name}, {form}:")
            report(readings, unused)
            tree[name][form] = as_json(fit_both(readings, unused))
    if arguments.write:
        CALIBRATION.write_text(json.dumps(tree, indent=1) + "\n")
        print(f"wrote {CALIBRATION.name}")


def as_json(judge: Judge) -> dict[str, dict[str, object]]:
    return {
        name: {
            "features": list(features),
            "mean": [round(x, 5) for x in model.mean],
            "scale": [round(x, 5) for x in model.scale],
            "weights": [round(x, 5) for x in model.weights],
            "bias": [round(model.bias, 5)],
        }
        for name, model, features in (
            ("sentence", judge.sentence, evidence.SENTENCE_FEATURES),
            ("gate", judge.gate, evidence.GATE_FEATURES),
        )
    }


if __name__ == "__main__":
    main()
