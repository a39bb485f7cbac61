"""`philo audit ...`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from assistant.commands.options import Data, Json, command_group, open_client, print_json
from assistant.settings import load_settings

audit_app = command_group("audit", "Who asked and changed what, in a log that proves itself.")


@audit_app.command("verify")
def verify_audit(data: Data = None, as_json: Json = False) -> None:
    """Find any entry that was edited, removed or moved. Ends with 1 where one was."""
    with open_client(load_settings(data)) as client:
        found = client.audit.verify()
    if as_json:
        print_json(found)
    elif found.ok:
        print(f"ok: {found.entries} entries, none changed")
    else:
        print(f"BROKEN: {found.problem} ({found.entries} entries before it are as written)")
    if not found.ok:
        raise typer.Exit(1)


@audit_app.command("export")
def export_audit(
    file: Annotated[Path | None, typer.Argument(help="Else to standard output.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Only entries behind this number.")] = 0,
    data: Data = None,
) -> None:
    """Write the log as JSON Lines. That, too, is logged."""
    with open_client(load_settings(data)) as client:
        target = file.open("w", encoding="utf-8") if file else sys.stdout
        try:
            count = 0
            for entry in client.audit.export(after=after):
                target.write(entry.model_dump_json() + "\n")
                count += 1
        finally:
            if file:
                target.close()
    print(f"{count} entries written", file=sys.stderr)
