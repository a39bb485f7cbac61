"""Fit the evidence models (assistant/answering/calibration.json) and say how good they are.

    PYTHONPATH=. python benchmarks/fit_evidence.py SET [SET ...] [--embedder ID] [--reader ID]
        [--limit N] [--facts SET FILE] [--plot FILE] [--write]

A SET is a folder with corpus.jsonl, queries.jsonl, qrels.tsv and answers.jsonl. Sentences that
hold the answer are positives, the other sentences of the passages found negatives. For the
gate, a question counts once with its passages as found, and once with the relevant documents
taken away (near misses stay): then the answer is not there; both kinds weigh the same. Questions
are split by document into five folds; figures are of the folds not fitted on. With a reader,
only documents that it was not trained on count.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from answers import exact, token_f1
from question_sets import load_questions
from reading import Reading, Remembering, load_held_back, read_set
from reliability import brier, calibration_error, draw_reliability
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from assistant.answering import evidence_features as features_of
from assistant.answering.evidence import Judge, Logistic
from assistant.answering.evidence_features import gate_features
from assistant.models.embedders import open_embedder
from assistant.models.readers import open_reader
from assistant.models.settings import NO_READER
from assistant.settings import load_settings

FOLDS = 5
CACHE = Path(tempfile.gettempdir()) / "philo-fit"
CALIBRATION = Path(features_of.__file__).with_name("calibration.json")
Unused = tuple[tuple[int, ...], tuple[int, ...]]
COSINES: Unused = ((3, 4), (3,))
"""Columns of the features of sentences and of the gate that are made of cosines."""


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


def fit_both(readings: list[Reading], unused: Unused) -> Judge:
    sentence = fit(
        np.concatenate([one.features for one in readings]),
        np.concatenate([one.labels for one in readings]),
        unused[0],
        balanced=False,
    )
    gate = fit(
        np.concatenate([gate_row(one, sentence) for one in readings]),
        np.array([float(one.answerable) for one in readings]),
        unused[1],
        balanced=True,
    )
    return Judge(sentence, gate)


def gate_row(reading: Reading, sentence: Logistic) -> np.ndarray:
    return gate_features(reading.features, sentence.probabilities(reading.features))


def judge_all(readings: list[Reading], unused: Unused) -> list[tuple[Reading, np.ndarray, float]]:
    """Each reading with its sentences' chances (N,) and the gate's probability, of models that
    were not fitted on its documents."""
    judged = []
    for number in range(FOLDS):
        judge = fit_both([one for one in readings if one.fold % FOLDS != number], unused)
        for one in readings:
            if one.fold % FOLDS == number:
                chances = judge.sentence.probabilities(one.features)
                gate = float(judge.gate.probabilities(gate_row(one, judge.sentence))[0])
                judged.append((one, chances, gate))
    return judged


def report(judged: list[tuple[Reading, np.ndarray, float]]) -> None:
    for name in dict.fromkeys(one.set_name for one, _, _ in judged):
        rows = [row for row in judged if row[0].set_name == name]
        there = np.array([one.answerable for one, _, _ in rows])
        gate = np.array([chance for _, _, chance in rows])
        right = np.array([one.labels[int(np.argmax(chances))] for one, chances, _ in rows])
        refused = gate < 0.5
        line = f"  {name:<12} readings {len(rows):>4}  answer there {there.mean():.2f}"
        line += f"  best sentence right {right[there].mean():.3f}"
        if 0 < there.mean() < 1:
            line += f"  gate AUROC {roc_auc_score(there, gate):.3f}"
            line += f"  refusals: precision {(~there)[refused].mean():.3f}"
            line += f" recall {refused[~there].mean():.3f}"
        line += f"  passes {1 - refused[there].mean():.3f}"
        line += f"  Brier {brier(gate, there):.3f}  ECE {calibration_error(gate, there):.3f}"
        print(line)
        report_answers(rows)


def report_answers(rows: list[tuple[Reading, np.ndarray, float]]) -> None:
    """Of the questions that have answers, with all passages found; a refusal scores 0."""
    asked = [
        row
        for row in rows
        if row[0].question.answers
        and any(chunk.uri in row[0].question.relevant for chunk in row[0].chunks)
    ]
    read = any(any(one.shorts) for one, _, _ in rows)
    for form in ("sentences", "short") if read else ("sentences",):
        f1, matches, cited = [], [], []
        for one, chances, gate in asked:
            best = int(np.argmax(chances))
            said = " ".join(quote.text for quote in one.quotes(chances))
            if form == "short" and one.shorts[best]:
                said = one.shorts[best]
            if gate < 0.5:
                said = ""
            else:
                cited.append(one.labels[best])
            f1.append(token_f1(said, one.question.answers))
            matches.append(exact(said, one.question.answers))
        print(
            f"    {form:<10} {len(asked)} questions"
            f"  F1 {np.mean(f1):.3f}  EM {np.mean(matches):.3f}"
            f"  F1 of the answered {np.sum(f1) / max(1, len(cited)):.3f}"
            f"  cited sentence holds the answer {np.mean(cited):.3f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--embedder", default="multilingual-e5-small")
    parser.add_argument("--reader", default=NO_READER)
    parser.add_argument("--limit", type=int, default=600, help="questions of each set")
    parser.add_argument("--facts", nargs=2, type=Path, help="a set, and a file of questions to it")
    parser.add_argument("--plot", type=Path, help="where the reliability plot (SVG) goes")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    models = load_settings().models.model_copy(
        update={"embedder": arguments.embedder, "reader": arguments.reader}
    )
    embedder, reader = Remembering(open_embedder(models)), open_reader(models)
    readings: list[Reading] = []
    asked = [(folder, None) for folder in arguments.sets]
    asked += [tuple(arguments.facts)] if arguments.facts else []
    for folder, facts in asked:
        held = reader is not None or facts is not None
        questions = load_held_back(folder, facts=facts) if held else load_questions(folder)
        questions = questions[:: max(1, len(questions) // arguments.limit)]
        name = facts.stem if facts else folder.name
        data = CACHE / f"{folder.name}-{embedder.id}"
        readings += read_set(folder, data, questions, embedder, reader, name=name)
    suffix = " with reader" if reader is not None else ""
    fit_and_report(readings, arguments.embedder, suffix, arguments.plot, write=arguments.write)


def fit_and_report(
    readings: list[Reading], embedder: str, suffix: str, plot: Path | None, *, write: bool
) -> None:
    tree = json.loads(CALIBRATION.read_text()) if CALIBRATION.exists() else {}
    for name, unused in ((embedder, ((), ())), ("any", COSINES)):
        print(f"{name}{suffix}:")
        judged = judge_all(readings, unused)
        report(judged)
        if plot is not None and name == embedder:
            there = np.array([one.answerable for one, _, _ in judged])
            plot.write_text(draw_reliability(np.array([row[2] for row in judged]), there))
        tree[name + suffix] = as_json(fit_both(readings, unused), with_reader=bool(suffix))
    if write:
        CALIBRATION.write_text(json.dumps(tree, indent=1) + "\n")
        print(f"wrote {CALIBRATION.name}")


def as_json(judge: Judge, *, with_reader: bool) -> dict[str, dict[str, object]]:
    sentence = features_of.SENTENCE_FEATURES
    gate = features_of.GATE_FEATURES
    if with_reader:
        sentence = (*sentence, *features_of.READER_SENTENCE_FEATURES)
        gate = (*gate, *features_of.READER_GATE_FEATURES)
    return {
        name: {
            "features": list(features),
            "mean": [round(x, 5) for x in model.mean],
            "scale": [round(x, 5) for x in model.scale],
            "weights": [round(x, 5) for x in model.weights],
            "bias": [round(model.bias, 5)],
        }
        for name, model, features in (
            ("sentence", judge.sentence, sentence),
            ("gate", judge.gate, gate),
        )
    }


if __name__ == "__main__":
    main()
