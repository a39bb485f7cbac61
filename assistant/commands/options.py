"""What all commands share: their options, their JSON, the way to the assistant."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import BaseModel

from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.client import Client

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data directory; else PHILO_DATA."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Collection = Annotated[
    str | None, typer.Option("--collection", metavar="C", help="Only this set of documents.")
]


def command_group(name: str, purpose: str) -> typer.Typer:
    """A group of commands: `philo NAME ...`."""
    return typer.Typer(name=name, help=purpose, no_args_is_help=True, rich_markup_mode=None)


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
def open_client(settings: Settings, *, writes: bool = False) -> Iterator[Client]:
    """The running service's client, or the data directory itself; the generator only where the
    command `writes`."""
    from assistant import client

    with closing(client.open_client(settings, writes=writes)) as opened:
        yield opened
