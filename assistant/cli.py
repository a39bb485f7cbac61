"""The command line: `philo --help`."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import BaseModel

from assistant.errors import PhiloError, StorageFullError
from assistant.settings import ModelSettings, Settings, load_settings

if TYPE_CHECKING:
    from assistant.client import Client
    from assistant.models.catalog import ModelEntry

app = typer.Typer(
    name="philo",
    help="Answers from your documents, every sentence cited to its page.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
documents_app = typer.Typer(
    help="List, show and delete documents.", no_args_is_help=True, rich_markup_mode=None
)
models_app = typer.Typer(
    help="List, fetch and verify models.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(documents_app, name="documents")
app.add_typer(models_app, name="models")

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data directory; else PHILO_DATA."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Collection = Annotated[
    str | None, typer.Option("--collection", metavar="C", help="Only this set of documents.")
]


def main() -> None:
    """Entry point: 0 done, 1 failed with a message that says what to do, 2 wrong usage."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is given back
    for stream in (sys.stdout, sys.stderr):  # a name that the terminal cannot show is no failure
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except PhiloError as exc:
        _fail(exc)
    except OSError as exc:
        if exc.errno != errno.ENOSPC:
            raise
        _fail(StorageFullError("No space is left on the disk; free some and run it again."))
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)


def _fail(exc: PhiloError) -> None:
    if "--json" in sys.argv:
        _print_json({"error": {"type": type(exc).__name__, "message": str(exc)}})
    print(f"philo: {exc}", file=sys.stderr)
    sys.exit(1)


def _print_json(value: BaseModel | dict[str, Any]) -> None:
    tree = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(tree, ensure_ascii=not unicode))


@contextmanager
def _client(settings: Settings) -> Iterator[Client]:
    from assistant.client import open_client

    with closing(open_client(settings)) as client:
        yield client


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"philo {version('philo')}")
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="And exit.")
    ] = False,
) -> None: ...


