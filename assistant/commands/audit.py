"""`philo audit ...`"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from assistant.audit import AuditFilter, Hold, HoldKind
from assistant.commands.options import DAY, DAYS, Data, Json, command_group, open_client, print_json
from assistant.settings import load_settings

audit_app = command_group("audit", "Who asked and changed what, in a log that proves itself.")
hold_app = command_group("hold", "Legal holds: what they cover is neither pruned nor erased.")
audit_app.add_typer(hold_app)

Since = Annotated[
    datetime | None, typer.Option(formats=DAYS, metavar=DAY, help="From this day on (UTC).")
]
Until = Annotated[
    datetime | None, typer.Option(formats=DAYS, metavar=DAY, help="Before this day (UTC).")
]


@audit_app.command("verify")
def verify_audit(data: Data = None, as_json: Json = False) -> None:
    """Find any entry that was edited, removed or moved. Ends with 1 where one was."""
    with open_client(load_settings(data)) as client:
        found = client.audit.verify()
    if as_json:
        print_json(found)
    elif found.ok:
        cut = f", from the checkpoint at {found.from_checkpoint}" if found.from_checkpoint else ""
        print(f"ok: {found.entries} entries, none changed{cut}")
        if found.redacted:
            print(f"{found.redacted} of them have lost content, as the log itself says why")
    else:
        print(f"BROKEN: {found.problem} ({found.entries} entries before it are as written)")
    if not found.ok:
        raise typer.Exit(1)


@audit_app.command("export")
def export_audit(
    file: Annotated[Path | None, typer.Argument(help="Else to standard output.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Only entries behind this number.")] = 0,
    who: Annotated[str, typer.Option(metavar="USER", help="Only theirs.")] = "",
    action: Annotated[
        str, typer.Option(metavar="A", help="Only this one, or a whole group: ask, user, erase.")
    ] = "",
    since: Since = None,
    until: Until = None,
    data: Data = None,
) -> None:
    """Write the log as JSON Lines. That, too, is logged."""
    wanted = AuditFilter(who=who, action=action, since=_utc(since), until=_utc(until))
    with open_client(load_settings(data)) as client:
        entries = client.audit.export(after=after, wanted=wanted)
        target = file.open("w", encoding="utf-8") if file else sys.stdout
        try:
            count = 0
            for entry in entries:
                target.write(entry.model_dump_json() + "\n")
                count += 1
        finally:
            if file:
                target.close()
        if file:
            client.note_export("audit log", str(file.resolve()))
    print(f"{count} entries written", file=sys.stderr)


@audit_app.command("prune")
def prune_audit(data: Data = None, as_json: Json = False) -> None:
    """Do now what audit.keep_days and audit.keep_rows_days say."""
    with open_client(load_settings(data)) as client:
        done = client.audit.prune()
    if as_json:
        print_json(done)
    else:
        print(
            f"{done.contents} contents erased, {done.rows} entries cut off; "
            f"{done.held} contents stay under legal hold"
        )


@hold_app.command("add")
def add_hold(
    reason: Annotated[str, typer.Option(help="Such as the case's number.")],
    user: Annotated[str, typer.Option(metavar="NAME", help="All that this person did.")] = "",
    document: Annotated[
        str, typer.Option(metavar="ID", help="The document, and entries about it.")
    ] = "",
    since: Since = None,
    until: Until = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Hold a person, a document, or all entries of a period (--since and --until)."""
    period = since is not None or until is not None
    if [bool(user), bool(document), period].count(True) != 1:
        raise typer.BadParameter("name one of --user, --document, or --since with --until")
    if period and (since is None or until is None):
        raise typer.BadParameter("a period needs both --since and --until")
    kind = HoldKind.USER if user else HoldKind.DOCUMENT if document else HoldKind.PERIOD
    with open_client(load_settings(data)) as client:
        hold = client.audit.add_hold(
            kind,
            subject=user or document,
            since=since.isoformat() if since else "",
            until=until.isoformat() if until else "",
            reason=reason,
        )
    _tell(hold, as_json)


@hold_app.command("list")
def list_holds(data: Data = None, as_json: Json = False) -> None:
    """Newest first, released ones as well."""
    with open_client(load_settings(data)) as client:
        holds = client.audit.holds()
    if as_json:
        print_json({"holds": [hold.model_dump(mode="json") for hold in holds]})
        return
    for hold in holds:
        _tell(hold, as_json=False)
    print(f"{len(holds)} holds")


@hold_app.command("release")
def release_hold(hold_id: str, data: Data = None, as_json: Json = False) -> None:
    """Let go of what was held. That it was held stays in the log."""
    with open_client(load_settings(data)) as client:
        hold = client.audit.release_hold(hold_id)
    _tell(hold, as_json)


def _tell(hold: Hold, as_json: bool) -> None:
    if as_json:
        print_json(hold)
    else:
        state = f"released {hold.released_at[:10]}" if hold.released_at else "in force"
        print(f"{hold.id}  {state}  {hold.label}")


def _utc(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC)
