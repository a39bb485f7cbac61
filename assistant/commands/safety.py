"""`philo safety ...`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from assistant.commands.options import Data, Json, command_group, open_client, print_json
from assistant.commands.safety_check import check
from assistant.errors import ServiceError
from assistant.safety.disclosure import GenerationState
from assistant.settings import load_settings

safety_app = command_group("safety", "What guards, what is found, and the switch for all writing.")
safety_app.command("check")(check)


@safety_app.command("stop")
def stop(
    reason: Annotated[str, typer.Option(help="Shown to whoever asks, and kept in the audit log.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """End all answers and summaries at once and refuse more; searching goes on."""
    with open_client(load_settings(data)) as client:
        state = client.stop_generation(reason)
    _tell(state, as_json)


@safety_app.command("resume")
def resume(data: Data = None, as_json: Json = False) -> None:
    """Let answers and summaries be written again."""
    with open_client(load_settings(data)) as client:
        state = client.resume_generation()
    _tell(state, as_json)


@safety_app.command("report")
def report(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the page, its plots and its JSON.")
    ] = Path("safety-report"),
    quick: Annotated[bool, typer.Option("--quick", help="On a small part, in minutes.")] = False,
    crows_pairs: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Of CrowS-Pairs, English or French; may be repeated."),
    ] = None,
    xstest: Annotated[Path | None, typer.Option(metavar="FILE", help="Of XSTest.")] = None,
    questions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="JSON lines with question and language; else headings."),
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Measure the model in use: stereotypes, swapped identities, refusals, leakage."""
    from assistant.data_directory import find_service
    from assistant.safety.report import Sources, measure, write
    from assistant.safety.report_page import to_json
    from assistant.service import open_assistant

    settings = load_settings(data)
    if find_service(settings.data) is not None:
        raise ServiceError(
            "the report needs the model for itself; stop the running service and run it again"
        )
    sources = Sources(tuple(crows_pairs or ()), xstest, questions)
    with open_assistant(settings) as assistant:
        measured = measure(
            assistant,
            sources=sources,
            quick=quick,
            tell=lambda step: print(f"{step} ...", file=sys.stderr, flush=True),
        )
    written = write(measured, out)
    if as_json:
        print_json({**to_json(measured), "files": [str(path) for path in written]})
        return
    for one in measured.figures:
        bounds = one.interval()
        print(
            f"{one.name:<40} {one.share:.2f} ({bounds.low:.2f} to {bounds.high:.2f}; "
            f"{len(one.outcomes)} texts; wanted {one.wanted:g})"
        )
    print(f"The page is {out / 'report.html'}")


def _tell(state: GenerationState, as_json: bool) -> None:
    if as_json:
        print_json(state)
    elif state.state == "stopped":
        print(f"Answers and summaries are stopped since {state.since}: {state.reason}")
        print("Searching goes on. Let them be written again with: philo safety resume")
    else:
        print("Answers and summaries are written again.")
