"""The command line: `philo --help`."""

from __future__ import annotations

import errno
import io
import logging
import signal
import sys
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from typing import Annotated

import typer
from pydantic import BaseModel

from assistant.audit.origin import COMMAND_LINE, current_origin
from assistant.commands.audit import audit_app
from assistant.commands.backup import backup, restore
from assistant.commands.bench import bench_app
from assistant.commands.collections import collections_app
from assistant.commands.documents import documents_app
from assistant.commands.erase import erase
from assistant.commands.eval import eval_app
from assistant.commands.eval_summaries import eval_summaries
from assistant.commands.index import index_app
from assistant.commands.jobs import jobs_app
from assistant.commands.migrate import migrate
from assistant.commands.models import models_app
from assistant.commands.options import (
    After,
    AsUser,
    Author,
    Before,
    Collections,
    Data,
    Documents,
    From,
    Json,
    Spoken,
    Types,
    absolute_path,
    group_names,
    open_client,
    print_json,
    read_scope,
)
from assistant.commands.people import groups_app, tokens_app, users_app
from assistant.commands.processes import ui, worker
from assistant.commands.safety import safety_app
from assistant.commands.serve import serve, tell_serving
from assistant.commands.sources import sources_app
from assistant.commands.summarize import summarize
from assistant.errors import PhiloError, ServiceError, StorageFullError
from assistant.safety.personal.logs import mask_logs
from assistant.settings import Settings, load_settings

app = typer.Typer(
    name="philo",
    help="Answers from your documents, every sentence cited to its page.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(bench_app)
app.add_typer(collections_app)
app.add_typer(documents_app)
app.add_typer(eval_app)
app.add_typer(index_app)
app.add_typer(jobs_app)
app.add_typer(models_app)
app.add_typer(sources_app)
app.add_typer(users_app)
app.add_typer(groups_app)
app.add_typer(tokens_app)
app.add_typer(audit_app)
app.add_typer(safety_app)
eval_app.command("summaries")(eval_summaries)
app.command()(backup)
app.command()(erase)
app.command()(migrate)
app.command()(restore)
app.command()(serve)
app.command()(summarize)
app.command()(ui)
app.command()(worker)


def main() -> None:
    """Entry point: 0 done, 1 failed with a message that says what to do, 2 wrong usage."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is given back
    for stream in (sys.stdout, sys.stderr):  # a name that the terminal cannot show is no failure
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    current_origin.set(COMMAND_LINE)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    mask_logs()
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
        print_json({"error": {"type": type(exc).__name__, "message": str(exc)}})
    print(f"philo: {exc}", file=sys.stderr)
    sys.exit(1)


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
    from assistant.serving import serve as serve_all

    serve_all(
        load_settings(data), host=host, port=port, ready=partial(tell_serving, as_json=as_json)
    )


@app.command()
def ingest(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH|URL...", help="Files, folders, pages of the web.")
    ],
    collection: Annotated[
        str, typer.Option("--collection", metavar="C", help="The set they belong to.")
    ] = "default",
    groups: Annotated[
        str | None,
        typer.Option("--groups", metavar="G,...", help="Who may read them; else as before."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="auto|ADDRESS", help="Ray cluster that parses and embeds."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep running, and bring in each change of folders.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Bring documents in; folders are kept in step with what is on the disk."""
    from assistant.terminal import print_change, print_failures, print_report, progress_bar

    names = group_names(groups)
    absolute = [absolute_path(path) for path in paths]
    settings = load_settings(data)
    if cluster is not None:
        settings = _on_cluster(settings, cluster)
    if watch:
        with open_client(settings) as client:
            client.watch(
                absolute,
                collection=collection,
                groups=names,
                listener=(lambda _: None) if as_json else print_change,
                on_report=print_json if as_json else print_failures,
            )
        return
    with open_client(settings) as client, progress_bar() as show:
        report = client.ingest(absolute, collection=collection, groups=names, listener=show)
    if as_json:
        print_json(report)
    else:
        print_report(report)
    if report.failed and not (report.added or report.updated or report.unchanged):
        raise typer.Exit(1)


def _on_cluster(settings: Settings, address: str) -> Settings:
    from assistant.data_directory import find_service

    if find_service(settings.data) is not None:
        raise ServiceError(
            "a running service owns the data directory and brings documents in itself; stop it, or "
            f'set cluster = "{address}" in [ingest] of philo.toml and start it again'
        )
    ingest = settings.ingest.model_copy(update={"cluster": address})
    return settings.model_copy(update={"ingest": ingest})


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="In French or English.")],
    collection: Collections = None,
    document: Documents = None,
    type_: Types = None,
    language: Spoken = None,
    author: Author = "",
    after: After = None,
    before: Before = None,
    source: From = "",
    as_user: AsUser = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Answer a question from the documents, with citations, or say that they do not answer it."""
    from assistant.terminal import print_answer

    scope = read_scope(
        collections=collection,
        documents=document,
        types=type_,
        language=language,
        author=author,
        after=after,
        before=before,
        source=source,
    )
    with open_client(load_settings(data), writes=True, as_user=as_user) as client:
        events = client.ask(question, scope=scope)
        if as_json:
            *_, answer = events
            assert isinstance(answer, BaseModel)  # noqa: S101 - every question ends with an answer
            print_json(answer)
        else:
            print_answer(events)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="Words or a question.")],
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages.")] = 10,
    collection: Collections = None,
    document: Documents = None,
    type_: Types = None,
    language: Spoken = None,
    author: Author = "",
    after: After = None,
    before: Before = None,
    source: From = "",
    as_user: AsUser = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show the passages nearest to a question."""
    from assistant.terminal import print_hits

    scope = read_scope(
        collections=collection,
        documents=document,
        types=type_,
        language=language,
        author=author,
        after=after,
        before=before,
        source=source,
    )
    with open_client(load_settings(data), as_user=as_user) as client:
        hits = client.search(query, k=k, scope=scope)
    if as_json:
        print_json({"hits": [hit.model_dump(mode="json") for hit in hits]})
    else:
        print_hits(hits)


@app.command()
def doctor(data: Data = None, as_json: Json = False) -> None:
    """Look for what is wrong, and say what to do about it."""
    from assistant.doctor import examine

    checks = examine(load_settings(data))
    if as_json:
        print_json({"ok": all(check.ok for check in checks), "checks": [asdict(c) for c in checks]})
    else:
        for check in checks:
            print(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.finding}")
            if check.advice:
                print(f"      {check.advice}")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


if __name__ == "__main__":
    main()
