"""Damaged files of every format: read or refused with a reason, nothing else."""

import io
import random
import zipfile

import pytest

from assistant.errors import ParseError
from ingestion.parsers.base import parse_file
from tests.ingestion.small_files import small_files

FILES = small_files()
SIGNS = (
    b"\x00", b"\xff\xfe", b"<", b">", b"&#0;", b"{", b"}", b"\\", b"$", b'"', b"\n\n", b"--b1\r\n",
    b"%", b"[", b"]", b"-1", b"99999999999", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\\begin{", b"|",
    b'="', b"/", b"\\u-10179", b"=?utf-8?q?=ff?=", b"]]>", b"\r",
)  # fmt: skip


def damage(data, dice):
    """Flip, cut, repeat or insert in one to four places."""
    data = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(data) + 1)
        length = dice.choice((1, 2, 8, 40))
        match dice.randrange(5):
            case 0 if at < len(data):
                data[at] ^= 1 << dice.randrange(8)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[max(0, at - length) : at] * dice.choice((1, 3, 50))
            case 3:
                del data[at:]
            case _:
                data[at:at] = dice.choice(SIGNS)
    return bytes(data)


def damage_inside(data, dice):
    """Damage one entry of a zip, so that what its parser reads is damaged and not the zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        names = [
            name for name in old.namelist() if name.endswith((".xml", ".rels", ".opf", "html"))
        ]
        chosen = dice.choice(names)
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, damage(content, dice) if name == chosen else content)
    return buffer.getvalue()


def try_damaged(path, data, dice):
    inside = zipfile.is_zipfile(io.BytesIO(data)) and dice.random() < 0.8
    damaged = damage_inside(data, dice) if inside else damage(data, dice)
    path.write_bytes(damaged)
    try:
        parsed = parse_file(path, max_pages=50, max_file_bytes=10**7)
    except ParseError:
        return False
    assert any(block.text for block in parsed.blocks)
    text = parsed.title + parsed.author + "".join(block.text for block in parsed.blocks)
    text.encode("utf-8")
    return True


@pytest.mark.parametrize("extension", sorted(FILES))
def test_undamaged_file_is_read(tmp_path, extension):
    path = tmp_path / f"x.{extension}"
    path.write_bytes(FILES[extension])
    assert parse_file(path, max_pages=50, max_file_bytes=10**7).blocks


@pytest.mark.parametrize("extension", sorted(FILES))
def test_damaged_file_is_read_or_refused_with_a_reason(tmp_path, extension):
    dice = random.Random(f"2024 {extension}")  # noqa: S311 - no secret
    path = tmp_path / f"x.{extension}"
    for _ in range(40):
        try_damaged(path, FILES[extension], dice)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("extension", sorted(FILES))
def test_many_damaged_files_are_read_or_refused_with_a_reason(tmp_path, extension):
    dice = random.Random(f"long {extension}")  # noqa: S311 - no secret
    path = tmp_path / f"x.{extension}"
    outcomes = [try_damaged(path, FILES[extension], dice) for _ in range(3000)]
    assert any(outcomes)
    if extension not in ("txt", "md"):
        assert not all(outcomes)
