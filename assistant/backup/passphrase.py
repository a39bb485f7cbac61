"""Where the passphrase of a backup comes from. Never from the command line: others see that."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from assistant.errors import BackupPassphraseError

VARIABLE = "PHILO_BACKUP_PASSPHRASE"


def find_passphrase(file: Path | None, *, twice: bool) -> str:
    """Of a file, else of the environment, else of whoever sits at the terminal.

    Args:
        twice: ask again, to find a slip.
    Raises:
        BackupPassphraseError: there is none, or the two differ.
    """
    if file is not None:
        try:
            stated = file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as exc:
            raise BackupPassphraseError(
                f"the passphrase in {file} cannot be read ({exc}); name a text file"
            ) from exc
    elif (stated := os.environ.get(VARIABLE, "")) == "" and sys.stdin.isatty():
        stated = getpass.getpass("Passphrase of the backup: ", stream=sys.stderr)
        if twice and getpass.getpass("Once more: ", stream=sys.stderr) != stated:
            raise BackupPassphraseError("the two passphrases differ; try again")
    if not stated:
        raise BackupPassphraseError(
            f"a backup needs a passphrase; set {VARIABLE}, or name a file that holds it with "
            "--passphrase-file"
        )
    return stated
