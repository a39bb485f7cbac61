"""How an answer, a doubt and a refusal look."""

from ui.components.answer import finished_answer, growing_answer
from ui.language import load_texts

ENGLISH = load_texts("en")
SUPPORTED = {
    "text": "Two days.",
    "supported": True,
    "citations": [1],
    "doubt": None,
    "translated": False,
}
DOUBT = {"fault": "number", "en": "no “three”", "fr": "pas de « three »"}
DOUBTFUL = {
    "text": "Or <b>three</b>.", "supported": False, "citations": [], "doubt": DOUBT,
    "translated": False,
}  # fmt: skip
PASSAGE = {
    "flags": [],
    "document_id": "d", "uri": "file:///a.md", "title": "Remote work", "page": 1, "pages": 3,
    "heading": [],
    "start": 0, "end": 9, "text": "Two days.", "places": [],
}  # fmt: skip
CITATION = PASSAGE | {"marker": 1, "pages": 1, "quote": "Two days."}
ANSWER = {
    "answer": "Two days. [1]", "refused": False, "model": "phi", "writer": "model",
    "language": "en", "citations": [CITATION], "sentences": [SUPPORTED], "passages": [PASSAGE],
    "timings_ms": {"total": 1234.0}, "flags": [],
}  # fmt: skip


def test_mark_leads_to_its_card():
    shown = finished_answer(ENGLISH, ANSWER, scope="4")
    assert 'href="#philo-4-1"' in shown
    assert 'id="philo-4-1"' in shown


def test_sentence_without_support_is_marked_as_such():
    shown = finished_answer(ENGLISH, ANSWER | {"sentences": [SUPPORTED, DOUBTFUL]}, scope="0")
    assert shown.count(ENGLISH("answer.unsupported")) == 1
    assert '<span class="philo-unsupported">Or &lt;b&gt;three&lt;/b&gt;.</span>' in shown


def test_reader_is_told_who_wrote():
    by_model = finished_answer(ENGLISH, ANSWER, scope="0")
    assert "Written by phi (AI)" in by_model
    assert "1.2 s" in by_model
    quoted = finished_answer(ENGLISH, ANSWER | {"writer": "quotes"}, scope="0")
    assert "quoted word for word" in quoted
    assert "Written by" not in quoted


def test_refusal_shows_no_sentence_and_at_most_three_passages():
    refusal = ANSWER | {
        "refused": True, "answer": "I did not find it.", "citations": [], "sentences": [],
        "passages": [PASSAGE] * 5,
    }  # fmt: skip
    shown = finished_answer(ENGLISH, refusal, scope="0")
    assert "philo-refusal" in shown
    assert "philo-text" not in shown
    assert shown.count("<details") == 3


def test_growing_answer_is_read_out_as_it_grows():
    shown = growing_answer(ENGLISH, [SUPPORTED], scope="0")
    assert 'aria-live="polite"' in shown
    assert ENGLISH("ask.writing") in shown


def test_other_places_of_a_text_are_named():
    also = {"title": "Charte <2>", "uri": "file:///b.md", "page": 7}
    shown = finished_answer(
        ENGLISH, ANSWER | {"citations": [CITATION | {"places": [also]}]}, scope="0"
    )
    assert "The same text is in: Charte &lt;2&gt;, p. 7" in shown


def test_a_doubt_says_why_in_the_reader_s_language():
    answer = ANSWER | {"sentences": [DOUBTFUL]}
    assert 'title="no “three”"' in finished_answer(ENGLISH, answer, scope="0")
    assert 'title="pas de « three »"' in finished_answer(load_texts("fr"), answer, scope="0")


def test_a_sentence_that_is_left_as_it_is_has_no_mark():
    left = DOUBTFUL | {"doubt": None}
    shown = finished_answer(ENGLISH, ANSWER | {"sentences": [left]}, scope="0")
    assert ENGLISH("answer.unsupported") not in shown


def test_a_source_in_another_language_is_told():
    sentence = SUPPORTED | {"translated": True}
    shown = finished_answer(ENGLISH, ANSWER | {"sentences": [sentence]}, scope="0")
    assert ENGLISH("answer.translated") in shown
