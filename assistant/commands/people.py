"""`philo users ...`, `philo groups ...`, `philo tokens ...`"""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from assistant.access.types import Role, TokenScope, UserInfo
from assistant.commands.options import Data, Json, command_group, open_client, print_json
from assistant.settings import load_settings

users_app = command_group("users", "Who may ask, and in which groups they are.")
groups_app = command_group("groups", "Groups of people; documents are shared with groups.")
tokens_app = command_group("tokens", "Tokens with which programs ask in a user's name.")

Groups = Annotated[str, typer.Option(metavar="A,B", help="Groups, parted by commas.")]


@users_app.command("list")
def list_users(data: Data = None, as_json: Json = False) -> None:
    """By name."""
    with open_client(load_settings(data)) as client:
        users = client.people.users()
    if as_json:
        print_json({"users": [user.model_dump(mode="json") for user in users]})
        return
    for user in users:
        _print_user(user)
    print(f"{len(users)} users" if users else "No users yet; add one: philo users add NAME")


@users_app.command("add")
def add_user(
    name: str,
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.READER,
    groups: Groups = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make somebody known. They may read what is shared with everyone and with their groups."""
    with open_client(load_settings(data)) as client:
        user = client.people.add_user(name, role=role, groups=_split(groups))
    _tell_user(user, as_json)


@users_app.command("change")
def change_user(
    name: str,
    role: Annotated[Role | None, typer.Option(help="What they may do.")] = None,
    join: Groups = "",
    leave: Groups = "",
    disabled: Annotated[
        bool | None, typer.Option("--disable/--enable", help="Let them ask no more, or again.")
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Change role or groups, from the next question on."""
    with open_client(load_settings(data)) as client:
        user = client.people.change_user(
            name, role=role, join=_split(join), leave=_split(leave), disabled=disabled
        )
    _tell_user(user, as_json)


@users_app.command("remove")
def remove_user(name: str, data: Data = None, as_json: Json = False) -> None:
    """Forget somebody, and all tokens of theirs."""
    with open_client(load_settings(data)) as client:
        client.people.remove_user(name)
    if as_json:
        print_json({"removed": name})
    else:
        print(f"{name} is removed, with all tokens")


@users_app.command("password")
def set_password(name: str, data: Data = None, as_json: Json = False) -> None:
    """Set somebody's password: asked for twice, or one line of standard input. They are signed out
    everywhere, and no failure of before counts."""
    password = _read_password()
    with open_client(load_settings(data)) as client:
        client.people.set_password(name, password)
    if as_json:
        print_json({"password": name})
    else:
        print(f"{name} has a new password, and is signed out everywhere")


@users_app.command("totp")
def drop_second_factor(
    name: str,
    off: Annotated[bool, typer.Option("--off", help="Ask them for the password only.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Take somebody's second step at sign-in away, who has lost their application. They turn it on
    again on their own page."""
    if not off:
        raise typer.BadParameter("only its owner can turn it on; to turn it off: --off")
    with open_client(load_settings(data)) as client:
        client.people.drop_second_factor(name)
    if as_json:
        print_json({"totp": None, "name": name})
    else:
        print(f"{name} signs in with the password only")


@users_app.command("export")
def export_user(
    name: str,
    file: Annotated[Path, typer.Argument(help="A zip of JSON files.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Write all that is kept of a person, for themselves. That is logged."""
    with open_client(load_settings(data)) as client:
        content = client.own_data(name)
        file.touch(mode=0o600)
        file.write_bytes(content)
        client.note_export("personal data", str(file.resolve()))
    if as_json:
        print_json({"file": str(file), "bytes": len(content)})
    else:
        print(f"{file}: {len(content)} bytes")


@groups_app.command("list")
def list_groups(data: Data = None, as_json: Json = False) -> None:
    """Groups that somebody is in, or that a document is shared with."""
    with open_client(load_settings(data)) as client:
        groups = client.people.groups()
    if as_json:
        print_json({"groups": [group.model_dump(mode="json") for group in groups]})
        return
    for group in groups:
        print(f"{group.name}: {group.users} users, {group.documents} documents")


@tokens_app.command("create")
def create_token(
    user: str,
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    scope: Annotated[TokenScope, typer.Option(help="What it allows.")] = TokenScope.READ,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Until it expires.")] = 90,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a token. Its secret is shown this once and kept nowhere."""
    with open_client(load_settings(data)) as client:
        made = client.people.create_token(user, name=name, scope=scope, days=days)
    if as_json:
        print_json(made)
        return
    print(made.secret)
    print(
        f"It lets programs {made.token.scope} in the name of {made.token.user} until "
        f"{made.token.expires_at[:10]}. It is not shown again; "
        f"revoke it with: philo tokens revoke {made.token.id}"
    )


@tokens_app.command("list")
def list_tokens(
    user: Annotated[str | None, typer.Argument(help="Only theirs.")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Newest first, without secrets."""
    with open_client(load_settings(data)) as client:
        tokens = client.people.tokens(user)
    if as_json:
        print_json({"tokens": [token.model_dump(mode="json") for token in tokens]})
        return
    for token in tokens:
        state = "revoked" if token.revoked else f"until {token.expires_at[:10]}"
        used = f"last used {token.last_used_at[:10]}" if token.last_used_at else "never used"
        print(f"{token.id}  ...{token.hint}  {token.user}  {token.scope}  {state}  {used}")
        if token.name:
            print(f"    {token.name}")
    print(f"{len(tokens)} tokens")


@tokens_app.command("revoke")
def revoke_token(token_id: str, data: Data = None, as_json: Json = False) -> None:
    """Make a token useless, at once and for good."""
    with open_client(load_settings(data)) as client:
        client.people.revoke_token(token_id)
    if as_json:
        print_json({"revoked": token_id})
    else:
        print(f"{token_id} is revoked")


def _read_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("New password: ")
    if getpass.getpass("Once more: ") != first:
        raise typer.BadParameter("the two passwords are not the same")
    return first


def _split(groups: str) -> list[str]:
    return [part.strip() for part in groups.split(",") if part.strip()]


def _tell_user(user: UserInfo, as_json: bool) -> None:
    if as_json:
        print_json(user)
    else:
        _print_user(user)


def _print_user(user: UserInfo) -> None:
    state = "  disabled" if user.disabled else ""
    ways = "+".join(user.sign_in) or "no sign-in"
    print(f"{user.name}  {user.role}  {', '.join(user.groups) or '(everyone only)'}  {ways}{state}")
