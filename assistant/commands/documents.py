"""`philo documents ...`"""

from __future__ import annotations

from typing import Annotated

import typer

from assistant.commands.options import AsUser, Data, Json, command_group, open_client, print_json
from assistant.settings import load_settings
from assistant.types import DocumentState

documents_app = command_group("documents", "List, show and delete documents.")


@documents_app.command("list")
def list_documents(
    query: Annotated[str, typer.Option(help="Part of title or address.")] = "",
    state: Annotated[
        DocumentState, typer.Option(help="Those that are searched, or those in quarantine.")
    ] = "published",
    offset: Annotated[int, typer.Option(min=0)] = 0,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 100,
    as_user: AsUser = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Newest first."""
    from assistant.terminal import print_documents

    with open_client(load_settings(data), as_user=as_user) as client:
        listed, total = client.documents(query=query, state=state, offset=offset, limit=limit)
    if as_json:
        print_json({"documents": [one.model_dump(mode="json") for one in listed], "total": total})
    else:
        print_documents(listed, total)


@documents_app.command("show")
def show_document(document_id: str, data: Data = None, as_json: Json = False) -> None:
    """All that is known of one document."""
    with open_client(load_settings(data)) as client:
        found = client.document(document_id)
    if as_json:
        print_json(found)
    else:
        for name, value in found.model_dump(mode="json").items():
            print(f"{name:>14}: {value}")


@documents_app.command("delete")
def delete_document(document_id: str, data: Data = None, as_json: Json = False) -> None:
    """Gone from every search when the command returns."""
    with open_client(load_settings(data)) as client:
        client.delete(document_id)
    if as_json:
        print_json({"deleted": document_id})
    else:
        print(f"deleted {document_id}")


@documents_app.command("release")
def release_document(document_id: str, data: Data = None, as_json: Json = False) -> None:
    """Let a document out of quarantine: from now on it is searched."""
    with open_client(load_settings(data)) as client:
        found = client.release(document_id)
    if as_json:
        print_json(found)
    else:
        print(f"released {document_id}: {found.title}")


@documents_app.command("reindex")
def reindex_documents(data: Data = None, as_json: Json = False) -> None:
    """Make both indexes anew from the database; nothing is embedded again."""
    from assistant.service import open_assistant
    from assistant.types import OPERATOR

    with open_assistant(load_settings(data).without_generator()) as assistant:
        assistant.library.rebuild()
        documents, chunks = assistant.library.count(OPERATOR)
    if as_json:
        print_json({"documents": documents, "chunks": chunks})
    else:
        print(f"{documents} documents, {chunks} chunks indexed")
