"""ODT, ODS and ODP."""

import pytest

from ingestion.parsers.base import parse_file
from tests.ingestion.small_files import ODF, open_document


@pytest.fixture
def read(tmp_path):
    def parse(name, kind, body, **more):
        path = tmp_path / name
        path.write_bytes(open_document(kind, body, **more))
        return parse_file(path, max_pages=5, max_file_bytes=10**7)

    return parse


def outline(parsed):
    return [(block.kind.value, block.page, block.text) for block in parsed.blocks]


def cell(text="", attributes=""):
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def row(*cells, attributes=""):
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def test_text_is_read_in_order_with_lists_tables_notes_and_boxes(read):
    body = (
        "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
        '<text:h text:outline-level="2">Congés<text:s/>payés</text:h>'
        "<text:p>Vingt-cinq<text:tab/>jours.<text:note><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>Loi de 2016.</text:p></text:note-body></text:note>"
        "<office:annotation><text:p>comment</text:p></office:annotation></text:p>"
        "<text:list><text:list-item><text:p>badge</text:p><text:list><text:list-item><text:p>bleu"
        "</text:p></text:list-item></text:list></text:list-item></text:list>"
        "<text:p><draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box></draw:frame></text:p>"
        '<text:p text:style-name="P1">Tableau 1</text:p>'
        f"<table:table>{row(cell('Ville'), cell('Prime'))}{row(cell('Lyon'), cell('12 €'))}"
        "</table:table><text:p>a<text:soft-page-break/></text:p><text:p>b</text:p>"
    )
    styles = '<style:style style:name="P1" style:parent-style-name="Caption"/>'
    parsed = read("règlement.odt", "text", body, styles=styles)
    assert outline(parsed) == [
        ("heading", 1, "Congés payés"),
        ("paragraph", 1, "Vingt-cinq\tjours."),
        ("footnote", 1, "1 Loi de 2016."),
        ("list_item", 1, "- badge"),
        ("list_item", 1, "- bleu"),
        ("paragraph", 1, "boxed"),
        ("caption", 1, "Tableau 1"),
        ("table", 1, "| Ville | Prime |\n|---|---|\n| Lyon | 12 € |"),
        ("paragraph", 1, "a"),
        ("paragraph", 2, "b"),
    ]
    assert parsed.pages == 2


def test_title_author_and_date_come_from_the_file(read):
    meta = (
        f'<office:document-meta {ODF} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta>'
        "<dc:title>Règlement</dc:title><meta:initial-creator>Ada</meta:initial-creator>"
        "<meta:creation-date>2024-03-01T10:00:00</meta:creation-date></office:meta>"
        "</office:document-meta>"
    )
    parsed = read("x.odt", "text", "<text:p>a b</text:p>", extra={"meta.xml": meta})
    assert (parsed.title, parsed.author, parsed.date) == ("Règlement", "Ada", "2024-03-01")


def test_bibliography_is_a_reference_list(read):
    entry = "<text:p>A. Author, 2020</text:p>"
    body = f"<text:bibliography><text:index-body>{entry}</text:index-body></text:bibliography>"
    assert outline(read("x.odt", "text", body)) == [("reference", 1, "A. Author, 2020")]


def test_sheets_are_pages_and_repeated_cells_are_written_out(read):
    body = (
        f'<table:table table:name="Tarifs">{row(cell("Ville"), cell("Prix"))}'
        f"{row(cell('Lyon', 'table:number-columns-repeated=' + chr(34) + '2' + chr(34)))}"
        f"{row(cell(), attributes='table:number-rows-repeated=' + chr(34) + '1000000' + chr(34))}"
        '</table:table><table:table table:name="Vide"/>'
    )
    parsed = read("tarifs.ods", "spreadsheet", body)
    assert outline(parsed) == [
        ("heading", 1, "Tarifs"),
        ("table", 1, "| Ville | Prix |\n|---|---|\n| Lyon | Lyon |"),
    ]
    assert (parsed.pages, parsed.empty_pages) == (2, (2,))


def test_slides_are_pages_with_title_and_notes(read):
    body = (
        "<draw:page><draw:frame><draw:text-box><text:list><text:list-item><text:p>rose</text:p>"
        "</text:list-item></text:list></draw:text-box></draw:frame>"
        '<draw:frame presentation:class="title"><draw:text-box><text:p>Quarter</text:p>'
        "</draw:text-box></draw:frame><presentation:notes><draw:frame><draw:text-box><text:p>"
        "Say thanks.</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>"
    )
    assert outline(read("x.odp", "presentation", body)) == [
        ("heading", 1, "Quarter"),
        ("list_item", 1, "- rose"),
        ("paragraph", 1, "Say thanks."),
    ]
