"""Converting a model in a child process: torch and transformers stay out of this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.errors import ModelFetchError
from assistant.offline import SWITCHES

RECIPES = "assistant.models.recipes"

Listener = Callable[[str], None]


def convert(
    recipe: str,
    source: Path,
    target: Path,
    *,
    model_id: str,
    options: Sequence[str] = (),
    tell: Listener,
    needs: str,
) -> None:
    """Run `python -m recipe SOURCE TARGET options`, which leaves a model's files in `target`.

    Its lines on standard output are progress, its last one on standard error is the reason of
    a failure.

    Args:
        recipe: a module's full name.
        needs: what a conversion takes, for a failure that gives no reason of its own.
    Raises:
        ModelFetchError: it failed; says why.
    """
    command = [sys.executable, "-m", recipe, str(source), str(target), *options]
    with tempfile.TemporaryFile() as log:
        with subprocess.Popen(  # noqa: S603 - the command is made of constants and own paths
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            errors="replace",
            env={**os.environ, **SWITCHES},
        ) as child:
            assert child.stdout is not None  # noqa: S101 - a pipe was asked for
            try:
                for line in child.stdout:
                    tell(f"{model_id}: {line.strip()}")
                child.wait()
            finally:
                child.kill()
        log.seek(0)
        said = log.read().decode("utf-8", "replace").strip()
    if child.returncode == 0:
        return
    reason = said.rpartition("\n")[2]
    if child.returncode == -signal.SIGKILL:
        reason = f"it was killed, most likely because the memory was full; {needs}"
    raise ModelFetchError(
        f"'{model_id}' could not be converted (exit {child.returncode}): "
        f"{reason or f'it said nothing; {needs}'}"
    )
