"""How summaries look on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from assistant.summarizing.rendering import FIELD_NAMES, NOT_STATED, say_origin
from assistant.summarizing.types import Field, Form, Statement, Summary, SummaryProgress
from assistant.terminal import place_of, shorten
from assistant.types import Language


@contextmanager
def show_reading(prefix: str) -> Iterator[Callable[[SummaryProgress], None]]:
    """A bar on standard error while the sections are read; nothing where it is no terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
    )
    console = Console(file=sys.stderr)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(f"{prefix}reading", total=None)

        def tell(progress: SummaryProgress) -> None:
            bar.update(
                task,
                description=f"{prefix}{progress.title}"[:60],
                total=progress.total,
                completed=progress.done,
            )

        yield tell


def print_statement(
    statement: Statement, form: Form, language: Language, last: Field | None
) -> Field | None:
    """One statement as soon as it is known; its field, for the next one."""
    marks = "".join(f" [{marker}]" for marker in statement.citations)
    if statement.field is not None and statement.field is not last:
        print(f"{FIELD_NAMES[language][statement.field]}:")
    print(f"{'- ' if form == 'points' else ''}{statement.text}{marks}", flush=True)
    return statement.field


def print_summary(summary: Summary, *, with_text: bool) -> None:
    """What is left to say: the text where it was not told yet, its sources, its origin."""
    if with_text:
        print(summary.text)
    language: Language = summary.language
    if summary.form == "paper":
        for _, field in summary.missing:
            print(f"{FIELD_NAMES[language][field]}: {NOT_STATED[language]}")
    print()
    for citation in summary.citations:
        print(f"[{citation.marker}] {place_of(citation)}")
        if summary.writer == "model":
            print(f"    “{shorten(citation.quote)}”")
    for line in (*summary.remarks, say_origin(summary)):
        print(f"\n{line}")
