"""Reads the locks of docker/locks."""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docker/locks"
LOCKS = sorted(path.stem for path in FOLDER.glob("*.txt"))
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+) \\$")
_HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


@cache
def read_lock(name: str) -> dict[str, str]:
    """Versions by package.

    Raises:
        ValueError: a line is neither a pin with hashes nor a comment.
    """
    pins: dict[str, str] = {}
    last = "start"
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        if pin := _PIN.match(line):
            if last == "pin":
                raise ValueError(f"{name}: the line before {line!r} has no hash")
            pins[pin[1]] = pin[2]
            last = "pin"
        elif _HASH.match(line) and pins:
            last = "hash"
        else:
            raise ValueError(f"{name}: {line!r} is neither a pin nor a hash")
    if last != "hash":
        raise ValueError(f"{name}: the last pin has no hash")
    return pins
