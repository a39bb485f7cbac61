"""A restored data directory takes the place of the one before: all of it, or nothing.

It is made whole in `restoring/`. Renaming that to `restored/` is the one step that decides; what
comes after it is finished by whoever opens the directory next, and what came before is thrown
away. So it also works where the data directory cannot be renamed, as a mounted volume.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from pathlib import Path

from assistant.errors import DataDirectoryError

STAGING = "restoring"
DECIDED = "restored"
FORMER = "before-restore"
LOST_AND_FOUND = "lost+found"
"""Belongs to the file system that is mounted there, and to nobody's data."""
_LIST = ".former"
"""In `restored/`: what lay in the directory and is to make room."""
_MOUNTS = Path("/proc/self/mountinfo")


def prepare(data: Path, keep: frozenset[str]) -> None:
    """What lies in `restoring/` is whole: make it durable, with all that can be known before of
    what could be in its way.

    Args:
        keep: names that stay as they are.
    Raises:
        DataDirectoryError: something in the directory cannot make room, and nothing was changed.
    """
    former = sorted(one.name for one in data.iterdir() if one.name not in {*keep, STAGING})
    _require_movable(data, former)
    listed = data / STAGING / _LIST
    listed.write_text("\n".join(former), encoding="utf-8")
    for path in [listed, *(data / STAGING).rglob("*"), data / STAGING]:
        _sync(path)


def decide(data: Path) -> None:
    """From now on, what was prepared is the data directory.

    Raises:
        OSError: nothing was changed.
        DataDirectoryError: see `settle`.
    """
    (data / STAGING).rename(data / DECIDED)
    _sync(data)
    settle(data)


def settle(data: Path) -> bool:
    """Finish a restore that was decided, throw away one that was not. Only for the owner of the
    directory. Whether there was one to finish.

    Raises:
        DataDirectoryError: something cannot be moved; the next call goes on.
    """
    try:
        return _settle(data)
    except OSError as exc:
        raise DataDirectoryError(
            f"the restore of {data} is not finished: {exc.filename} cannot be moved "
            f"({exc.strerror}); let Philo's user own it, unmount it, or move it away, and run "
            "the command again"
        ) from exc


def _settle(data: Path) -> bool:
    shutil.rmtree(data / STAGING, ignore_errors=True)
    decided, former = data / DECIDED, data / FORMER
    if not decided.is_dir():
        shutil.rmtree(former, ignore_errors=True)
        return False
    listed = decided / _LIST
    if listed.exists():
        former.mkdir(mode=0o700, exist_ok=True)
        for name in filter(None, listed.read_text(encoding="utf-8").split("\n")):
            if name != LOST_AND_FOUND and (data / name).exists() and not (former / name).exists():
                (data / name).rename(former / name)
        _sync(data)
        listed.unlink()  # whatever has such a name from here on is restored
        _sync(decided)
    for path in decided.iterdir():
        path.rename(data / path.name)
    decided.rmdir()
    _sync(data)
    shutil.rmtree(former, ignore_errors=True)
    return True


def _require_movable(data: Path, names: list[str]) -> None:
    mounted = _mount_points()
    for name in names:
        if why := _obstacle(data, data / name, mounted):
            raise DataDirectoryError(
                f"{data / name} cannot make room for what is restored ({why}); nothing was "
                "changed. Move it away, let Philo's user own it, or restore elsewhere with --data"
            )


def _obstacle(data: Path, path: Path, mounted: frozenset[str]) -> str:
    found, around = path.lstat(), data.stat()
    if found.st_dev != around.st_dev or str(data.resolve() / path.name) in mounted:
        return "something is mounted there"
    if os.name != "posix" or (me := os.geteuid()) == 0:
        return ""
    if around.st_mode & stat.S_ISVTX and me not in (found.st_uid, around.st_uid):
        return "it belongs to another user"
    # A folder that changes places has its entry .. written.
    if stat.S_ISDIR(found.st_mode) and not os.access(path, os.W_OK | os.X_OK, effective_ids=True):
        return "its rights do not let Philo move it"
    return ""


def _mount_points() -> frozenset[str]:
    """Also single files and folders of the same file system that are mounted elsewhere."""
    if not _MOUNTS.exists():
        return frozenset()
    fields = (line.split(" ")[4] for line in _MOUNTS.read_text(errors="replace").splitlines())
    return frozenset(re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), one) for one in fields)


def _sync(path: Path) -> None:
    if os.name == "posix" and not path.is_symlink():
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
