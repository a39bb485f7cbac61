"""`philo eval ...`"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from assistant.commands.options import Data, Json, open_client, print_json
from assistant.settings import load_settings, load_variant

if TYPE_CHECKING:
    from assistant.evaluation.evaluate import Watcher


class _RunByDefault(TyperGroup):
    """`philo eval DIR` is `philo eval run DIR`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] != "--help" and args[0] not in self.commands:
            args = ["run", *args]
        return super().parse_args(ctx, args)


eval_app = typer.Typer(
    name="eval",
    cls=_RunByDefault,
    help="Measure finding and answering on a question set: philo eval DIR. "
    "Your own documents are not touched.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@eval_app.command("run")
def run(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="With corpus.jsonl, queries.jsonl, qrels.tsv, answers.jsonl."
        ),
    ],
    answers: Annotated[
        bool, typer.Option("--answers", help="Ask for answers too, not only search.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE.md", help="Write a report with plots."),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            "--compare",
            metavar="SETTINGS.toml",
            help="Ask again with these settings changed, and compare.",
        ),
    ] = None,
    k: Annotated[
        list[int] | None,
        typer.Option("--k", metavar="K", min=1, max=100, help="Another depth; may be repeated."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", min=1, help="Only so many questions."),
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Measure a question set (the word run may be left out)."""
    from assistant.evaluation import comparison
    from assistant.evaluation.evaluate import evaluate, to_json
    from assistant.evaluation.history import keep_run
    from assistant.evaluation.question_set import load_question_set
    from assistant.terminal import print_evaluation

    settings = load_settings(data)
    other = None if compare is None else load_variant(settings, compare)
    questions = load_question_set(folder)
    if limit is not None:
        questions = questions.sample(limit)
    options: dict[str, Any] = {"answers": answers, "cuts": k or [], "watcher": _watcher()}
    found = evaluate(settings, questions, **options)
    told = to_json(found)
    keep_run(settings, told, now=datetime.now(UTC))
    compared = None
    if other is not None:
        changes = comparison.changed_settings(settings, other)
        second = evaluate(other, questions, **options)
        keep_run(other, to_json(second), now=datetime.now(UTC))
        compared = comparison.compare_evaluations(found, second, changes=changes)
        told["comparison"] = comparison.to_json(compared)
    if report is not None:
        from assistant.evaluation.report import write_report

        told["report"] = [str(path) for path in write_report(report, found, compared)]
    if as_json:
        print_json(told)
    else:
        print_evaluation(told)


@eval_app.command("history")
def history(data: Data = None, as_json: Json = False) -> None:
    """The figures of earlier runs, newest first."""
    from assistant.evaluation.history import list_runs

    runs = list_runs(load_settings(data).data)
    if as_json:
        print_json({"runs": [one.model_dump() for one in runs]})
        return
    for one in runs:
        shown = ("ndcg@10", "answers.f1", "answers.refusal_precision", "answers.refusal_recall")
        figures = (f"{name} {one.figures[name]:.3f}" for name in shown if one.figures.get(name))
        print(f"{one.at}  {one.dataset} ({one.queries} questions)  {', '.join(figures)}")
        for name, value in one.settings.items():
            print(f"    {name} = {value}")
    if not runs:
        print("nothing was measured yet; run: philo eval DIR")


@eval_app.command("collect")
def collect_set(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the set is written.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a question set of rated answers and all documents. The folder holds their text."""
    from assistant.evaluation.collect import collect

    with open_client(load_settings(data)) as client:
        collected = collect(client, folder)
    if as_json:
        print_json(collected)
    else:
        print(
            f"{collected.questions} questions ({collected.answerable} answerable, "
            f"{collected.unanswerable} not) over {collected.documents} documents in "
            f"{collected.folder}; {collected.left_out} rated questions left out: no right answer "
            f"is known\nmeasure it with: philo eval {collected.folder} --answers"
        )


@eval_app.command("clean")
def clean(data: Data = None, as_json: Json = False) -> None:
    """Delete the indexed collections that earlier runs have kept."""
    from assistant.evaluation.collection import remove_unused

    removed = remove_unused(load_settings(data), most_bytes=-1)
    freed = sum(one.size_bytes for one in removed)
    if as_json:
        print_json({"removed": [str(one.path) for one in removed], "bytes": freed})
    else:
        print(f"{len(removed)} collections removed, {freed / 2**20:.0f} MiB freed")


def _watcher() -> Watcher:
    from assistant.evaluation.evaluate import Watcher
    from assistant.evaluation.runs import Tick
    from assistant.terminal import count_bar, progress_bar
    from assistant.types import ProgressListener

    class OnTerminal(Watcher):
        @contextmanager
        def indexing(self) -> Iterator[ProgressListener]:
            with progress_bar() as show:
                yield show

        @contextmanager
        def counting(self, what: str, total: int) -> Iterator[Tick]:
            with count_bar(what, total) as tick:
                yield tick

    return OnTerminal()
