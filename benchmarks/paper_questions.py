"""How well are questions about long papers and office files answered?

    python benchmarks/paper_questions.py FILES [--generator ID|none] [--data DIR] [--show]
        [--json OUT]

FILES: the folder that holds the files named in paper_questions.tsv, anywhere below it; its
hostile ones are left out. With --data the index is kept there for the next run. right: the answer
or a quote of it holds an expected text. wrong: answered without one. refused: says that the
documents do not answer; "not found" where no passage of the right file holds an expected text.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.types import OPERATOR, Answer

QUESTIONS = Path(__file__).with_suffix(".tsv")


@dataclass(frozen=True)
class Question:
    """`file` is None when no file answers."""

    language: str
    file: str | None
    expected: tuple[str, ...]
    text: str


def load_questions() -> list[Question]:
    lines = QUESTIONS.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [
        Question(
            language, None if file == "-" else file, tuple(filter(None, right.split("|"))), text
        )
        for language, file, right, text in rows
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("files", type=Path)
    parser.add_argument("--generator", default="smollm2-135m-instruct")
    parser.add_argument("--show", action="store_true", help="print what went wrong")
    parser.add_argument("--json", type=Path, help="write every outcome there")
    parser.add_argument("--data", type=Path, help="keep the index there")
    arguments = parser.parse_args()
    questions = load_questions()
    with tempfile.TemporaryDirectory() as temporary:
        settings = load_settings(arguments.data or Path(temporary))
        models = settings.models.model_copy(update={"generator": arguments.generator})
        settings = settings.model_copy(update={"models": models})
        with open_assistant(settings) as assistant:
            folders = [str(one) for one in arguments.files.iterdir() if one.name != "hostile"]
            assistant.ingestor.ingest([one for one in folders if Path(one).is_dir()])
            answers = [assistant.answer(one.text, readable=OPERATOR) for one in questions]
    outcomes = [judge(one, answer) for one, answer in zip(questions, answers, strict=True)]
    report(questions, outcomes)
    for one, answer, outcome in zip(questions, answers, outcomes, strict=True):
        if arguments.show and outcome not in {"right", "refused rightly"}:
            print(f"\n{outcome}: {one.text}  [{'|'.join(one.expected)}]")
            print(f"  {answer.evidence:.2f} {answer.answer[:300]}")
    if arguments.json:
        rows = [
            {"question": one.text, "outcome": outcome, "evidence": answer.evidence}
            for one, answer, outcome in zip(questions, answers, outcomes, strict=True)
        ]
        arguments.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")


def judge(question: Question, answer: Answer) -> str:
    if question.file is None:
        return "refused rightly" if answer.refused else "answered wrongly"
    if not answer.refused and holds(question, answer.answer, *(c.quote for c in answer.citations)):
        return "right"
    own = [one.text for one in answer.passages if one.uri.endswith(question.file)]
    lost = "" if holds(question, *own) else ", not found"
    return ("refused" if answer.refused else "wrong") + lost


def holds(question: Question, *texts: str) -> bool:
    return any(one.casefold() in text.casefold() for one in question.expected for text in texts)


def report(questions: list[Question], outcomes: list[str]) -> None:
    groups: dict[str, list[str]] = defaultdict(list)
    for one, outcome in zip(questions, outcomes, strict=True):
        groups[f"{one.language} {'unanswerable' if one.file is None else 'answerable'}"].append(
            outcome
        )
    for name, found in sorted(groups.items()):
        counts = {outcome: found.count(outcome) for outcome in sorted(set(found))}
        shares = ", ".join(f"{key} {count / len(found):.2f}" for key, count in counts.items())
        print(f"{name:<16} {len(found):>3} questions: {shares}")


if __name__ == "__main__":
    main()
