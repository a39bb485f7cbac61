"""`philo eval summaries DIR`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from assistant.commands.options import Data, Json, print_json
from assistant.settings import load_settings


def eval_summaries(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Papers with abstracts, or a BEIR folder.")
    ],
    limit: Annotated[int | None, typer.Option(min=1, help="So many, evenly spread.")] = None,
    with_model: Annotated[
        bool, typer.Option("--with-model", help="The generator alone, too; slow.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Summaries beside lead sentences, TextRank and LexRank, against reference summaries."""
    from assistant.evaluation.summaries import METRICS, measure_summaries
    from assistant.service import open_assistant

    settings = load_settings(data)
    with open_assistant(settings if with_model else settings.without_generator()) as assistant:
        report = measure_summaries(
            assistant,
            directory,
            limit=limit,
            with_model=with_model,
            told=lambda name: print(name, file=sys.stderr),
        )
    if as_json:
        print_json(report)
        return
    print(f"{report['dataset']}: {report['cases']} documents")
    print(f"{'':>12}  " + "  ".join(f"{metric:>10}" for metric in METRICS))
    for name, figures in report["systems"].items():
        print(f"{name:>12}  " + "  ".join(f"{figures[metric]:>10.3f}" for metric in METRICS))
    for name, gaps in report["differences"].items():
        shown = "  ".join(
            f"{gaps[one]['mean']:+.3f} [{gaps[one]['low']:+.3f}, {gaps[one]['high']:+.3f}]"
            for one in METRICS
        )
        print(f"  over {name}: {shown}")
    for name in (
        "supported",
        "page_precision",
        "section_coverage",
        "seconds",
        "first_statement_s",
    ):
        print(f"{name:>18}: {report[name]}")
