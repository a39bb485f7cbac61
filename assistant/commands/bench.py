"""`philo bench ...`"""

from __future__ import annotations

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
