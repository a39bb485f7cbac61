"""Train the built-in reader: which words of a passage answer a question.

    python training/train_reader.py --out FOLDER --source FOLDER_OF_e5-small-q4.bin
        --sets PIAF_FR_DEV CLAPNQ_DEV [--epochs 4] [--seed 7] [--limit N]

The lower layers and the word vectors stay as they are. A run that was stopped goes on from the
last epoch it finished. `log.jsonl` in FOLDER has the loss and the held-back figures.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path
from typing import Any

import torch
from batches import Batch, Example, collate, crop, make_example, make_groups
from layers import Halves
from made_questions import make_questions
from measure_reader import measure
from pairs import Pair, QuestionPairs, draw_pairs, load_pairs

from assistant.language import detect_language
from assistant.models.recipes.e5_reader import make_reader
from assistant.models.recipes.e5_small import make_tokenizer, read_checkpoint

BATCH = 16
EVIDENCE_WEIGHT = 0.5
PASSAGE_WEIGHT = 0.5
MEASURED = 50
"""Held-back questions of each set that are read after an epoch."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--sets", type=Path, nargs="+", required=True)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--layers", type=int, default=6, help="upper layers that are trained")
    parser.add_argument("--tokens", type=int, default=100, help="of a passage, the rest is cropped")
    parser.add_argument("--negatives", type=float, default=0.5, help="near misses a question")
    parser.add_argument("--made", type=int, default=450, help="questions made by rule")
    parser.add_argument("--limit", type=int, help="pairs, for a first look")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    arguments.out.mkdir(parents=True, exist_ok=True)
    log = (arguments.out / "log.jsonl").open("a")
    questions = [one for folder in arguments.sets for one in load_pairs(folder, held_back=False)]
    held_back = {folder.name: load_pairs(folder, held_back=True) for folder in arguments.sets}
    tokenizer = make_tokenizer(read_checkpoint(arguments.source / "e5-small-q4.bin"))
    examples = draw_examples(questions, tokenizer, arguments)
    halves = Halves(make_reader(arguments.source), arguments.layers)
    since = time.perf_counter()
    lower = halves.lower(examples)
    row = {"examples": len(examples), "lower_seconds": round(time.perf_counter() - since, 1)}
    print(json.dumps(row), file=log, flush=True)

    steps = arguments.epochs * -(-len(examples) // BATCH)
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for name, p in halves.parameters.items() if "head" not in name]},
            {"params": list(halves.reader.head.parameters()), "lr": 10 * arguments.rate},
        ],
        lr=arguments.rate,
        weight_decay=0.01,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / (0.1 * steps), max(0.02, 1 - step / steps))
    )
    begun = resume(arguments.out, halves, optimizer, schedule)
    for epoch in range(begun, arguments.epochs):
        torch.manual_seed(arguments.seed + epoch)
        halves.reader.train()
        since, losses = time.perf_counter(), []
        groups = make_groups(examples, BATCH, seed=arguments.seed + epoch)
        for number, group in enumerate(groups, start=1):
            batch = collate([examples[at] for at in group])
            loss = loss_of(halves.upper([lower[at] for at in group], batch.mask), batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(list(halves.parameters.values()), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            losses.append(float(loss.detach()))
            if number % 10 == 0 or number == len(groups):
                recent = losses[-10:]
                row = {"epoch": epoch, "batch": number, "loss": round(sum(recent) / len(recent), 4)}
                row["seconds"] = round(time.perf_counter() - since, 1)
                print(json.dumps(row), file=log, flush=True)
        save(arguments.out, halves, optimizer, schedule, epoch + 1)
        for name, held in held_back.items():
            figures = measure(halves.reader, tokenizer, held, most=MEASURED)
            print(json.dumps({"epoch": epoch, "set": name, **figures}), file=log, flush=True)


def draw_examples(
    questions: list[QuestionPairs], tokenizer: Any, arguments: argparse.Namespace
) -> list[Example]:
    seed = arguments.seed
    chooser = random.Random(seed)  # noqa: S311 - a seed that is written down
    pairs = list(draw_pairs(questions, negative_share=arguments.negatives, seed=seed))
    plain = {
        pair.text: pair
        for one in questions
        for pair in (*one.positives, *one.negatives)
        if detect_language(pair.text) == "en"
    }
    made: list[Pair] = []
    for pair in plain.values():
        made += make_questions(pair.title, pair.text, seed=seed, most=3)
    chooser.shuffle(made)
    pairs += made[: arguments.made]
    if arguments.limit:
        pairs = chooser.sample(pairs, arguments.limit)
    return [crop(make_example(tokenizer, pair), arguments.tokens, chooser) for pair in pairs]


def resume(folder: Path, halves: Halves, optimizer: Any, schedule: Any) -> int:
    """The number of epochs that are done."""
    path = folder / "state.pt"
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    halves.reader.load_state_dict(state["trained"], strict=False)
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])
    return int(state["epochs"])


def save(folder: Path, halves: Halves, optimizer: Any, schedule: Any, epochs: int) -> None:
    state = {
        "trained": {name: p.detach() for name, p in halves.parameters.items()},
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "epochs": epochs,
    }
    torch.save(state, folder / "state.tmp")
    (folder / "state.tmp").replace(folder / "state.pt")


def loss_of(logits: Any, batch: Batch) -> Any:
    """Cross entropy of starts and ends over the passage's tokens, any right one counts; and
    binary cross entropy of the evidence of tokens and of the passage."""
    evidence = logits[..., 2]  # (B, T, 3) -> (B, T)
    binary = torch.nn.functional.binary_cross_entropy_with_logits
    loss = PASSAGE_WEIGHT * binary(evidence[:, 0], batch.evidence[:, 0])
    loss = loss + EVIDENCE_WEIGHT * binary(evidence[batch.passage], batch.evidence[batch.passage])
    if batch.spans.any():
        for channel, right in ((0, batch.starts), (1, batch.ends)):
            scores = logits[..., channel].masked_fill(~batch.passage, -1e4)[batch.spans]
            chances = torch.log_softmax(scores, dim=1)  # (S, T)
            hit = chances.masked_fill(~right[batch.spans], -1e4)
            loss = loss - 0.5 * torch.logsumexp(hit, dim=1).mean()
    return loss


if __name__ == "__main__":
    main()
