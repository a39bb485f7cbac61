"""What all commands share: their options, their JSON, the way to the assistant."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from pydantic import BaseModel, ValidationError

from assistant.scope import DocumentType, Scope
from assistant.settings import Settings
from assistant.types import Language

if TYPE_CHECKING:
    from assistant.client import Client

DAYS = ["%Y-%m-%d"]
DAY = "YYYY-MM-DD"
KINDS = ", ".join(DocumentType)

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data directory; else PHILO_DATA."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Collections = Annotated[
    list[str] | None,
    typer.Option("--collection", metavar="C", help="Only this set of documents; may be repeated."),
]
Documents = Annotated[
    list[str] | None,
    typer.Option("--document", metavar="ID", help="Only this document; may be repeated."),
]
Types = Annotated[
    list[DocumentType] | None,
    typer.Option("--type", metavar="KIND", help=f"Only this kind, may be repeated: {KINDS}."),
]
Spoken = Annotated[
    Literal["fr", "en"] | None, typer.Option("--language", help="Only documents in it.")
]
Author = Annotated[
    str, typer.Option("--author", metavar="NAME", help="Only by whom has this in their name.")
]
After = Annotated[
    datetime | None,
    typer.Option("--after", formats=DAYS, metavar=DAY, help="Only documents of this day or later."),
]
Before = Annotated[
    datetime | None,
    typer.Option(
        "--before", formats=DAYS, metavar=DAY, help="Only documents of this day or earlier."
    ),
]
From = Annotated[
    str,
    typer.Option("--source", metavar="ADDRESS", help="Only documents whose address begins so."),
]


AsUser = Annotated[
    str,
    typer.Option("--as", metavar="USER", help="As somebody: only what they may read counts."),
]


def command_group(name: str, purpose: str) -> typer.Typer:
    """A group of commands: `philo NAME ...`."""
    return typer.Typer(name=name, help=purpose, no_args_is_help=True, rich_markup_mode=None)


def read_scope(
    *,
    collections: list[str] | None,
    documents: list[str] | None,
    types: list[DocumentType] | None,
    language: Language | None,
    author: str,
    after: datetime | None,
    before: datetime | None,
    source: str,
) -> Scope:
    """Of the options that narrow a search."""
    try:
        return Scope(
            collections=tuple(collections or ()),
            documents=tuple(documents or ()),
            types=tuple(types or ()),
            languages=(language,) if language else (),
            author=author,
            after=after.date() if after else None,
            before=before.date() if before else None,
            source=source_address(source) if source else "",
        )
    except ValidationError as exc:
        problem = exc.errors()[0]
        place = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        raise typer.BadParameter(f"{place}: {message}" if place else message) from exc


def source_address(stated: str) -> str:
    """A path of this machine as the beginning of an address; an address as it is."""
    return stated if "://" in stated else Path(absolute_path(stated)).as_uri()


def group_names(stated: str | None) -> list[str] | None:
    """Of --groups; None: not stated."""
    if stated is None:
        return None
    names = [name.strip() for name in stated.split(",") if name.strip()]
    if not names:
        raise typer.BadParameter("give at least one group", param_hint="--groups")
    return names


def absolute_path(path: str) -> str:
    """For a service with another working directory. Links stay, and so do addresses of the web."""
    if path.lower().startswith(("http://", "https://")):
        return path
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 - links stay


def print_json(value: BaseModel | dict[str, Any]) -> None:
    tree = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(tree, ensure_ascii=not unicode), flush=True)


@contextmanager
def open_client(settings: Settings, *, writes: bool = False, as_user: str = "") -> Iterator[Client]:
    """The running service's client, or the data directory itself; the generator only where the
    command `writes`."""
    from assistant import client

    with closing(client.open_client(settings, writes=writes, as_user=as_user)) as opened:
        yield opened
