"""`philo models ...`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.options import Data, Json, command_group, print_json
from assistant.models.settings import NO_GENERATOR, NO_READER, ModelSettings
from assistant.settings import load_settings

if TYPE_CHECKING:
    from assistant.models.catalog import ModelEntry
    from assistant.models.depot import Depot

models_app = command_group("models", "List, fetch, import, verify and pass on models.")

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID...]")]
Replace = Annotated[
    bool, typer.Option("--replace", help="Take the place of another import of that id.")
]


@models_app.command("list")
def list_models(data: Data = None, as_json: Json = False) -> None:
    """The catalogue, and what is on this machine."""
    from assistant.models.generators import name_generator
    from assistant.models.overview import list_models as list_all

    settings, depot = _open(data)
    answers = name_generator(settings)
    rows = [one.model_dump() for one in list_all(settings, depot)]
    if as_json:
        print_json({"directory": str(settings.directory), "answers": answers, "models": rows})
        return
    print(
        f"  {'id':<30}{'kind':<11}{'status':<9}{'size':>9} {'context':>8}  "
        f"{'runs on':<9}{'prompt':<10}licence"
    )
    for row in rows:
        size = f"{row['size_bytes'] / 1e9:.2f} GB" if row["size_bytes"] else "-"
        print(
            f"{'*' if row['used'] else ' '} {row['id']:<30}{row['kind']:<11}{row['status']:<9}"
            f"{size:>9} {row['limit_tokens']:>8}  {row['runs_on']:<9}"
            f"{row['prompt_format'] or '-':<10}{row['licence']}"
        )
    print(f"* in use. Kept in {settings.directory}. More of one: philo models show ID")
    print(f"Answers are written by: {answers}")


@models_app.command("show")
def show_model(model_id: str, data: Data = None, as_json: Json = False) -> None:
    """All that is known of one model, with the SHA-256 of each file once it is here."""
    from assistant.models.catalog import find_model
    from assistant.models.overview import describe_model

    settings, depot = _open(data)
    entry = find_model(model_id, depot)
    row = describe_model(entry, depot, settings).model_dump()
    if row["status"] in {"ready", "damaged"}:
        row["folder"] = str(depot.path(entry))
    if row["status"] == "ready":
        manifest = depot.manifest(entry)
        row |= {"fingerprint": manifest.fingerprint, "origin": dict(manifest.origin)}
    if as_json:
        print_json(row)
        return
    files = row.pop("files")
    for name, value in row.items():
        if value not in ("", None, []):
            print(f"{name:>14}: {', '.join(value) if isinstance(value, list) else value}")
    for name, sha256 in files.items():
        print(f"{'file':>14}: {name}  {sha256 or '(recorded at the first pull)'}")


@models_app.command("card")
def show_card(model_id: str, data: Data = None) -> None:
    """A model card in Markdown: source, licence, hashes, use and limits."""
    from assistant.models.catalog import find_model
    from assistant.safety.report_card import write_card

    _, depot = _open(data)
    print(write_card(find_model(model_id, depot), depot), end="")


@models_app.command("pull")
def pull_models(ids: Ids = None, data: Data = None, as_json: Json = False) -> None:
    """Fetch and convert models; without an id, those that the settings name."""
    from assistant.models.hub import hub_access
    from assistant.terminal import byte_bar

    settings, depot = _open(data)
    hub = hub_access(settings)
    pulled = {}
    for entry in _chosen(ids, settings, depot):
        with byte_bar(entry.id) as (tell, meter):
            pulled[entry.id] = str(depot.pull(entry, tell, hub=hub, meter=meter))
    if as_json:
        print_json({"pulled": pulled})


@models_app.command("import")
def import_models(
    path: Annotated[Path, typer.Argument(help="A checkpoint's folder, a .gguf or a .philo file.")],
    model_id: Annotated[
        str | None, typer.Option("--id", metavar="NAME", help="What it will be called.")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="int4, int8, fp16 or fp32; else int4.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu or cuda; else cpu.")] = None,
    context: Annotated[
        int | None, typer.Option(metavar="N", min=2, help="Tokens; else the checkpoint's own.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Shown to people.")] = None,
    licence: Annotated[str | None, typer.Option(help="Under which it may be used.")] = None,
    replaces: Replace = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Convert a checkpoint that is on this machine, or unpack a bundle."""
    if path.suffix == ".philo":
        if model_id or precision or device or context or title or licence:
            raise typer.BadParameter("a bundle says all that itself: give only its file")
        unbundle_models(path, replaces=replaces, data=data, as_json=as_json)
        return
    if model_id is None:
        raise typer.BadParameter("say what it will be called", param_hint="--id")
    from assistant.models.importing import import_model

    _, depot = _open(data)
    entry = import_model(
        depot,
        path.expanduser().absolute(),
        model_id=model_id,
        precision=_one_of(precision, ("int4", "int8", "fp16", "fp32"), "--precision"),
        device=_one_of(device, ("cpu", "cuda"), "--device"),
        context_tokens=context,
        title=title,
        licence=licence,
        replaces=replaces,
        listener=_tell,
    )
    if as_json:
        print_json({"imported": {entry.id: str(depot.path(entry))}})
    else:
        print(f"use it with: models.generator = '{entry.id}'")


