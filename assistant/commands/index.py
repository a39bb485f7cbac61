"""`philo index ...`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistant.commands.options import (
    Data,
    Json,
    absolute_path,
    command_group,
    open_client,
    print_json,
)
from assistant.settings import load_settings
from assistant.types import IndexInfo

index_app = command_group("index", "Move to another embedder or size of chunks, and back.")

IndexId = Annotated[int, typer.Argument(metavar="ID", help="Its number in philo index list.")]


@index_app.command("list")
def list_indexes(data: Data = None, as_json: Json = False) -> None:
    """The index in use, and the second one beside it."""
    with open_client(load_settings(data)) as client:
        found = client.indexes.all()
    if as_json:
        print_json({"indexes": [one.model_dump(mode="json") for one in found]})
        return
    for one in found:
        print(_described(one))


@index_app.command("build")
def build_index(
    embedder: Annotated[
        str | None, typer.Option(metavar="ID|FOLDER", help="Else the one of the settings.")
    ] = None,
    chunk_tokens: Annotated[
        int | None, typer.Option(min=50, max=480, metavar="N", help="Else as in the settings.")
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a second index of all documents while the first one answers. Run it again to go on
    with one that was interrupted."""
    from assistant.terminal import index_bar

    if embedder is not None and Path(embedder).expanduser().is_dir():
        embedder = absolute_path(embedder)
    with open_client(load_settings(data)) as client, index_bar("indexing") as show:
        made = client.indexes.build(embedder, chunk_tokens, show)
    if as_json:
        print_json(made)
    else:
        print(_described(made))
        print(
            f"compare it with: philo index compare QUESTIONS; use it: philo index switch {made.id}"
        )


@index_app.command("compare")
def compare_indexes(
    questions: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|DIR", help="A question a line, or a set with queries.jsonl and qrels.tsv."
        ),
    ],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Ask both indexes the same questions: how far they agree, and which one is right where the
    set says so."""
    from assistant.retrieval.comparison import read_questions
    from assistant.terminal import index_bar, print_comparison

    asked = read_questions(questions)
    with open_client(load_settings(data)) as client, index_bar("asking") as show:
        comparison = client.indexes.compare(asked, show)
    if as_json:
        print_json(comparison)
    else:
        print_comparison(comparison)


@index_app.command("switch")
def switch_index(index_id: IndexId, data: Data = None, as_json: Json = False) -> None:
    """Answer with the second index from now on; the one so far stays beside it."""
    from assistant.terminal import index_bar

    with open_client(load_settings(data)) as client, index_bar("indexing") as show:
        used = client.indexes.switch(index_id, show)
        others = [one.id for one in client.indexes.all() if one.state != "in use"]
    if as_json:
        print_json(used)
    else:
        print(_described(used))
        for other in others:
            print(f"back with: philo index switch {other}; for good: philo index drop {other}")


@index_app.command("drop")
def drop_index(index_id: IndexId, data: Data = None, as_json: Json = False) -> None:
    """Delete the second index."""
    with open_client(load_settings(data)) as client:
        client.indexes.drop(index_id)
    if as_json:
        print_json({"dropped": index_id})
    else:
        print(f"dropped index {index_id}")


def _described(index: IndexInfo) -> str:
    documents = str(index.documents)
    if index.documents < index.documents_total:
        documents += f" of {index.documents_total}"
    return (
        f"{index.id:>3}  {index.state:<8}  {index.embedder}, {index.chunk_tokens} tokens: "
        f"{documents} documents, {index.chunks} chunks, {index.size_bytes / 2**20:.1f} MiB"
    )
