"""Files made to hurt: each ends with its true reason or is read, in a child, within its limits."""

import io
import zipfile

import openpyxl
import pytest

from assistant.errors import ParseError
from ingestion.sandbox import Sandbox, SandboxLimits
from tests.ingestion.compound_file import attached_message, message_tree, write_compound
from tests.ingestion.small_files import ODF, book, open_document, pack, small_files

LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
    )
    + "]>"
)
OUTSIDE = '<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(SandboxLimits()) as opened:
        yield opened


@pytest.fixture
def read(sandbox, tmp_path):
    def parse(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return sandbox.parse(path)

    return parse


@pytest.fixture
def refuse(read):
    def parse(name, content):
        with pytest.raises(ParseError) as caught:
            read(name, content)
        return str(caught.value)

    return parse


def replace_entry(data, name, change):
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for entry in old.namelist():
            content = old.read(entry)
            new.writestr(entry, change(content) if entry == name else content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def text_of(parsed):
    return "\n".join(block.text for block in parsed.blocks)


@pytest.mark.parametrize("prologue", [LAUGHS, OUTSIDE])
def test_entities_are_refused_in_zipped_formats(refuse, prologue):
    content = f"{prologue}<office:document-content {ODF}>&x;</office:document-content>"
    odt = pack({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})
    assert "declares a document type or entities" in refuse("x.odt", odt)
    package = pack(
        {"mimetype": "application/epub+zip", "META-INF/container.xml": f"{prologue}<a>&x;</a>"}
    )
    assert "declares a document type or entities" in refuse("x.epub", package)


def test_entities_in_utf_16_are_refused_too(refuse):
    content = f"{OUTSIDE}<a>&x;</a>".encode("utf-16")
    odt = pack({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})
    assert "declares a document type or entities" in refuse("x.odt", odt)


def test_entities_of_a_web_page_are_not_expanded(read):
    assert "root:" not in text_of(read("x.html", f"{OUTSIDE}<p>&x; is text"))


def test_bomb_in_a_book_is_refused(refuse):
    bomb = book({"one.xhtml": "<p>x</p>"}, extra={"in/pad.bin": bytes(40 * 2**20)})
    assert "unpacks to over 200 times its size" in refuse("x.epub", bomb)


def test_archive_in_an_archive_is_not_opened(read):
    inner = small_files()["docx"]
    for _ in range(20):
        inner = pack({"again.zip": inner})
    document = open_document("text", "<text:p>outer</text:p>", extra={"again.zip": inner})
    assert text_of(read("x.odt", document)) == "outer"


def test_chapter_that_a_book_names_a_thousand_times_is_read_once(read):
    data = book({"one.xhtml": "<p>once</p>"})
    many = replace_entry(
        data,
        "in/book.opf",
        lambda xml: xml.replace(b'<itemref idref="i0"/>', b'<itemref idref="i0"/>' * 1000),
    )
    assert text_of(read("x.epub", many)) == "once"


@pytest.mark.parametrize("name", ["x.odt", "x.docx", "x.epub"])
def test_elements_nested_without_end_are_refused(refuse, name):
    if name == "x.odt":
        data = open_document(
            "text", "<text:section>" * 5000 + "<text:p>x</text:p>" + "</text:section>" * 5000
        )
    elif name == "x.docx":
        deep = b"<w:sdt><w:sdtContent>" * 5000 + b"<w:p/>" + b"</w:sdtContent></w:sdt>" * 5000
        data = replace_entry(
            small_files()["docx"],
            "word/document.xml",
            lambda xml: xml.replace(b"<w:body>", b"<w:body>" + deep),
        )
    else:
        data = book({"one.xhtml": "<div>" * 200_000})
    reason = refuse(name, data)
    assert "nested" in reason or "nests" in reason or "depth" in reason


def test_tables_in_tables_are_read_once(read):
    nested = "<table><tr><td>x<td>" * 100 + "y" + "</table>" * 100
    assert text_of(read("x.html", nested)).count("x") == 100


def test_rich_text_nested_without_end_is_refused(refuse):
    assert "groups nested more than" in refuse("x.rtf", b"{\\rtf1 " + b"{" * 200_000)


def test_rich_text_cut_short_is_refused(refuse):
    assert "cut short" in refuse("x.rtf", rb"{\rtf1 {\b All staff")


def test_mail_of_1500_nested_parts_is_refused(refuse):
    lines = ["From: a@b.c"]
    for level in range(1500):
        lines += [f"Content-Type: multipart/mixed; boundary=b{level}", "", f"--b{level}"]
    assert "nested too deeply" in refuse("x.eml", "\n".join([*lines, "", "deep"]))


def test_messages_nested_in_messages_are_refused(refuse):
    tree = message_tree("deep", "x")
    for _ in range(8):
        tree = message_tree("s", "b", attachments=(attached_message(tree),))
    assert "nested too deeply" in refuse("x.msg", write_compound(tree))


TOWER = r"\newcommand{\z}{xxxxxxxxxx}" + "".join(
    rf"\newcommand{{\{upper}}}{{{f'{chr(92)}{lower} ' * 10}}}"
    for lower, upper in zip("zabcdef", "abcdefg", strict=True)
)


@pytest.mark.parametrize(
    "macros",
    [r"\newcommand{\a}{\a\a}\a", r"\def\a{\b\b}\def\b{\a\a}\a", TOWER + r"\g"],
)
def test_macros_that_expand_without_end_are_refused(refuse, macros):
    assert "macros expand without end" in refuse("x.tex", macros)


def test_latex_nested_without_end_is_refused(refuse):
    assert "nested more than" in refuse("x.tex", r"\footnote{" * 5000)


def test_latex_does_not_read_other_files(refuse):
    assert "only includes other files" in refuse("x.tex", r"\input{/etc/passwd}\include{chapter}")


def test_sheet_with_one_far_cell_or_a_false_size_is_read(read):
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "here"
    workbook.active["XFD1048576"] = "far"
    buffer = io.BytesIO()
    workbook.save(buffer)
    lying = replace_entry(
        buffer.getvalue(),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'<dimension ref="A1:XFD1048576"', b'<dimension ref="A1:A1"'),
    )
    assert "far" in text_of(read("x.xlsx", lying))


def test_absurd_merged_range_of_a_sheet_is_passed_over(read):
    merged = b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells></worksheet>'
    data = replace_entry(
        small_files()["xlsx"],
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"</worksheet>", merged),
    )
    assert "| Lyon | 12 |" in text_of(read("x.xlsx", data))


