"""`philo collections ...`, and `philo documents share`."""

from __future__ import annotations

from typing import Annotated

import typer

from assistant.commands.documents import documents_app
from assistant.commands.options import Data, Json, command_group, open_client, print_json
from assistant.settings import load_settings
from assistant.types import Access

collections_app = command_group("collections", "Sets of documents, and who may read them.")

Groups = Annotated[
    str | None, typer.Option("--groups", metavar="G,...", help="Everybody in these.")
]
Users = Annotated[str | None, typer.Option("--users", metavar="U,...", help="These people.")]


@collections_app.command("list")
def list_collections(data: Data = None, as_json: Json = False) -> None:
    """By name, with who may read by default what is in them."""
    with open_client(load_settings(data)) as client:
        found = client.sharing.collections()
    if as_json:
        print_json({"collections": [one.model_dump(mode="json") for one in found]})
        return
    for one in found:
        said = "not said: who brings a document in" if one.access is None else _named(one.access)
        print(f"{one.name}: {one.documents} documents, {one.inheriting} go by it; readers: {said}")


@collections_app.command("share")
def share_collection(
    name: str,
    groups: Groups = None,
    users: Users = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Say who may read what is in a collection and not shared otherwise, from the next request
    on; an empty list is nobody."""
    with open_client(load_settings(data)) as client:
        told = client.sharing.share_collection(name, _access(groups, users))
    if as_json:
        print_json(told)
    else:
        print(f"{told.name}: {_named(told.access or Access())}")


@documents_app.command("share")
def share_document(
    document_id: str,
    groups: Groups = None,
    users: Users = None,
    inherit: Annotated[
        bool, typer.Option("--inherit", help="As its source or its collection says.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Say who may read a document, whatever its collection says, from the next request on."""
    if inherit and not (groups is None and users is None):
        raise typer.BadParameter("say either who may read it, or --inherit")
    wanted = None if inherit else _access(groups, users)
    with open_client(load_settings(data)) as client:
        told = client.sharing.share_document(document_id, wanted)
    if as_json:
        print_json(told)
    else:
        print(f"{document_id}: {_named(told)}")


def _access(groups: str | None, users: str | None) -> Access:
    if groups is None and users is None:
        raise typer.BadParameter("say who: --groups G,... or --users U,...")
    return Access(groups=_split(groups or ""), users=_split(users or ""))


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _named(access: Access) -> str:
    people = [*access.groups, *(f"user {name}" for name in access.users)]
    return ", ".join(people) or "nobody but the operator"
