"""`philo migrate`"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.commands.options import Data, Json, print_json
from assistant.commands.step_line import step_line
from assistant.settings import Settings, load_settings, load_storage

if TYPE_CHECKING:
    from assistant.transfer.types import TransferReport


def migrate(
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="SETTINGS", help="TOML file whose [storage] names them."),
    ] = None,
    replace_database: Annotated[
        str, typer.Option(metavar="NAME", help="Of the target database, whose content goes.")
    ] = "",
    down: Annotated[
        str,
        typer.Option("--down", metavar="REVISION", help="The newest of an older Philo."),
    ] = "",
    dropped: Annotated[
        str,
        typer.Option("--dropped", metavar="STORE", help="A former one that is gone now."),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Move the installation to other stores; the ones it has stay as they are. Or take the tables
    back to what an older Philo knows. Or say that a former store was dropped."""
    if [to is not None, bool(down), bool(dropped)].count(True) != 1:
        raise typer.BadParameter(
            "name other stores with --to, a revision with --down, or a former store with --dropped"
        )
    if replace_database and to is None:
        raise typer.BadParameter("--replace-database goes with --to; nothing else replaces one")
    if yes and not down:
        raise typer.BadParameter("--yes goes with --down; nothing else asks")
    settings = load_settings(data)
    if dropped:
        _note_dropped(settings, dropped, as_json=as_json)
        return
    if to is None:
        _take_down(settings, down, yes=yes or as_json, as_json=as_json)
        return
    from assistant.transfer.transferring import transfer

    storage = load_storage(to)
    with step_line(silent=as_json) as listener:
        report = transfer(
            settings,
            storage,
            named=str(to.absolute()),
            replace_database=replace_database,
            listener=listener,
        )
    if as_json:
        print_json(report)
    else:
        _print_moved(report)


def _note_dropped(settings: Settings, store: str, *, as_json: bool) -> None:
    from assistant.transfer.dropping import note_dropped

    note_dropped(settings, store)
    if as_json:
        print_json({"dropped": store})
    else:
        print(f"no receipt names {store} any more; the audit log says that you dropped it")


def _take_down(settings: Settings, revision: str, *, yes: bool, as_json: bool) -> None:
    from assistant.knowledge.schema import list_undone, take_down
    from assistant.sole_use import opened_alone

    with opened_alone(settings) as database:
        undone = list_undone(database, revision)
        if not as_json:
            print("What these revisions keep in tables and columns of their own is lost:")
            for one, what in undone:
                print(f"  {one}  {what}")
        if not yes and sys.stdin.isatty():
            typer.confirm(f"Take the tables back to {revision}? A backup is wise.", abort=True)
        take_down(database, revision)
    if as_json:
        told = [{"revision": one, "what": what} for one, what in undone]
        print_json({"from": undone[0][0], "to": revision, "undone": told})
    else:
        print(f"the tables are those of {revision}; start the older Philo, not this one")


def _print_moved(report: TransferReport) -> None:
    rows = sum(table.rows for table in report.tables.values())
    moved = [f"{rows} rows of {len(report.tables)} tables"] if rows else []
    for index in report.indexes:
        parts = [
            name
            for name, there in (("vectors", index.vectors), ("texts", index.full_text))
            if there
        ]
        moved.append(
            f"{index.chunks} {' and '.join(parts)} of index {index.index} "
            f"({index.agreeing} of {index.searches} searches agree)"
        )
    print(f"moved and compared: {', '.join(moved)}")
    print(f"from {report.source}")
    print(f"to   {report.target}")
    if report.audit_problem:
        print(f"the audit log was broken before: {report.audit_problem}", file=sys.stderr)
    file = Path(report.data) / "philo.toml"
    print(f"Philo uses the former stores until you put the [storage] of {report.settings}")
    print(f"into {file}, in place of the one there, and start it again.")
    again = "run the command again"
    if report.tables:
        again += " with --replace-database and the name of the new database"
    print("Do not start Philo before that: what is written to the former stores from now on is not")
    print(f"in the new ones. If it was started, {again}.")
    for name in report.stated_outside:
        variable = f"PHILO_{name.upper().replace('.', '__')}"
        where = "environment" if variable in os.environ else "folder of secrets"
        print(f"Before philo.toml comes {variable}, which your {where} states: change it there")
    print("What is left, unchanged, is yours to delete once all is well; no erasure reaches it:")
    for place in report.left:
        print(f"  {place}")