def test_absurd_merged_cells_and_repetitions_end(read, refuse):
    cells = (
        '<table:table table:name="S"><table:table-row table:number-rows-repeated="1048576">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="{}"><table:table-cell '
        'table:number-columns-repeated="{}"><text:p>x</text:p></table:table-cell>'
        "</table:table-row></table:table>"
    )
    assert "x" in text_of(read("x.ods", open_document("spreadsheet", cells.format(2, 2))))
    reason = refuse("y.ods", open_document("spreadsheet", cells.format(1048576, 16384)))
    assert "more than 200000 filled cells" in reason
    table = "<table><tr><td colspan=99999 rowspan=99999>a<td>b<tr><td>c<td>d</table>"
    assert "a" in text_of(read("x.html", table))


def test_table_that_spans_everything_in_word_is_read(read):
    data = replace_entry(
        small_files()["docx"],
        "word/document.xml",
        lambda xml: xml.replace(b"<w:tcPr>", b'<w:tcPr><w:gridSpan w:val="999999"/>'),
    )
    assert "City" in text_of(read("x.docx", data))


def test_delimited_file_that_is_a_database_is_refused(refuse):
    assert "more than 200000 filled cells (up to line" in refuse("x.csv", b"a,b,c,d\n" * 60_000)


def test_line_of_nothing_but_delimiters_is_refused(refuse):
    assert "columns in line 2" in refuse("x.csv", b"a,b\n" + b"," * 10**6)


def test_quotation_mark_left_open_is_refused(refuse):
    assert "quotation mark" in refuse("x.csv", b'a,b\n"' + b"x,y\n" * 400_000)


@pytest.mark.parametrize("extension", ["csv", "tex", "html", "txt", "md"])
def test_odd_encodings_are_read(read, extension):
    text = "Congé, Nîmes\n\n"
    for number, encoding in enumerate(("utf-16", "utf-8-sig", "cp1252")):
        parsed = read(f"{number}.{extension}", text.encode(encoding))
        assert "Nîmes" in text_of(parsed), encoding


@pytest.mark.parametrize("extension", ["csv", "tex", "html", "txt", "md", "eml"])
def test_bytes_that_hide_text_do_not_survive(read, extension):
    head = b"From: a@b.c\n\n" if extension == "eml" else b""
    parsed = read(
        f"x.{extension}", head + "abc \u202edef\u2066 \ufeffghi".encode() + b" \xed\xa0\x80"
    )
    written = text_of(parsed)
    assert "def" in written
    assert not set(written) & {"\u202e", "\u2066", "\ufeff", "\ud800", "\0"}


@pytest.mark.parametrize(
    ("name", "advice"),
    [("x.doc", "save it as .docx"), ("x.xls", "save it as .xlsx"), ("x.ppt", "save it as .pptx")],
)
def test_old_office_files_are_refused_with_what_to_do(refuse, name, advice):
    assert advice in refuse(name, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")


def test_protected_books_and_documents_are_refused_as_protected(refuse):
    manifest = (
        '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        "<m:encryption-data/></m:manifest>"
    )
    locked = open_document("text", "<text:p>x</text:p>", extra={"META-INF/manifest.xml": manifest})
    assert "protected by a password" in refuse("x.odt", locked)
    rights = (
        '<e xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<CipherReference URI="in/one.xhtml"/></e>'
    )
    drm = book({"one.xhtml": "<p>x</p>"}, extra={"META-INF/encryption.xml": rights})
    assert "protected against copying" in refuse("x.epub", drm)


@pytest.mark.parametrize("extension", sorted(small_files()))
def test_file_with_the_wrong_name_says_what_it_is(refuse, extension):
    other = "pdf" if extension not in ("txt", "md", "csv", "tsv", "tex", "html", "eml") else "docx"
    if other == "docx":
        reason = refuse(f"x.{extension}", small_files()["docx"])
        assert "it is a zip archive; name it as what it is" in reason
    else:
        assert "it is a PDF; name it as what it is" in refuse(f"x.{extension}", b"%PDF-1.7\n")
