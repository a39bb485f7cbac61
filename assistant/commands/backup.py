"""`philo backup` and `philo restore`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from assistant.commands.options import Data, Json, absolute_path, print_json
from assistant.commands.step_line import step_line
from assistant.settings import find_data_directory, load_settings

PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", metavar="FILE", help="Else PHILO_BACKUP_PASSPHRASE, else asked for."
    ),
]


def backup(
    file: Annotated[Path, typer.Argument(help="To write; outside of the data directory.")],
    passphrase_file: PassphraseFile = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Write all that cannot be made again into one encrypted file, also while Philo runs."""
    from assistant.backup.making import open_backups
    from assistant.backup.passphrase import find_passphrase

    settings = load_settings(data)
    passphrase = find_passphrase(passphrase_file, twice=True)
    path = absolute_path(str(file))
    with open_backups(settings) as backups, step_line(silent=as_json) as listener:
        report = backups.take(path, passphrase, replace=force, listener=listener)
    if as_json:
        print_json(report)
    else:
        print(
            f"{report.documents} documents, {report.chunks} chunks and {report.originals} kept "
            f"files of {report.created_at} in {report.path} ({report.size_bytes / 2**20:.1f} MiB)"
        )
    for lost in report.lost_originals:
        print(f"not in it: the kept file {lost} is gone or damaged", file=sys.stderr)
    for path in report.outside:
        print(f"not in it: {path}; keep a copy of it elsewhere", file=sys.stderr)


def restore(
    file: Annotated[Path, typer.Argument(help="Of philo backup.")],
    receipts: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE|DIR", help="Of erasures after the backup: they are done again."),
    ] = None,
    passphrase_file: PassphraseFile = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace all that is in the data directory; no database."),
    ] = False,
    replace_database: Annotated[
        str, typer.Option(metavar="NAME", help="Of the one on a server whose content goes.")
    ] = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make the data directory what it was; nothing is replaced before all of it is checked."""
    from assistant.backup.passphrase import find_passphrase
    from assistant.backup.replaying import read_receipts
    from assistant.backup.restoring import restore as restore_from

    directory = find_data_directory(data)
    given = [*read_receipts(receipts or [])]
    passphrase = find_passphrase(passphrase_file, twice=False)
    with step_line(silent=as_json) as listener:
        report = restore_from(
            file,
            directory,
            passphrase,
            replace=force,
            replace_database=replace_database,
            receipts=given,
            listener=listener,
        )
    if as_json:
        print_json(report)
    else:
        print(
            f"restored {report.documents} documents, {report.chunks} chunks and {report.originals} "
            f"kept files of {report.created_at} into {directory}"
        )
        if report.erased:
            print(f"erased again what {len(report.erased)} later receipts name")
    if report.by_id_alone:
        print(
            f"{len(report.by_id_alone)} of the receipts are of an earlier Philo and know documents "
            "by their ids alone: look whether one of them is there under another id",
            file=sys.stderr,
        )
    for lost in report.lost_originals:
        print(f"missing since before the backup: kept file {lost}", file=sys.stderr)
    if report.audit_problem:
        print(
            f"the audit log was broken before the backup: {report.audit_problem}", file=sys.stderr
        )
