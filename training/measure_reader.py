"""How good a reader is when it is given the right passage, or a near miss."""

from __future__ import annotations

import random
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from batches import collate, make_example
from pairs import QuestionPairs
from sklearn.metrics import roc_auc_score

from assistant.models.readers.pairing import encode_pair
from assistant.models.readers.spans import best_span, make_reading

_ARTICLES = re.compile(r"\b(a|an|the|le|la|les|l|un|une|des|du|de|d)\b")


def normalise(text: str) -> list[str]:
    """Words as SQuAD's measure compares them, French articles left out as well."""
    lowered = unicodedata.normalize("NFC", text).lower().replace("’", "'").replace("'", " ")
    bare = "".join(" " if ch in string.punctuation + "«»“”–—" else ch for ch in lowered)
    return _ARTICLES.sub(" ", bare).split()


def token_f1(said: str, right: str) -> float:
    ours, theirs = normalise(said), normalise(right)
    shared = sum((Counter(ours) & Counter(theirs)).values())
    if not shared:
        return float(ours == theirs)
    return 2 * shared / (len(ours) + len(theirs))


def measure(
    reader: Any, tokenizer: Any, questions: Sequence[QuestionPairs], *, most: int
) -> dict[str, float]:
    """F1 and exact match of the best span in the right passage; how well the evidence tells the
    right passage from the nearest miss (AUROC), and right sentences from others."""
    reader.eval()
    chosen = random.Random(0).sample(list(questions), min(most, len(questions)))  # noqa: S311
    f1, exact, passages, labels, sentences = [], [], [], [], []
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
                rights = {pair.text[b:e] for b, e in pair.spans}
                f1.append(max(token_f1(said, right) for right in rights))
                exact.append(max(normalise(said) == normalise(right) for right in rights))
    figures = {"passage_auroc": roc_auc_score(labels, passages)}
    figures["sentence_auroc"] = sum(sentences) / max(1, len(sentences))
    if f1:
        figures |= {"f1": sum(f1) / len(f1), "em": sum(exact) / len(exact)}
    return {name: round(float(value), 4) for name, value in figures.items()}
