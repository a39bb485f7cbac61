"""A tar archive of which every byte is known beforehand.

It is written with fixed owners, times and modes, so that whoever knows the names, the sizes and
the contents knows the whole file, and reading is comparing: there is no place for another
member, a link, a path that leads elsewhere or a changed byte. Any tar program can list it.
"""

from __future__ import annotations

import hashlib
import tarfile
from typing import IO

from assistant.errors import BundleError

COPY_BYTES = 2**20
GET_ANOTHER = "it was damaged or changed on its way: get another copy"


def header(name: str, size: int) -> bytes:
    """What stands before a member's content."""
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o644, 0
    return member.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")


def padding(size: int) -> bytes:
    """What fills the last block after a member's content."""
    return bytes(-size % tarfile.BLOCKSIZE)


def ending(position: int) -> bytes:
    """What ends an archive: two empty blocks, then up to a whole record."""
    blocks = 2 * tarfile.BLOCKSIZE
    return bytes(blocks + -(position + blocks) % tarfile.RECORDSIZE)


def write_member(stream: IO[bytes], name: str, content: bytes) -> None:
    stream.write(header(name, len(content)) + content + padding(len(content)))


def read_member(stream: IO[bytes], name: str, most: int) -> bytes:
    """The content of the next member, of at most `most` bytes.

    Raises:
        BundleError: it is another one, or not written like this.
    """
    head = stream.read(tarfile.BLOCKSIZE)
    try:
        size = tarfile.TarInfo.frombuf(head, "utf-8", "strict").size
    except (tarfile.HeaderError, ValueError) as exc:
        raise BundleError(f"this is no bundle of models, or {GET_ANOTHER}") from exc
    if not 0 < size <= most or header(name, size) != head:
        raise BundleError(f"this is no bundle of models, or {GET_ANOTHER}")
    content = stream.read(size)
    if len(content) < size:
        raise BundleError(f"the bundle ends early; {GET_ANOTHER}")
    require_bytes(stream, padding(size), f"the filling after {name}")
    return content


def copy_content(stream: IO[bytes], size: int, copy: IO[bytes] | None) -> str:
    """SHA-256 of the next `size` bytes, which go into `copy`.

    Raises:
        BundleError: there are fewer.
    """
    digest, left = hashlib.sha256(), size
    while left and (block := stream.read(min(left, COPY_BYTES))):
        left -= len(block)
        digest.update(block)
        if copy is not None:
            copy.write(block)
    if left:
        raise BundleError(f"the bundle ends early; {GET_ANOTHER}")
    return digest.hexdigest()


def require_bytes(stream: IO[bytes], expected: bytes, place: str) -> None:
    """Raises: BundleError: what comes next is something else."""
    found = stream.read(len(expected))
    if len(found) < len(expected):
        raise BundleError(f"the bundle ends early; {GET_ANOTHER}")
    if found != expected:
        raise BundleError(f"{place} in the bundle is not as its contents say; {GET_ANOTHER}")
