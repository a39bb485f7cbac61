"""`philo safety ...`"""

from __future__ import annotations

from typing import Annotated

import typer

from assistant.commands.options import Data, Json, command_group, open_client, print_json
from assistant.safety.disclosure import GenerationState
from assistant.settings import load_settings

safety_app = command_group("safety", "What guards, what is found, and the switch for all writing.")


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


def _tell(state: GenerationState, as_json: bool) -> None:
    if as_json:
        print_json(state)
    elif state.state == "stopped":
        print(f"Answers and summaries are stopped since {state.since}: {state.reason}")
        print("Searching goes on. Let them be written again with: philo safety resume")
    else:
        print("Answers and summaries are written again.")
