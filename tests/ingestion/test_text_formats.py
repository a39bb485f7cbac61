"""HTML, Markdown, plain text, and the cleaning that all formats share."""

import pytest

from assistant.errors import ParseError
from ingestion.parsers.base import parse_file
from ingestion.parsers.blocks import clean_text, sensible_title, title_from_name


@pytest.fixture
def read(tmp_path):
    def parse(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return parse_file(path, max_pages=50, max_file_bytes=10**7)

    return parse


def outline(parsed):
    return [(block.kind.value, block.level, block.text) for block in parsed.blocks]


def test_markdown_blocks(read):
    parsed = read(
        "guide.md",
        "---\ntitle: 'Guide du télétravail'\nauthor: Ada\n---\n# Règles\n\nDeux *jours* par\n"
        "[semaine](https://x.y).<!-- no -->\n\n<div>raw</div>\n\n3. badge\n4. clé\n   - bleue\n\n"
        "| Ville | Prime |\n|-------|---|\n| Lyon  | `12` |\n\n```\nx = 1\n```\n",
    )
    assert outline(parsed) == [
        ("heading", 1, "Règles"),
        ("paragraph", 0, "Deux jours par semaine."),
        ("list_item", 0, "3. badge"),
        ("list_item", 0, "4. clé"),
        ("list_item", 0, "- bleue"),
        ("table", 0, "| Ville | Prime |\n|---|---|\n| Lyon | 12 |"),
        ("code", 0, "x = 1"),
    ]
    assert (parsed.title, parsed.author, parsed.pages) == ("Guide du télétravail", "Ada", 1)


def test_html_is_read_without_scripts_and_navigation(read):
    parsed = read(
        "page.html",
        """<!doctype html><html><head><title>Leave | Acme</title><style>p{}</style></head><body>
        <nav><a href=/>Home</a></nav><div role=navigation>Menu</div><p hidden>secret</p>
        <h1>Leave</h1><p>Every <b>employee</b>
        has 25 days.<br>More on request.<script>alert(1)</script><p>Second
        <ul><li>badge<li>laptop <ul><li>charger</ul></ul>
        <table><caption>Rates</caption><tr><th>City<th>Rate<tr><td>Lyon<td>12</table>
        <pre>a
  b</pre><footer>(c) Acme</footer></body></html>""",
    )
    assert outline(parsed) == [
        ("heading", 1, "Leave"),
        ("paragraph", 0, "Every employee has 25 days.\nMore on request."),
        ("paragraph", 0, "Second"),
        ("list_item", 0, "- badge"),
        ("list_item", 0, "- laptop"),
        ("list_item", 0, "- charger"),
        ("caption", 0, "Rates"),
        ("table", 0, "| City | Rate |\n|---|---|\n| Lyon | 12 |"),
        ("code", 0, "a\n  b"),
    ]
    assert parsed.title == "Leave"


def test_html_table_for_layout_is_read_as_text(read):
    parsed = read("x.html", "<table><tr><td><table><tr><td>A<p>B</table></table>")
    assert outline(parsed) == [("paragraph", 0, "A"), ("paragraph", 0, "B")]


def test_html_without_banners_sidebars_and_what_is_hidden(read):
    parsed = read(
        "x.html",
        """<body><div class="cookie-banner">We use cookies <button>OK</button></div>
        <ol class=breadcrumb><li><a>Home</a></ol><div style="display: none">secret</div>
        <div role=dialog>Subscribe!</div><span aria-hidden=true>deco</span>
        <p>Leave is 25 days.<sup><a href=#n>[1]</a></sup> More follows.
        <div class="cookies">%s</div><div class="consent">Consent is given once.</div></body>"""
        % ("The rule on cookies in the kitchen is explained here at length. " * 8),
    )
    assert parsed.blocks[0].text == "Leave is 25 days. More follows."
    assert parsed.blocks[1].text.startswith("The rule on cookies in the kitchen")
    assert [block.text for block in parsed.blocks[2:]] == ["Consent is given once."]


def test_html_cells_over_several_rows_keep_the_meaning_of_their_rows(read):
    parsed = read(
        "x.html",
        "<table><tr><th colspan=2>Place<th>Rate<tr><td rowspan=2>Lyon<td>East<td>1"
        "<tr><td>West<td><ul><li>2<li>3</ul></table>",
    )
    assert parsed.blocks[0].text == (
        "| Place | Place | Rate |\n|---|---|---|\n| Lyon | East | 1 |\n| Lyon | West | 2; 3 |"
    )


def test_html_notes_and_references_are_told_apart(read):
    parsed = read(
        "x.html",
        "<p>Text.<h2>Notes</h2><ol class=references><li>A. Author, 2020</ol>"
        "<aside role=doc-footnote>A note.</aside><figure><img alt='logo.png'>"
        "<img alt='A bar chart'>"
        "<figcaption>Sales in 2020</figcaption></figure>",
    )
    assert [(b.kind.value, b.text) for b in parsed.blocks][2:] == [
        ("reference", "A. Author, 2020"),
        ("footnote", "A note."),
        ("caption", "A bar chart"),
        ("caption", "Sales in 2020"),
    ]


def test_references_under_their_heading_are_told_apart_in_any_format(read):
    entries = "".join(f"- Author {n}. Title. 20{n:02}.\n" for n in range(3))
    kinds = [
        b.kind.value for b in read("x.md", f"# Text\n\n- a\n\n# Références\n\n{entries}").blocks
    ]
    assert kinds == ["heading", "list_item", "heading", *["reference"] * 3]
    prose = read("x.md", "# References\n\nAsk our clients about us.").blocks
    assert [b.kind.value for b in prose] == ["heading", "paragraph"]


def test_numbered_notes_with_addresses_are_references(read):
    notes = "\n\n".join(f"[{n}] https://example.org/{n}" for n in range(1, 7))
    kinds = [b.kind.value for b in read("x.txt", f"Text.\n\n{notes}").blocks]
    assert kinds == ["paragraph", *["reference"] * 6]


def test_html_in_a_declared_encoding(read):
    parsed = read("x.htm", '<meta charset="iso-8859-1"><p>Congés payés'.encode("latin-1"))
    assert parsed.blocks[0].text == "Congés payés"


@pytest.mark.parametrize("tag", ["div", "b", "span", "table"])
def test_html_nested_without_end_is_refused(read, tag):
    with pytest.raises(ParseError, match="nested more than"):
        read("x.html", f"<{tag}>" * 200_000 + "text")


def test_html_with_unclosed_paragraphs_is_not_nested(read):
    assert len(read("x.html", "<p>text" * 2_000).blocks) == 2_000


def test_text_is_parted_by_blank_lines_and_form_feeds(read):
    parsed = read("notes_2024.txt", "First line\r\nsame\r\n\r\n \r\nSecond\fThird\n")
    assert [(block.page, block.text) for block in parsed.blocks] == [
        (1, "First line\nsame"),
        (1, "Second"),
        (2, "Third"),
    ]
    assert parsed.pages == 2
    assert parsed.title == "notes 2024"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom", "cp1252", "latin-1"]
)
def test_text_in_the_encodings_that_are_met(read, encoding):
    text = "L'été dernier, le congé à Nîmes a été accordé ; reçu n° 12."
    data = (
        b"\xfe\xff" + text.encode("utf-16-be")
        if encoding == "utf-16-be-bom"
        else text.encode(encoding)
    )
    assert read("x.txt", data).blocks[0].text == text


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"\x00\x01\x02\x03" * 100, "not a text file: it is binary data"),
        ("a.txt", b"\x89PNG\r\n\x1a\n0000", "not a text file: it is a PNG image"),
        ("a.md", b"PK\x03\x04 zip", "not a Markdown file: it is a zip archive"),
        ("a.pdf", b"just words", "not a PDF file: it is plain text"),
        ("a.pdf", b"<!DOCTYPE html><html>", "not a PDF file: it is an HTML page"),
        ("a.pdf", b"\0" * 2000, "not a PDF file: it is nothing but zero bytes"),
        ("a.docx", b"%PDF-1.4", "not a Word file: it is a PDF"),
        (
            "a.xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "not an Excel file: it is an old Office file; save it as Excel",
        ),
        (
            "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password: save it without one",
        ),
        ("a.html", b"  \n ", "no text was found"),
        ("a.bin", b"x", "the format is not known"),
    ],
)
def test_content_that_does_not_fit_the_name_is_refused_with_what_it_is(read, name, content, reason):
    with pytest.raises(ParseError) as caught:
        read(name, content)
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize("extension", ["pdf", "docx", "pptx", "xlsx", "html", "md", "txt"])
def test_empty_file_is_refused_as_empty(read, extension):
    with pytest.raises(ParseError, match="the file is empty"):
        read(f"x.{extension}", b"")


def test_text_is_cleaned_of_what_no_reader_sees():
    assert clean_text("e\u0301te\u0301\x00 a\u200bb\ud800\u202e\r\nc\x0bd\uf0b7") == "été ab\nc\nd•"


@pytest.mark.parametrize(
    "title", ["", "Untitled 3", "Microsoft Word - x.doc", "paper.tex", "Slide 1", "12-34", "Sheet1"]
)
def test_titles_that_programs_fill_in_are_none(title):
    assert sensible_title(title) == ""


def test_file_name_in_words():
    assert title_from_name("2024_rapport-annuel.final.pdf") == "2024 rapport annuel.final"
