"""`philo sources ...`"""

from __future__ import annotations

from typing import Annotated

import typer

from assistant.commands.options import (
    Data,
    Json,
    command_group,
    group_names,
    open_client,
    print_json,
)
from assistant.settings import load_settings
from assistant.types import SourceInfo

sources_app = command_group("sources", "Places that documents come from, kept in step.")


@sources_app.command("add")
def add_source(
    kind: Annotated[
        str, typer.Argument(help="confluence, folder, git, imap, s3, sharepoint, web or webdav.")
    ],
    name: Annotated[str, typer.Argument(help="How it is called from now on.")],
    option: Annotated[
        list[str] | None, typer.Option("--option", "-o", metavar="K=V", help="One of its options.")
    ] = None,
    every: Annotated[
        str | None, typer.Option(metavar="WHEN", help='30m, 1h, 2d or "daily 02:00".')
    ] = None,
    collection: Annotated[
        str, typer.Option("--collection", metavar="C", help="The set its documents belong to.")
    ] = "default",
    groups: Annotated[
        str | None,
        typer.Option("--groups", metavar="G,...", help="Who reads what it lets all read."),
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Register a source. Secrets are no options: name where one is found, like
    password_env=VARIABLE or token_file=PATH."""
    options = {}
    for pair in option or []:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise typer.BadParameter("give options as name=value", param_hint="--option")
        options[key.strip()] = value
    with open_client(load_settings(data)) as client:
        added = client.sources.add(
            kind,
            name,
            options,
            schedule=every,
            collection=collection,
            groups=group_names(groups),
        )
    if as_json:
        print_json(added)
    else:
        print(f"added {added.name}; bring it in with: philo sources sync {added.name}")


@sources_app.command("list")
def list_sources(data: Data = None, as_json: Json = False) -> None:
    """By name, with what came of each one's last run."""
    with open_client(load_settings(data)) as client:
        found = client.sources.all()
    if as_json:
        print_json({"sources": [one.model_dump(mode="json") for one in found]})
        return
    for one in found:
        print(f"{one.name:<20} {one.kind:<11} {one.state:<9} {_last_run(one)}")
        if one.error:
            print(f"    {one.error}")
    print(f"{len(found)} sources")


@sources_app.command("show")
def show_source(name: str, data: Data = None, as_json: Json = False) -> None:
    """All that is known of one source."""
    with open_client(load_settings(data)) as client:
        found = client.sources.source(name)
    if as_json:
        print_json(found)
    else:
        for key, value in found.model_dump(mode="json").items():
            print(f"{key:>14}: {value}")


@sources_app.command("sync")
def sync_source(name: str, data: Data = None, as_json: Json = False) -> None:
    """Bring it in now; what it no longer holds is removed."""
    from assistant.terminal import print_report, progress_bar

    with open_client(load_settings(data)) as client, progress_bar() as show:
        report = client.sources.sync(name, show)
    if as_json:
        print_json(report)
    else:
        print_report(report)
    if report.failed and not (report.added or report.updated or report.unchanged):
        raise typer.Exit(1)


@sources_app.command("remove")
def remove_source(
    name: str,
    keep_documents: Annotated[
        bool, typer.Option("--keep-documents", help="Only forget where they came from.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Forget a source, and its documents."""
    with open_client(load_settings(data)) as client:
        removed = client.sources.remove(name, keep_documents=keep_documents)
    if as_json:
        print_json({"removed": name, "removed_documents": removed})
    else:
        print(f"removed {name} and {removed} of its documents")


def _last_run(source: SourceInfo) -> str:
    counts = source.counts
    said = f"{counts['listed']} listed, " if "listed" in counts else ""
    said += f"last complete {source.completed_at}" if source.completed_at else "never complete"
    return f"{said}, next {source.next_run_at}" if source.next_run_at else said
