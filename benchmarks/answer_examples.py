"""Ask every question of examples/questions.jsonl and say how well it is answered.

    python benchmarks/answer_examples.py [--generator ID|none] [--show]

found: a passage of the right document is among the five best. right: the answer holds one of
the expected answers. cited: a citation is of the right document. refused: says that the
documents do not answer.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.types import OPERATOR, Answer
from assistant.words import fold, numbers

EXAMPLES = Path(__file__).parents[1] / "examples"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--generator", default="smollm2-135m-instruct")
    parser.add_argument("--show", action="store_true", help="print what went wrong")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in (EXAMPLES / "questions.jsonl").read_text().splitlines()]
    with tempfile.TemporaryDirectory() as data:
        settings = load_settings(Path(data))
        models = settings.models.model_copy(update={"generator": arguments.generator})
        settings = settings.model_copy(update={"models": models})
        with open_assistant(settings) as assistant:
            folders = [str(EXAMPLES / "handbook"), str(EXAMPLES / "papers")]
            print(assistant.ingestor.ingest(folders).model_dump_json())
            results = []
            for row in rows:
                answer = assistant.answer(row["question"], readable=OPERATOR)
                results.append((row, answer))
                if arguments.show and not _is_fine(row, answer):
                    _show(row, answer)
    _report(results)


def _report(results: list[tuple[dict, Answer]]) -> None:
    groups: dict[str, list[tuple[dict, Answer]]] = defaultdict(list)
    for row, answer in results:
        if not row["answerable"]:
            groups[f"{row['language']} unanswerable"].append((row, answer))
        elif row["language"] == row["document_language"]:
            groups[row["language"]].append((row, answer))
        else:
            groups[f"{row['language']} -> {row['document_language']}"].append((row, answer))
    for name, group in sorted(groups.items()):
        print(
            f"{name:<18} {len(group):>3} questions"
            f"  found {_share(_found, group)}  right {_share(is_right, group)}"
            f"  cited {_share(_cited, group)}  refused {_share(_refused, group)}"
            f"  by the model {_share(_by_model, group)}"
        )
    for name in ("retrieve", "first_token", "total"):
        times = [getattr(answer.timings_ms, name) for _, answer in results]
        print(f"{name:<12} median {statistics.median(times):.0f} ms, worst {max(times):.0f} ms")


def _share(test, group: list[tuple[dict, Answer]]) -> str:
    return f"{sum(test(row, answer) for row, answer in group) / len(group):.2f}"


def _found(row: dict, answer: Answer) -> bool:
    return any(one.uri.endswith(row["document"] or "-") for one in answer.passages[:5])


def _cited(row: dict, answer: Answer) -> bool:
    return any(one.uri.endswith(row["document"] or "-") for one in answer.citations)


def is_right(row: dict, answer: Answer) -> bool:
    said = " ".join(fold(answer.answer).split())
    values = {value for readings in numbers(answer.answer) for value in readings}
    return any(
        " ".join(fold(wanted).split()) in said or (wanted.isdigit() and wanted in values)
        for wanted in row["answers"]
    )


def _refused(_row: dict, answer: Answer) -> bool:
    return answer.refused


def _by_model(_row: dict, answer: Answer) -> bool:
    return answer.writer == "model"


def _is_fine(row: dict, answer: Answer) -> bool:
    return is_right(row, answer) if row["answerable"] else answer.refused


def _show(row: dict, answer: Answer) -> None:
    print(f"\n? {row['question']}\n  wanted: {row['answers']} ({row['document']})")
    print(f"  {answer.writer}: {answer.answer}")
    print(f"  passages: {[one.uri.rsplit('/', 1)[-1] for one in answer.passages[:5]]}")


if __name__ == "__main__":
    main()