@models_app.command("verify")
def verify_models(ids: Ids = None, data: Data = None, as_json: Json = False) -> None:
    """Hash every file of models; without an id, of those that the settings name."""
    settings, depot = _open(data)
    chosen = _chosen(ids, settings, depot)
    for entry in chosen:
        depot.verify(entry)
        if not as_json:
            print(f"{entry.id}: every file as it was made")
    if as_json:
        print_json({"verified": [entry.id for entry in chosen]})


@models_app.command("key")
def make_bundle_key(
    path: Annotated[Path, typer.Argument(help="Where to write the private key.")],
    as_json: Json = False,
) -> None:
    """Make a key to sign bundles with; prints the public one, for models.trusted_keys."""
    from assistant.models.signatures import make_key

    public = make_key(path.expanduser())
    if as_json:
        print_json({"private_key": str(path), "public_key": public})
    else:
        print(public)


@models_app.command("bundle")
def bundle_models(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The new bundle, FILE.philo.")],
    key: Annotated[Path, typer.Option("--key", metavar="KEY", help="From: philo models key.")],
    ids: Ids = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Put models into one signed file; without an id, those that the settings name."""
    from assistant.models.bundle import write_bundle
    from assistant.models.signatures import load_key
    from assistant.terminal import byte_bar

    settings, depot = _open(data)
    entries = _chosen(ids, settings, depot)
    with byte_bar("bundling") as (_, meter):
        bundle = write_bundle(depot, entries, path, load_key(key.expanduser()), meter=meter)
    names = [model.id for model in bundle.models]
    if as_json:
        print_json({"bundle": str(path), "models": names, "public_key": bundle.key})
    else:
        print(f"{path} holds {', '.join(names)}, signed with {bundle.key}")


@models_app.command("unbundle")
def unbundle_models(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A bundle.")],
    replaces: Replace = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Check a bundle's signature and every byte, then put its models into place."""
    from assistant.models.unbundling import unpack_bundle
    from assistant.terminal import byte_bar

    settings, depot = _open(data)
    with byte_bar("unpacking") as (tell, meter):
        entries = unpack_bundle(
            depot,
            path.expanduser(),
            settings.trusted_keys,
            replaces=replaces,
            listener=tell,
            meter=meter,
        )
    if as_json:
        print_json({"imported": {entry.id: str(depot.path(entry)) for entry in entries}})


def _open(data: Path | None) -> tuple[ModelSettings, Depot]:
    from assistant.models.depot import Depot

    settings = load_settings(data).models
    return settings, Depot(settings.directory, settings.pins)


def _chosen(ids: list[str] | None, settings: ModelSettings, depot: Depot) -> list[ModelEntry]:
    """The models of the ids; when there are none, those of the settings that have files here."""
    from assistant.models.catalog import RemoteSource, find_model

    if ids:
        return [find_model(model_id, depot) for model_id in dict.fromkeys(ids)]
    named = [settings.embedder] if not Path(settings.embedder).expanduser().is_dir() else []
    named += [settings.reader] if settings.reader != NO_READER else []
    named += [settings.generator] if settings.generator != NO_GENERATOR else []
    entries = [find_model(model_id, depot) for model_id in named]
    return [entry for entry in entries if not isinstance(entry.source, RemoteSource)]


def _one_of(value: str | None, allowed: tuple[str, ...], option: str) -> Any:
    if value is not None and value not in allowed:
        raise typer.BadParameter(f"expected one of {', '.join(allowed)}", param_hint=option)
    return value


def _tell(line: str) -> None:
    print(line, file=sys.stderr)
