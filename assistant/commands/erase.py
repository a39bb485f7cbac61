"""`philo erase`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from assistant.commands.options import Data, Json, open_client, print_json
from assistant.commands.step_line import step_line
from assistant.erasure.types import Receipt
from assistant.errors import ReceiptError
from assistant.settings import load_settings


def erase(
    document: Annotated[
        list[str] | None,
        typer.Option("--document", metavar="ID", help="With what is attached; may be repeated."),
    ] = None,
    user: Annotated[str, typer.Option("--user", metavar="NAME", help="A person.")] = "",
    check: Annotated[
        Path | None, typer.Option("--check", metavar="RECEIPT", help="Is this receipt genuine?")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="A copy of the receipt.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Take a document or a person out of everything that is kept, prove it, and sign a receipt.

    Ends with 1 where something was found after all, or where a receipt is not genuine.
    """
    if check is not None:
        _check(check, user, data, as_json)
        return
    if bool(document) == bool(user):
        raise typer.BadParameter("name documents with --document, or a person with --user")
    what = f"the person {user}" if user else f"{len(document or ())} documents"
    if not yes and sys.stdin.isatty() and not as_json:
        typer.confirm(f"Erase {what} for good?", abort=True)
    with open_client(load_settings(data)) as client, step_line(silent=as_json) as listener:
        if user:
            receipt = client.erasures.erase_user(user, listener=listener)
        else:
            receipt = client.erasures.erase_documents(document or [], listener=listener)
    if output is not None:
        output.write_text(receipt.model_dump_json(indent=2) + "\n", encoding="utf-8")
    if as_json:
        print_json(receipt)
    else:
        _print_receipt(receipt)
    if not receipt.complete:
        raise typer.Exit(1)


def _check(path: Path, user: str, data: Path | None, as_json: bool) -> None:
    from assistant.erasure.erasures import load_receipt

    try:
        receipt = load_receipt(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise ReceiptError(f"{path} cannot be read ({exc}); name a receipt") from exc
    with open_client(load_settings(data)) as client:
        found = client.erasures.check(receipt, user=user)
    good = found.authentic and found.own and found.complete and found.of_user is not False
    if as_json:
        print_json(found)
    elif not found.authentic:
        print("FORGED: the receipt is not as it was signed")
    elif not found.own:
        print(f"signed, but by another data directory: {receipt.public_key}")
    elif found.of_user is False:
        print(f"genuine, but of somebody else than {user}")
    else:
        left = "nothing was left" if receipt.complete else "something was left"
        print(f"genuine: erased on {receipt.finished_at[:10]}, {left}")
    if not good:
        raise typer.Exit(1)


def _print_receipt(receipt: Receipt) -> None:
    for what, count in receipt.removed.items():
        print(f"removed  {count} {what}")
    searched = receipt.searched
    print(
        f"searched {searched.files} files ({searched.bytes / 2**20:.1f} MiB) and {searched.tables} "
        f"tables for {searched.texts} word sequences, {searched.vectors} samples of vectors and "
        f"{searched.ids} ids"
    )
    for found in receipt.residue:
        print(f"FOUND    {found.count} x {found.what} in {found.place}")
    for stays in receipt.stays:
        print(f"stays    {stays.count} {stays.what}: {stays.why}")
    end = "complete" if receipt.complete else "NOT complete: erase what was found, then run again"
    print(f"{end}; receipt {receipt.id} in receipts/ of the data directory")
