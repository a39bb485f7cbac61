"""CSV and TSV."""

import pytest

from ingestion.parsers.base import parse_file
from ingestion.parsers.delimited import find_delimiter


@pytest.fixture
def read(tmp_path):
    def parse(content, name="rates_2024.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return [block.text for block in parse_file(path, max_pages=5, max_file_bytes=10**7).blocks]

    return parse


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_delimiter_is_found_out(read, sign):
    rows = [["City", "Rate", "Note"], ["Lyon", "12", "a b"], ["Nîmes", "13", "c"]]
    table = "| City | Rate | Note |\n|---|---|---|\n| Lyon | 12 | a b |\n| Nîmes | 13 | c |"
    assert read("\n".join(sign.join(row) for row in rows)) == [table]


def test_decimal_commas_do_not_part_cells():
    assert find_delimiter("Ville;Prix\nLyon;12,5\nParis;13,75\n") == ";"


def test_delimiter_that_excel_states_is_believed(read):
    assert read("sep=;\r\na,b;c,d\r\n1,2;3,4\r\n") == ["| a,b | c,d |\n|---|---|\n| 1,2 | 3,4 |"]


def test_quoted_cells_keep_delimiters_and_line_breaks(read):
    assert read('a,b\n"x, y","1\n2 ""q"""\n') == ['| a | b |\n|---|---|\n| x, y | 1 2 "q" |']


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_encoding_is_found_out(read, encoding):
    assert "| Nîmes | été |" in read("Ville;Saison\nNîmes;été\n".encode(encoding))[0]


def test_title_above_the_table_is_its_caption_and_notes_below_are_text(read):
    assert read("Rates 2024\n\nCity,Rate\nLyon,12\nParis,13\n(a) without tax\n") == [
        "Rates 2024",
        "| City | Rate |\n|---|---|\n| Lyon | 12 |\n| Paris | 13 |",
        "(a) without tax",
    ]


def test_tsv_is_parted_by_tabs_whatever_else_is_in_it(read):
    assert read("a;b\tc;d\n1;2\t3;4\n", "x.tsv") == ["| a;b | c;d |\n|---|---|\n| 1;2 | 3;4 |"]
