"""`philo bench ...`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from assistant.commands.options import Data, Json, absolute_path, command_group, print_json
from assistant.settings import load_settings

bench_app = command_group("bench", "Measure the speed of this machine; your data is not touched.")


@bench_app.command("ingest")
def bench_ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files and folders.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Ingest files into a scratch directory, twice."""
    from assistant.evaluation.ingestion_speed import measure_ingestion
    from assistant.terminal import progress_bar

    absolute = [absolute_path(path) for path in paths]
    with progress_bar() as show:
        speed = measure_ingestion(load_settings(data), absolute, listener=show)
    if as_json:
        print_json(speed)
        return
    for name, value in speed.model_dump().items():
        print(f"{name:>14}: {value}")


@bench_app.command("generate")
def bench_generate(
    rounds: Annotated[int, typer.Option(min=1, max=20, help="Medians of so many.")] = 3,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Let the generator of the settings write: alone, for 4 and 8 at once, and once more over a
    context that it has read before."""
    from assistant.evaluation.generation_speed import measure_generator

    speed = measure_generator(load_settings(data), rounds=rounds)
    if as_json:
        print_json(speed)
        return
    for name, value in speed.items():
        print(f"{name:>22}: {value}")


@bench_app.command("search")
def bench_search(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Files to enlarge; else your documents."),
    ] = None,
    chunks: Annotated[
        list[int] | None,
        typer.Option(min=100, max=5_000_000, help="Size of a library; may be repeated."),
    ] = None,
    groups: Annotated[int, typer.Option(min=2, max=100_000, help="So many in all.")] = 500,
    questions: Annotated[int, typer.Option(min=10, max=10_000, help="Asked each reader.")] = 100,
    keep: Annotated[
        Path | None,
        typer.Option(help="Where the libraries stay, for the next time; else they are deleted."),
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Enlarge documents to 10,000 and 100,000 chunks and search in them as different readers."""
    from assistant.evaluation.search_speed import measure_search

    speed = measure_search(
        load_settings(data),
        [absolute_path(path) for path in paths or ()],
        sizes=chunks or (10_000, 100_000),
        groups=groups,
        questions=questions,
        keep=keep,
        announce=lambda message: print(message, file=sys.stderr, flush=True),
    )
    if as_json:
        print_json(speed)
        return
    for size in speed.sizes:
        print(
            f"{size.chunks:,} chunks: opened in {size.open_s} s, ready {size.load_s} s later, "
            f"{size.memory_mib} MiB"
        )
        for one in size.readers:
            print(
                f"  {one.reader:>10} ({one.share:.1%}): p50 {one.search.p50_ms}, "
                f"p95 {one.search.p95_ms} ms; with embedding {one.with_embedding.p50_ms}, "
                f"{one.with_embedding.p95_ms} ms; recall@10 {one.recall_at_10}"
            )
        print(
            f"  {size.threads} at once: {size.all_threads_per_s} searches/s, "
            f"one alone {size.one_thread_per_s}; beside an ingest p95 "
            f"{size.while_ingesting.p95_ms} ms"
        )
