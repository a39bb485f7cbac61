"""Processes that are killed in the middle of their work, at a step that a test names.

One process forks for all steps, so that the libraries are imported only once.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path


def die_at(step: str) -> Callable[[str], None]:
    """A failpoint that kills its process there."""

    def failpoint(reached: str) -> None:
        if reached == step:
            die()

    return failpoint


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def run_in_child(work: Callable[[], None]) -> int:
    """The exit status of `work`, negative where a signal ended it."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def require_killed(work: Callable[[], None], step: str) -> None:
    status = run_in_child(work)
    if status != -signal.SIGKILL:
        sys.exit(f"not killed at {step!r}: status {status}")


def kill_at_each(
    root: Path, steps: Sequence[str], *, fill: Callable[[Path], None], work: Callable[..., None]
) -> None:
    """Leaves one directory ROOT/STEP for each, made by `fill` and worked on until the step.

    Args:
        work: given the directory and the step.
    """
    seed = root / "seed"
    if run_in_child(lambda: fill(seed)) != 0:
        sys.exit("what is to be worked on could not be filled")
    for step in steps:
        directory = root / step
        shutil.copytree(seed, directory)
        require_killed(lambda d=directory, s=step: work(d, s), step)
