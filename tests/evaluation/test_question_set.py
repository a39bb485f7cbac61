"""Question sets as people write them, broken ones too."""

import pytest

from assistant.errors import QuestionSetError
from assistant.evaluation.question_set import load_question_set
from tests.evaluation.conftest import CORPUS, QUERIES


def test_a_set_says_what_is_searched_for_and_what_is_asked(write_set):
    found = load_question_set(write_set())
    assert [one.uri for one in found.documents] == ["corpus:leave", "corpus:frais", "corpus:sick"]
    assert [one.id for one in found.searched] == ["1", "2"]
    assert [one.answerable for one in found.asked] == [True, True, False]
    assert found.questions[1].answers == ("160 euros",)
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"corpus": None}, "corpus.jsonl is missing"),
        ({"qrels": None}, "qrels.tsv is missing"),
        ({"corpus": [CORPUS[0], '{"_id": "x", "text": ']}, "corpus.jsonl line 2 is not JSON"),
        ({"corpus": [*CORPUS, "[" * 100_000]}, "corpus.jsonl line 4 is not JSON"),
        ({"corpus": ["[1]"]}, "line 1 is no JSON object"),
        ({"corpus": [{"_id": "x", "text": 5}]}, "line 1 has no text in `text`"),
        ({"queries": [{"text": "who?"}]}, "queries.jsonl line 1 has no `_id`"),
        ({"queries": [QUERIES[0], QUERIES[1], QUERIES[0]]}, "line 3 has the `_id` '1' of line 1"),
        ({"queries": []}, "queries.jsonl holds no question"),
        ({"corpus": []}, "holds no document with a text"),
        ({"corpus": [{"_id": "x", "text": "  "}]}, "holds no document with a text"),
        ({"qrels": ["1 leave 1"]}, "qrels.tsv line 1 has 1 fields; 3"),
        ({"qrels": ["a\tb\tc", "1\tleave\tmuch"]}, "line 2: the score 'much' is no whole number"),
        ({"answers": [{"_id": "1", "answers": "26"}]}, "`answers` is no list of texts"),
        ({"answers": [{"_id": "1", "answerable": "no"}]}, "`answerable` is neither true nor"),
    ],
)
def test_what_is_broken_is_named_with_file_and_line(write_set, files, said):
    with pytest.raises(QuestionSetError, match=said.replace("[", r"\[").replace("(", r"\(")):
        load_question_set(write_set(**files))


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(QuestionSetError, match="is no folder"):
        load_question_set(tmp_path / "nowhere")


def test_a_file_that_is_no_text_is_named(write_set):
    folder = write_set()
    (folder / "queries.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(QuestionSetError, match=r"queries\.jsonl cannot be read as UTF-8"):
        load_question_set(folder)


def test_what_names_unknown_ids_is_passed_over_and_counted(write_set):
    found = load_question_set(
        write_set(
            qrels=["1\tleave\t1", "1\tgone\t1", "9\tleave\t1", "2\tfrais\t0"],
            answers=[{"_id": "9", "answers": ["x"]}],
        )
    )
    assert [one.id for one in found.searched] == ["1"]
    assert found.warnings == (
        "1 lines of qrels.tsv passed over: they name documents that corpus.jsonl does not hold",
        "1 lines of qrels.tsv passed over: they name questions that queries.jsonl does not hold",
        "1 lines of answers.jsonl passed over: no such question",
        "2 questions have neither relevant documents nor answers",
    )


def test_half_characters_are_replaced(write_set):
    found = load_question_set(
        write_set(corpus=[{"_id": b"a\\ud800".decode(), "text": "x \ud800 y"}, *CORPUS])
    )
    assert found.documents[0].text == "x ? y"


def test_numbers_as_ids_and_empty_lines_are_taken(write_set):
    found = load_question_set(
        write_set(queries=[{"_id": 1, "text": "who?"}, "", {"_id": 2, "text": "when?"}])
    )
    assert [one.id for one in found.questions] == ["1", "2"]


def test_a_sample_is_spread_over_all_questions(write_set):
    queries = [{"_id": str(number), "text": f"question {number}"} for number in range(10)]
    found = load_question_set(write_set(queries=queries)).sample(3)
    assert [one.id for one in found.questions] == ["0", "3", "6"]
    assert found.warnings[-1] == "3 of 10 questions taken (--limit)"
