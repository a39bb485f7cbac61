"""Writes Outlook's container (Compound File Binary, [MS-CFB]) for tests."""

from __future__ import annotations

import itertools
import struct

_SECTOR = 512
_END, _FAT, _FREE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
_LEAST_STREAM = 4096  # smaller ones would have to go to a stream of their own

Tree = dict[str, "bytes | Tree"]


def write_compound(tree: Tree) -> bytes:
    """A file with streams (bytes, filled up with zeros) and storages (dictionaries)."""
    sectors: list[bytes] = []
    fat: list[int] = []

    def store(data: bytes) -> int:
        first = len(sectors)
        pieces = [data[start : start + _SECTOR] for start in range(0, len(data), _SECTOR)]
        sectors.extend(piece.ljust(_SECTOR, b"\0") for piece in pieces)
        fat.extend([*range(first + 1, first + len(pieces)), _END])
        return first

    entries: list[list] = [["Root Entry", 5, tree, _FREE, _FREE, _END, 0]]

    def add(children: Tree) -> int:
        """Children hang on each other's right side; the first one's number."""
        numbers = []
        for name, child in sorted(children.items(), key=lambda item: (len(item[0]), item[0])):
            numbers.append(len(entries))
            if isinstance(child, bytes):
                data = child.ljust(_LEAST_STREAM, b"\0")
                entries.append([name, 2, child, _FREE, _FREE, store(data), len(data)])
            else:
                entries.append([name, 1, child, _FREE, _FREE, 0, 0])
                entries[numbers[-1]][4] = add(child)
        for number, after in itertools.pairwise(numbers):
            entries[number][3] = after
        return numbers[0] if numbers else _FREE

    entries[0][4] = add(tree)
    directory = b""
    for name, kind, _, right, child, first, size in entries:
        spelled = name.encode("utf-16-le") + b"\0\0"
        directory += spelled.ljust(64, b"\0") + struct.pack("<HBB", len(spelled), kind, 1)
        directory += struct.pack("<III", _FREE, right, child)
        directory += bytes(36) + struct.pack("<IQ", first, size)
    first_directory = store(directory)
    count = 1
    while (len(fat) + count) * 4 > count * _SECTOR:
        count += 1
    first_fat = len(sectors)
    fat.extend([_FAT] * count)
    table = b"".join(struct.pack("<I", one) for one in fat).ljust(count * _SECTOR, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIII", 0, count, first_directory, 0, 4096)
    header += struct.pack("<IIII", _END, 0, _END, 0)
    numbers = [*range(first_fat, first_fat + count)]
    header += b"".join(struct.pack("<I", one) for one in numbers).ljust(436, b"\xff")
    return header + b"".join(sectors) + table


def message_tree(
    subject: str, body: str = "", *, html: bytes = b"", attachments: tuple[Tree, ...] = ()
) -> Tree:
    """What Outlook writes for a mail from Ada to Bob of 1 March 2024."""
    sent = 133_537_248_000_000_000  # 100 ns since 1601
    tree: Tree = {
        "__properties_version1.0": bytes(32) + struct.pack("<HHIQ", 0x40, 0x39, 6, sent),
        "__substg1.0_001A001F": _wide("IPM.Note"),
        "__substg1.0_0037001F": _wide(subject),
        "__substg1.0_0C1A001F": _wide("Ada Lovelace"),
        "__substg1.0_5D01001F": _wide("ada@example.org"),
        "__substg1.0_0E04001F": _wide("Bob"),
        "__substg1.0_1000001F": _wide(body),
    }
    if html:
        tree["__substg1.0_10130102"] = html
    for number, attachment in enumerate(attachments):
        tree[f"__attach_version1.0_#{number:08X}"] = attachment
    return tree


def attached_file(name: str, content: bytes, media_type: str = "text/plain") -> Tree:
    return {
        "__properties_version1.0": bytes(8),
        "__substg1.0_3707001F": _wide(name),
        "__substg1.0_370E001F": _wide(media_type),
        "__substg1.0_37010102": content,
    }


def attached_message(tree: Tree) -> Tree:
    return {"__properties_version1.0": bytes(8), "__substg1.0_3701000D": tree}


def _wide(text: str) -> bytes:
    return text.encode("utf-16-le")
