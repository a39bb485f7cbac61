"""Office files that would harm their parser are refused before it opens them."""

import io
import random
import zipfile

import docx
import pytest

from assistant.errors import ParseError
from ingestion import zip_guard
from ingestion.parsers.base import parse_file


@pytest.fixture
def docx_with(tmp_path):
    """A real DOCX, with entries replaced or added."""

    def build(entries=None, *, drop=(), name="x.docx"):
        entries = entries or {}
        buffer = io.BytesIO()
        document = docx.Document()
        document.add_paragraph("harmless")
        document.save(buffer)
        path = tmp_path / name
        with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w") as new:
            for entry in old.infolist():
                if entry.filename not in entries and not entry.filename.startswith(tuple(drop)):
                    new.writestr(entry.filename, old.read(entry))
            for filename, content in entries.items():
                new.writestr(filename, content, zipfile.ZIP_DEFLATED)
        return path

    return build


def refuse(path):
    with pytest.raises(ParseError) as caught:
        parse_file(path, max_pages=50, max_file_bytes=10**8)
    return str(caught.value)


def test_harmless_file_is_read(docx_with):
    assert parse_file(docx_with(), max_pages=9, max_file_bytes=10**8).blocks[0].text == "harmless"


def test_zip_bomb_is_refused(docx_with):
    bomb = docx_with({"word/media/image.bin": bytes(40 * 2**20)})
    assert "unpacks to over 200 times its size" in refuse(bomb)


def test_huge_xml_is_refused(docx_with, monkeypatch):
    monkeypatch.setattr(zip_guard, "MOST_XML_BYTES", 2**20)
    xml = random.Random(1).randbytes(2**20).hex().encode()  # noqa: S311 - no secret
    assert "unpacks to more than 1 MiB" in refuse(docx_with({"word/document.xml": xml}))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_entities_are_refused(docx_with, encoding):
    xml = '<?xml version="1.0"?>' + " " * 9000 + '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'
    evil = docx_with({"word/document.xml": xml.encode(encoding)})
    assert "declares a document type or entities" in refuse(evil)


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil", "a/../../evil", "C:/evil"])
def test_entry_that_leads_out_is_refused(docx_with, name):
    assert "leads out of the file" in refuse(docx_with({name: b"x"}))


def test_thousands_of_entries_are_refused(docx_with):
    assert "entries in the file" in refuse(docx_with({f"word/{n}": b"" for n in range(5001)}))


def test_encrypted_entry_is_refused(docx_with):
    path = docx_with()
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")  # the flags in the central directory
    data[at + 8] |= 1
    path.write_bytes(data)
    assert "protected by a password" in refuse(path)


def test_cut_short_file_is_refused(docx_with):
    path = docx_with()
    path.write_bytes(path.read_bytes()[:2000])
    assert "damaged or cut short" in refuse(path)


def test_corrupt_entry_is_refused(docx_with):
    path = docx_with({"word/document.xml": b"<a>" + b"text " * 500 + b"</a>"})
    data = bytearray(path.read_bytes())
    at = data.index(b"word/document.xml") + 25
    data[at : at + 10] = b"\xff" * 10
    path.write_bytes(data)
    assert "damaged or cut short" in refuse(path)


def test_file_of_another_office_program_is_told_apart(docx_with):
    reason = "not an Excel file: it is a Word file; name it as what it is"
    assert refuse(docx_with(name="x.xlsx")) == reason


def test_any_zip_is_not_an_office_file(docx_with):
    assert "it is a zip archive" in refuse(docx_with(drop=("word/",)))
