"""`philo safety check`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.commands.options import Data, Json, print_json
from assistant.errors import SourceNotFoundError
from assistant.settings import Settings, load_settings

if TYPE_CHECKING:
    from assistant.safety.check import SafetyCheck


def check(
    file: Annotated[Path, typer.Argument(help="A document; - reads text from standard input.")],
    collection: Annotated[
        str, typer.Option("--collection", metavar="C", help="Under the rules of this one.")
    ] = "default",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Tell what personal data and secrets a text holds, and what would be done with each."""
    from assistant.safety.check import check_text
    from assistant.safety.policy import Policy

    settings = load_settings(data)
    text = _read(file, settings)
    found = check_text(text, Policy(settings.safety), collection=collection)
    if as_json:
        print_json(found)
    else:
        _print(found)


def _read(file: Path, settings: Settings) -> str:
    if str(file) == "-":
        return sys.stdin.read()
    if not file.is_file():
        raise SourceNotFoundError(f"{file} is no file; give the path of a file that exists")
    content = file.read_bytes()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text and not text.startswith("%PDF"):
        return text
    from assistant.service import open_assistant  # opens models: only for what has to be parsed

    with open_assistant(settings.without_generator()) as philo:
        return philo.ingestor.read_file(str(file)).text


def _print(found: SafetyCheck) -> None:
    for one in found.findings:
        checksum = ", checksum right" if one.checksum else ""
        print(f"line {one.line}, characters {one.start}-{one.end}: {one.kind} {one.text!r}")
        print(f"    found by: {one.rule}{checksum}")
        for place, decision in one.decisions.items():
            print(f"    {place}: {decision.action}   {decision.rule}")
    if not found.findings:
        print(f"nothing found in {found.characters} characters")
        return
    print(
        "all in all: " + ", ".join(f"{place} {action}" for place, action in found.outcome.items())
    )
