"""Chunks are slices that follow the sections."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.positions import LineMap
from assistant.types import REFERENCE_LIST, Block, BlockKind, Line, ParsedDocument
from ingestion.chunking import chunk_document
from ingestion.parsers.blocks import markdown_table


def count_words(texts):
    return [len(re.findall(r"\w+", text)) for text in texts]


def chunk(*blocks, chunk_tokens=50):
    parsed = ParsedDocument("Title", tuple(blocks))
    return chunk_document(parsed, count_tokens=count_words, chunk_tokens=chunk_tokens)


def block(kind, text, level=0, page=1):
    return Block(kind, text, (Line(0, page),), level)


def heading(text, level=1, page=1):
    return block(BlockKind.HEADING, text, level, page)


def paragraph(words, page=1, name="word"):
    sentences = [f"This {name} is number {n}." for n in range(words // 5)]
    return block(BlockKind.PARAGRAPH, " ".join(sentences), page=page)


def test_chunk_begins_with_its_heading_and_knows_its_path():
    text, chunks = chunk(heading("Leave"), heading("Paid leave", 2), paragraph(40))
    assert len(chunks) == 1
    assert chunks[0].text.startswith("Leave\n\nPaid leave\n\nThis word")
    assert chunks[0].heading == ("Leave", "Paid leave")
    assert text == chunks[0].text


def test_sections_do_not_share_a_chunk():
    _, chunks = chunk(heading("A"), paragraph(40), heading("B"), paragraph(40))
    assert [c.heading for c in chunks] == [("A",), ("B",)]
    assert "B" not in chunks[0].text


def test_tiny_sections_are_put_together_under_what_they_share():
    _, chunks = chunk(
        heading("Contacts"), heading("Paris", 2), paragraph(5), heading("Lyon", 2), paragraph(5)
    )
    assert len(chunks) == 1
    assert chunks[0].heading == ("Contacts",)
    assert "Paris" in chunks[0].text
    assert "Lyon" in chunks[0].text


def test_tiny_words_before_a_long_section_open_its_first_chunk():
    _, chunks = chunk(
        heading("History"), paragraph(5, name="lead"), heading("1972", 2), paragraph(90)
    )
    assert len(chunks) == 2
    assert chunks[0].text.startswith("History\n\nThis lead")
    assert "1972\n\nThis word" in chunks[0].text
    assert {c.heading for c in chunks} == {("History", "1972")}


def test_long_section_is_divided_evenly_at_sentence_ends():
    _, chunks = chunk(heading("A"), paragraph(500))
    sizes = [count_words([c.text])[0] for c in chunks]
    assert max(sizes) <= 60
    assert min(sizes) >= 40
    assert all(c.text.endswith(".") for c in chunks)
    assert all(c.heading == ("A",) for c in chunks)


def test_rows_of_a_long_table_carry_its_header():
    rows = [["City", "Rate"], *([f"Town {n}", f"{n} euros"] for n in range(60))]
    _, chunks = chunk(block(BlockKind.TABLE, markdown_table(rows)))
    assert len(chunks) > 2
    assert chunks[0].table_header == ""
    assert chunks[0].text.startswith("| City | Rate |\n|---|---|\n| Town 0 |")
    for later in chunks[1:]:
        assert later.table_header == "| City | Rate |\n|---|---|"
        assert later.text.startswith("| Town")
        assert later.text.endswith("|")
        assert later.indexed_text("T").startswith("T\n| City | Rate |")


def test_table_that_fits_is_not_divided():
    rows = [["City", "Rate"], *([f"Town {n}", f"{n} euros"] for n in range(12))]
    _, chunks = chunk(paragraph(30), block(BlockKind.TABLE, markdown_table(rows)), paragraph(30))
    assert [c for c in chunks if "| Town 0 |" in c.text and "| Town 11 |" in c.text]
    assert all(not c.table_header for c in chunks)


def test_caption_stays_with_its_table_and_names_the_later_rows():
    rows = [["City", "Rate"], *([f"Town {n}", f"{n} euros"] for n in range(60))]
    caption = block(BlockKind.CAPTION, "Table 3: Rates of 2024. In euros.")
    _, chunks = chunk(
        heading("A"), paragraph(45), caption, block(BlockKind.TABLE, markdown_table(rows))
    )
    first = next(c for c in chunks if "Table 3" in c.text)
    assert "| City | Rate |\n|---|---|\n| Town 0 |" in first.text
    assert first.heading == ("A",)
    later = chunks[first.ordinal + 1]
    assert later.heading == ("A", "Table 3: Rates of 2024. In euros.")
    assert "Table 3: Rates" in later.indexed_text("T")


def test_last_rows_of_a_table_are_no_chunk_of_their_own():
    rows = [["City", "Rate"], *([f"Town {n}", f"{n} euros"] for n in range(15))]
    _, chunks = chunk(block(BlockKind.TABLE, markdown_table(rows)))
    assert min(count_words([c.text])[0] for c in chunks) >= 20


def test_list_begins_with_the_sentence_that_leads_to_it():
    items = [block(BlockKind.LIST_ITEM, f"- thing number {n} of all") for n in range(12)]
    lead = block(BlockKind.PARAGRAPH, "You have to bring the following:")
    _, chunks = chunk(paragraph(45), lead, *items)
    assert next(c for c in chunks if "following:" in c.text).text.count("thing number") >= 1


def test_footnote_stands_behind_its_paragraph_and_not_in_the_next():
    note = block(BlockKind.FOOTNOTE, "1 See the law of 2016.")
    text, chunks = chunk(heading("A"), paragraph(40), note, paragraph(40, name="clause"))
    holder = next(c for c in chunks if "law of 2016" in c.text)
    assert holder.text.endswith("law of 2016.")
    assert "clause" not in holder.text
    assert text.index("law of 2016") < text.index("clause")


def test_footnote_does_not_interrupt_the_text_of_a_chunk():
    note = block(BlockKind.FOOTNOTE, "1 See the law of 2016.")
    _, chunks = chunk(paragraph(10), note, paragraph(15, name="clause"))
    assert [c.text.endswith("law of 2016.") for c in chunks] == [True]


def test_reference_list_has_chunks_of_its_own_that_say_so():
    entries = [block(BlockKind.REFERENCE, f"[{n}] A. Author. Title. 20{n:02}.") for n in range(9)]
    _, chunks = chunk(
        heading("Text"),
        paragraph(20),
        heading("Bibliographie"),
        *entries,
        heading("Annex"),
        paragraph(4),
    )
    lists = [c for c in chunks if "Author" in c.text]
    assert all(c.heading == ("Bibliographie", REFERENCE_LIST) for c in lists)
    assert lists[0].text.startswith("Bibliographie\n\n[0]")
    others = [c for c in chunks if c not in lists]
    assert all(REFERENCE_LIST not in c.heading for c in others)
    assert "This word" in others[0].text


def test_document_of_nothing_but_footnotes_is_read():
    _, chunks = chunk(block(BlockKind.FOOTNOTE, "1 Only this."))
    assert [c.text for c in chunks] == ["1 Only this."]


def test_heading_at_the_end_joins_the_text_before_it():
    _, chunks = chunk(heading("A"), paragraph(40), heading("Empty"))
    assert chunks[-1].text.endswith("Empty")
    assert "This word" in chunks[-1].text


def test_slides_with_nothing_but_titles_are_not_lost():
    _, chunks = chunk(heading("One"), heading("Two"))
    assert [c.text for c in chunks] == ["One\n\nTwo"]


def test_no_text_gives_no_chunk():
    assert chunk() == ("", ())
    assert chunk(block(BlockKind.PARAGRAPH, "  ")) == ("", ())


def test_word_without_end_is_cut():
    _, chunks = chunk_document(
        ParsedDocument("T", (block(BlockKind.PARAGRAPH, "x" * 5000),)),
        count_tokens=lambda texts: [len(text) for text in texts],
        chunk_tokens=100,
    )
    assert "".join(c.text for c in chunks) == "x" * 5000
    assert max(len(c.text) for c in chunks) <= 120


def test_tokens_are_counted_in_one_call():
    calls = []

    def count(texts):
        calls.append(len(texts))
        return count_words(texts)

    parsed = ParsedDocument("T", (heading("A"), paragraph(300), heading("B"), paragraph(30)))
    chunk_document(parsed, count_tokens=count, chunk_tokens=50)
    assert len(calls) == 1


def test_lines_find_page_and_box_of_a_span():
    first = "The notice period is three months"
    lines = (
        Line(0, 4, (50.0, 700.0, 300.0, 712.0)),
        Line(len(first) + 1, 5, (50.0, 60.0, 200.0, 72.0)),
    )
    text, chunks = chunk(
        paragraph(40), Block(BlockKind.PARAGRAPH, f"{first} for all staff.", lines)
    )
    start = text.index("for all staff")
    found = LineMap(chunks[-1].lines, chunks[-1].end)
    assert found.page(text.index("notice")) == 4
    assert found.page(start) == 5
    assert [box.page for box in found.boxes(start, start + 5)] == [5]


WORDS = st.lists(
    st.sampled_from(["the", "congé.", "Rate", "3,5", "is", "A.", "Fin!", "x" * 30, "\n", "é"]),
    max_size=60,
).map(" ".join)
BLOCKS = st.lists(
    st.one_of(
        st.builds(
            heading,
            st.sampled_from(["Leave", "2 Pay", "Annex"]),
            st.integers(1, 3),
            st.integers(1, 9),
        ),
        st.builds(
            block,
            st.sampled_from(
                sorted(set(BlockKind) - {BlockKind.TABLE, BlockKind.TITLE, BlockKind.HEADING})
            ),
            WORDS.filter(str.strip),
        ),
        st.builds(
            lambda rows: block(BlockKind.TABLE, markdown_table([["k", "v"], *rows])),
            st.lists(st.lists(WORDS, min_size=2, max_size=2), min_size=1, max_size=12),
        ),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(BLOCKS, st.sampled_from([10, 50, 200]))
def test_chunks_are_ordered_slices_that_hold_everything(blocks, chunk_tokens):
    text, chunks = chunk(*blocks, chunk_tokens=chunk_tokens)
    assert (text, chunks) == chunk(*blocks, chunk_tokens=chunk_tokens)
    position = 0
    for ordinal, made in enumerate(chunks):
        assert made.ordinal == ordinal
        assert text[made.start : made.end] == made.text
        assert made.text == made.text.strip() != ""
        assert text[position : made.start].strip() == ""
        assert made.lines
        assert made.lines[0].offset <= made.start
        assert all(line.offset < made.end for line in made.lines)
        position = made.end
    assert text[position:].strip() == ""
    prose = [b.text for b in blocks if b.kind is not BlockKind.FOOTNOTE]
    found = 0
    for block_text in prose:
        found = text.index(block_text, found) + len(block_text)
    for note in (b.text for b in blocks if b.kind is BlockKind.FOOTNOTE):
        assert note in text


@settings(max_examples=60, deadline=None)
@given(BLOCKS, st.sampled_from([20, 200]))
def test_chunks_of_references_hold_no_prose(blocks, chunk_tokens):
    named = [
        Block(b.kind, f"{b.kind.value} {n} {b.text}", b.lines, b.level)
        for n, b in enumerate(blocks)
        if b.kind is not BlockKind.TABLE
    ]
    _, chunks = chunk(*named, chunk_tokens=chunk_tokens)
    for made in chunks:
        listed = made.heading[-1:] == (REFERENCE_LIST,)
        assert listed or "reference " not in made.text
        if listed:
            assert not re.search(r"\b(?:paragraph|list_item|caption|code) \d", made.text)


@settings(max_examples=60, deadline=None)
@given(BLOCKS, st.sampled_from([20, 50, 200]))
def test_chunks_keep_to_their_size_and_are_more_than_headings(blocks, chunk_tokens):
    _, chunks = chunk(*blocks, chunk_tokens=chunk_tokens)
    titles = [b.text for b in blocks if b.kind is BlockKind.HEADING]
    has_body = len(titles) < len(blocks)
    for made in chunks:
        assert count_words([made.text])[0] <= 1.7 * chunk_tokens
        if has_body and len(titles) < 4:
            assert set(made.text.split("\n\n")) - set(titles)
