"""Sentences and rows of passages, with their place."""

from assistant.answering.candidates import list_candidates
from assistant.answering.citations import cite
from assistant.types import REFERENCE_LIST

TABLE = "| Role | Limit |\n|---|---|\n| Team lead | 5,000 € |\n| Director | 20,000 € |"


def test_each_candidate_quotes_its_very_words(make_chunk):
    chunk = make_chunk("One thing. Another thing!\n\n- a point", start=100)
    found = list_candidates([chunk])
    assert [one.quote for one in found] == ["One thing.", "Another thing!", "- a point"]
    assert [one.text for one in found] == ["One thing.", "Another thing!", "a point"]
    assert found[1].start == 111


def test_a_table_row_is_read_with_its_column_names(make_chunk):
    found = list_candidates([make_chunk(f"Approvals.\n\n{TABLE}")])
    assert [one.text for one in found] == [
        "Approvals.",
        "Role: Team lead; Limit: 5,000 €",
        "Role: Director; Limit: 20,000 €",
    ]
    assert found[2].quote == "| Director | 20,000 € |"


def test_rows_of_a_split_table_keep_the_header_of_the_first_part(make_chunk):
    chunk = make_chunk("| Buyer | 900 € |", table_header="| Role | Limit |\n|---|---|")
    assert [one.text for one in list_candidates([chunk])] == ["Role: Buyer; Limit: 900 €"]


def test_a_heading_is_marked_as_one(make_chunk):
    found = list_candidates([make_chunk("Sick leave\n\nTell your lead.", heading=("Sick leave",))])
    assert [one.is_heading for one in found] == [True, False]


def test_a_citation_gives_the_place_in_the_document(make_chunk):
    chunk = make_chunk("One thing. Another thing!", start=50)
    citation = cite(list_candidates([chunk])[1], marker=3)
    assert (citation.marker, citation.start, citation.end) == (3, 61, 75)
    assert citation.quote == "Another thing!"


def test_a_reference_list_gives_no_candidate(make_chunk):
    entry = "[3] A. Turing. Computing machinery and intelligence. Mind, 1950."
    listed = make_chunk(entry, heading=("References", REFERENCE_LIST))
    assert list_candidates([listed]) == []
    assert len(list_candidates([make_chunk(entry)])) > 0