@app.command()
def up(
    host: Annotated[str, typer.Option(help="Address of this machine to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8501,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Serve the web page and the API on one port."""
    from assistant.serving import serve

    def ready(address: str, has_page: bool) -> None:
        if as_json:
            print(json.dumps({"url": address, "api": f"{address}/api"}), flush=True)
        elif has_page:
            print(f"Philo is at {address} (API: {address}/api/docs). Stop it with Ctrl+C.")
        else:
            print(f"Philo's API is at {address}/api/docs. Stop it with Ctrl+C.")
        sys.stdout.flush()

    serve(load_settings(data), host=host, port=port, ready=ready)


@app.command()
def ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files and folders.")],
    collection: Annotated[
        str, typer.Option("--collection", metavar="C", help="The set they belong to.")
    ] = "default",
    groups: Annotated[
        str | None,
        typer.Option("--groups", metavar="G,...", help="Who may read them; else as before."),
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Bring documents in; folders are kept in step with what is on the disk."""
    from assistant.terminal import print_report, progress_bar

    names = groups and [name.strip() for name in groups.split(",") if name.strip()]
    if names is not None and not names:
        raise typer.BadParameter("give at least one group", param_hint="--groups")
    absolute = [os.path.abspath(os.path.expanduser(path)) for path in paths]  # noqa: PTH100, PTH111
    with _client(load_settings(data)) as client, progress_bar() as show:
        report = client.ingest(absolute, collection=collection, groups=names, listener=show)
    if as_json:
        _print_json(report)
    else:
        print_report(report)
    if report.failed and not (report.added or report.updated or report.unchanged):
        raise typer.Exit(1)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="In French or English.")],
    collection: Collection = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Answer a question from the documents, with citations, or say that they do not answer it."""
    from assistant.terminal import print_answer

    with _client(load_settings(data)) as client:
        events = client.ask(question, collection=collection)
        if as_json:
            *_, answer = events
            assert isinstance(answer, BaseModel)  # noqa: S101 - every question ends with an answer
            _print_json(answer)
        else:
            print_answer(events)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="Words or a question.")],
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages.")] = 10,
    collection: Collection = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show the passages nearest to a question."""
    from assistant.terminal import print_hits

    with _client(load_settings(data)) as client:
        hits = client.search(query, k=k, collection=collection)
    if as_json:
        _print_json({"hits": [hit.model_dump(mode="json") for hit in hits]})
    else:
        print_hits(hits)


@documents_app.command("list")
def list_documents(
    query: Annotated[str, typer.Option(help="Part of title or address.")] = "",
    offset: Annotated[int, typer.Option(min=0)] = 0,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 100,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Newest first."""
    from assistant.terminal import print_documents

    with _client(load_settings(data)) as client:
        listed, total = client.documents(query=query, offset=offset, limit=limit)
    if as_json:
        _print_json({"documents": [one.model_dump(mode="json") for one in listed], "total": total})
    else:
        print_documents(listed, total)


@documents_app.command("show")
def show_document(document_id: str, data: Data = None, as_json: Json = False) -> None:
    """All that is known of one document."""
    with _client(load_settings(data)) as client:
        found = client.document(document_id)
    if as_json:
        _print_json(found)
    else:
        for name, value in found.model_dump(mode="json").items():
            print(f"{name:>14}: {value}")


@documents_app.command("delete")
def delete_document(document_id: str, data: Data = None, as_json: Json = False) -> None:
    """Gone from every search when the command returns."""
    with _client(load_settings(data)) as client:
        client.delete(document_id)
    if as_json:
        _print_json({"deleted": document_id})
    else:
        print(f"deleted {document_id}")


@documents_app.command("reindex")
def reindex_documents(data: Data = None, as_json: Json = False) -> None:
    """Make both indexes anew from the database; nothing is embedded again."""
    from assistant.service import open_assistant
    from assistant.types import OPERATOR

    with open_assistant(load_settings(data)) as assistant:
        assistant.library.rebuild()
        documents, chunks = assistant.library.count(OPERATOR)
    if as_json:
        _print_json({"documents": documents, "chunks": chunks})
    else:
        print(f"{documents} documents, {chunks} chunks indexed")


@models_app.command("list")
def list_models(data: Data = None, as_json: Json = False) -> None:
    """The catalogue, and what is on this machine."""
    from assistant.models.catalog import ENTRIES
    from assistant.models.depot import Depot

    settings = load_settings(data).models
    depot = Depot(settings.directory)
    rows = [
        {
            "id": entry.id,
            "kind": entry.kind,
            "title": entry.title,
            "licence": entry.licence,
            "languages": list(entry.languages),
            "source": f"{entry.source.package} {entry.source.version}",
            "sha256": entry.source.sha256,
            "limit_tokens": entry.limit_tokens,
            "status": depot.status(entry),
            "used": entry.id in {settings.generator, settings.embedder},
        }
        for entry in ENTRIES
    ]
    if as_json:
        _print_json({"directory": str(settings.directory), "models": rows})
        return
    for row in rows:
        mark = "*" if row["used"] else " "
        print(f"{mark} {row['id']:<24}{row['kind']:<11}{row['status']:<9}{row['licence']}")
    print(f"* in use. Kept in {settings.directory}")


@models_app.command("pull")
def pull_models(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Fetch and convert models; without an id, those that the settings name."""
    from assistant.models.depot import Depot

    settings = load_settings(data).models
    depot = Depot(settings.directory)
    pulled = {
        entry.id: str(depot.pull(entry, lambda line: print(line, file=sys.stderr)))
        for entry in _chosen(ids, settings)
    }
    if as_json:
        _print_json({"pulled": pulled})


@models_app.command("verify")
def verify_models(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Hash every file of models; without an id, of those that the settings name."""
    from assistant.models.depot import Depot

    settings = load_settings(data).models
    depot = Depot(settings.directory)
    chosen = _chosen(ids, settings)
    for entry in chosen:
        depot.verify(entry)
        if not as_json:
            print(f"{entry.id}: every file as it was made")
    if as_json:
        _print_json({"verified": [entry.id for entry in chosen]})


def _chosen(ids: list[str] | None, settings: ModelSettings) -> list[ModelEntry]:
    """Catalogue rows of the ids; of the settings' built-in models when there are none."""
    from assistant.models.catalog import ENTRIES, find_model

    if ids:
        return [find_model(model_id) for model_id in ids]
    wanted = {settings.embedder, settings.generator}
    return [entry for entry in ENTRIES if entry.id in wanted]


@app.command()
def doctor(data: Data = None, as_json: Json = False) -> None:
    """Look for what is wrong, and say what to do about it."""
    from assistant.doctor import examine

    checks = examine(load_settings(data))
    if as_json:
        _print_json(
            {"ok": all(check.ok for check in checks), "checks": [asdict(c) for c in checks]}
        )
    else:
        for check in checks:
            print(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.finding}")
            if check.advice:
                print(f"      {check.advice}")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


if __name__ == "__main__":
    main()
