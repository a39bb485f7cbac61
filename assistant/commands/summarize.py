"""`philo summarize ...`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from assistant.commands.options import AsUser, Data, Json, absolute_path, open_client, print_json
from assistant.errors import NothingToSummariseError, PhiloError, QuestionError
from assistant.settings import load_settings
from assistant.types import Language

if TYPE_CHECKING:
    from assistant.client import Client
    from assistant.summarizing.types import Form, Summary

FORMATS = (".md", ".docx", ".pdf")

Named = tuple[str, bool]
"""An id, address, title or path, and whether it is a path."""


def summarize(
    documents: Annotated[
        list[str],
        typer.Argument(
            metavar="DOCUMENT|PATH...",
            help="Ids, titles or addresses; or files and folders, read without being brought in.",
        ),
    ],
    form: Annotated[
        Literal["abstract", "points", "paper", "compare"],
        typer.Option(help="Running text, key points, fields of a paper, several side by side."),
    ] = "points",
    language: Annotated[
        Language | None, typer.Option(help="Of labels, and of the text where a model writes.")
    ] = None,
    sections: Annotated[
        list[str] | None,
        typer.Option("--sections", metavar="HEADING", help="Only these, by a part of the heading."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help=f"{', '.join(FORMATS)}")
    ] = None,
    as_user: AsUser = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Summarise documents, every statement cited to its page."""
    if output is not None and output.suffix.lower() not in FORMATS:
        raise typer.BadParameter(f"end with {', '.join(FORMATS)}", param_hint="--output")
    named = [one for name in documents for one in _resolve(name)]
    if form == "compare" and len(named) < 2:
        raise QuestionError("compare takes several documents; name at least two")
    groups = [named] if form == "compare" else [[one] for one in named]
    made: list[Summary] = []
    failed: list[dict[str, str]] = []
    with open_client(load_settings(data), writes=True, as_user=as_user) as client:
        for number, group in enumerate(groups, start=1):
            count = f"[{number}/{len(groups)}] " if len(groups) > 1 else ""
            try:
                summary = _summarise(
                    client, group, form, language, sections or [], count, show=not as_json
                )
            except PhiloError as exc:
                if len(groups) == 1:
                    raise
                failed.append({"document": group[0][0], "reason": str(exc)})
                print(f"{count}not summarised: {group[0][0]}: {exc}", file=sys.stderr)
            else:
                made.append(summary)
    if not made:
        raise NothingToSummariseError("none of the documents could be summarised")
    if output is not None:
        _write(output, made, as_json)
    if as_json:
        print_json(_json(made, failed, several=len(groups) > 1))


def _resolve(name: str) -> list[Named]:
    """A folder is all its files of a known format, in order."""
    path = Path(name).expanduser()
    try:
        if path.is_dir():
            files = sorted(one for one in path.rglob("*") if one.is_file() and one.name[0] != ".")
            if not files:
                raise QuestionError(f"{name} holds no file")
            return [(absolute_path(str(one)), True) for one in files]
        if path.is_file():
            return [(absolute_path(name), True)]
    except OSError:  # too long for a path: a title
        pass
    return [(name, False)]


def _summarise(
    client: Client,
    group: list[Named],
    form: Form,
    language: Language | None,
    sections: list[str],
    count: str,
    *,
    show: bool,
) -> Summary:
    from assistant.summarizing.types import StatementWritten, Summary
    from assistant.summary_terminal import print_statement, print_summary, show_reading

    events = client.summarise(
        [name for name, is_path in group if not is_path],
        files=[name for name, is_path in group if is_path],
        form=form,
        language=language,
        sections=sections,
    )
    whole: Summary | None = None
    live = show and form != "compare"
    last, spoken = None, language or "en"
    with show_reading(count) as tell:
        for event in events:
            if isinstance(event, Summary):
                whole = event
            elif not isinstance(event, StatementWritten):
                spoken = event.language
                tell(event)
            elif live:
                last = print_statement(event.statement, form, spoken, last)
    assert whole is not None  # noqa: S101 - every summary ends with the whole
    if show:
        print_summary(whole, with_text=not live)
    return whole


def _write(output: Path, made: list[Summary], as_json: bool) -> None:
    from assistant.summarizing.exporting import export

    kind: Any = output.suffix.lower().removeprefix(".")
    try:
        output.write_bytes(export(made, kind))
    except OSError as exc:
        raise PhiloError(f"{output} cannot be written ({exc.strerror or exc})") from exc
    if not as_json:
        print(f"written to {output}")


def _json(made: list[Summary], failed: list[dict[str, str]], *, several: bool) -> dict[str, Any]:
    if not several:
        return made[0].model_dump(mode="json")
    return {"summaries": [one.model_dump(mode="json") for one in made], "failed": failed}
