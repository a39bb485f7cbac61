"""How good a reader is when it is given the right passage, or a near miss."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import torch
from batches import collate, make_example
from pairs import QuestionPairs
from sklearn.metrics import roc_auc_score

from assistant.models.readers.pairing import encode_pair
from assistant.models.readers.spans import best_span, make_reading
from benchmarks.answers import exact, token_f1


def measure(
    reader: Any, tokenizer: Any, questions: Sequence[QuestionPairs], *, most: int
) -> dict[str, float]:
    """F1 and exact match of the best span in the right passage; how well the evidence tells the
    right passage from the nearest miss (AUROC), and right sentences from others."""
    reader.eval()
    chosen = random.Random(0).sample(list(questions), min(most, len(questions)))  # noqa: S311
    f1, matches, passages, labels, sentences = [], [], [], [], []
    for one in chosen:
        for pair in (*one.positives[:1], *one.negatives[:1]):
            coded = encode_pair(tokenizer, pair.question, pair.title, pair.text)
            batch = collate([make_example(tokenizer, pair)])
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                logits = reader(batch.ids, batch.mask)[0].float().numpy()  # (T, 3)
            passages.append(float(logits[0, 2]))
            labels.append(bool(pair.sentences))
            if pair.sentences and 0 < batch.evidence[0].sum() < batch.passage[0].sum():
                inside = batch.passage[0].numpy()
                sentences.append(
                    roc_auc_score(batch.evidence[0].numpy()[inside], logits[inside, 2])
                )
            if pair.spans:
                found = best_span(make_reading(logits, coded))
                start, end = found[0] if found else (0, 0)
                said = pair.text[start:end]
                rights = [pair.text[b:e] for b, e in pair.spans]
                f1.append(token_f1(said, rights))
                matches.append(exact(said, rights))
    figures = {"passage_auroc": roc_auc_score(labels, passages)}
    figures["sentence_auroc"] = sum(sentences) / max(1, len(sentences))
    if f1:
        figures |= {"f1": sum(f1) / len(f1), "em": sum(matches) / len(matches)}
    return {name: round(float(value), 4) for name, value in figures.items()}
