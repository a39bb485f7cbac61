"""EPUB and RTF."""

import pytest

from ingestion.parsers.base import parse_file
from tests.ingestion.small_files import book


@pytest.fixture
def read(tmp_path):
    def parse(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return parse_file(path, max_pages=9, max_file_bytes=10**7)

    return parse


def outline(parsed):
    return [(block.kind.value, block.page, block.text) for block in parsed.blocks]


def test_chapters_are_pages_in_reading_order(read):
    parsed = read(
        "x.epub",
        book(
            {
                "b.xhtml": "<h1>First</h1><p>One<a epub:type='noteref'><sup>1</sup></a>.</p>",
                "a.xhtml": "<p>Two.</p><aside epub:type='footnote'><p>A note.</p></aside>",
            }
        ),
    )
    assert outline(parsed) == [
        ("heading", 1, "First"),
        ("paragraph", 1, "One."),
        ("paragraph", 2, "Two."),
        ("footnote", 2, "A note."),
    ]
    assert (parsed.title, parsed.author, parsed.date) == ("Guide", "Ada", "2024-03-01")
    assert parsed.pages == 2


def test_chapter_without_heading_takes_it_from_the_table_of_contents(read):
    contents = (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel>'
        '<text>Leave</text></navLabel><content src="one.xhtml#top"/></navPoint></navMap></ncx>'
    )
    item = '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    parsed = read(
        "x.epub",
        book({"one.xhtml": "<p>Text.</p>"}, extra={"in/toc.ncx": contents}, manifest=item),
    )
    assert outline(parsed) == [("heading", 1, "Leave"), ("paragraph", 1, "Text.")]


RICH = rb"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}}
{\stylesheet{\s0 Normal;}{\s1\sb240 heading 1;}}{\info{\title Le r\'e8glement}{\author Ada}}
{\header page head}{\pict 0102}
\pard\plain\s1 Les cong\'e9s\par
\pard\plain Vingt-cinq jours\u8239 ?par an{\footnote\chftn  Loi de 2016.}.
{\v hidden}{\deleted gone}{\*\unknown xx}{\field{\*\fldinst HYPERLINK "x"}{\fldrslt  lien}}\par
{\listtext\'b7\tab}premier\par{\pntext 2.\tab}second\par
\trowd\intbl Ville\cell Prime\cell\row\trowd\intbl Lyon\cell 12 \'80\cell\row\pard
{\f1 \'cf\'f0\'e8} \u-10179 ?\u-8704 ?\page suite{\pict\bin5 }}}{\par}
}"""


def test_rich_text_is_read_with_headings_lists_tables_and_notes(read):
    parsed = read("x.rtf", RICH)
    assert outline(parsed) == [
        ("heading", 1, "Les congés"),
        ("paragraph", 1, "Vingt-cinq jours\u202fpar an. lien"),
        ("footnote", 1, "Loi de 2016."),
        ("list_item", 1, "- premier"),
        ("list_item", 1, "2. second"),
        ("table", 1, "| Ville | Prime |\n|---|---|\n| Lyon | 12 € |"),
        ("paragraph", 1, "При 😀"),
        ("paragraph", 2, "suite"),
    ]
    assert (parsed.title, parsed.author, parsed.pages) == ("Le règlement", "Ada", 2)
