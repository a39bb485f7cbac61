"""A sentence in the other language is measured by the question's translated words."""

import numpy as np

from assistant.answering.evidence_features import (
    SENTENCE_FEATURES,
    reader_features,
    sentence_features,
)
from assistant.models.embedders.hashing import HashingEmbedder
from assistant.models.readers import PassageReading
from assistant.retrieval.query import read_question

IN_SENTENCE = SENTENCE_FEATURES.index("question words in the sentence")
COSINE = SENTENCE_FEATURES.index("cosine of sentence and question")
QUESTION = read_question("How long is the notice of an employee?", max_chars=100)


def features_of(*chunks):
    return sentence_features(HashingEmbedder(dimension=256), QUESTION, chunks, [1.0] * len(chunks))


def test_it_holds_a_word_where_it_holds_a_translation_of_it(make_chunk):
    french = make_chunk("Le salarié respecte un préavis.", language="fr", document_id="fr")
    english = make_chunk("The employee keeps a notice.", document_id="en")
    candidates, features = features_of(french, english)
    held = dict(
        zip([one.chunk.language for one in candidates], features[:, IN_SENTENCE], strict=True)
    )
    assert held["fr"] == held["en"] > 0.3


def test_words_of_its_own_language_are_not_taken_for_the_question_s(make_chunk):
    chunk = make_chunk("Notice : le manuel est gros.", language="fr")
    _, features = features_of(chunk)
    assert features[0, IN_SENTENCE] == 0.0


def test_its_cosine_is_the_better_one_of_question_and_words(make_chunk):
    text = "Le salarié respecte un préavis."
    _, known = features_of(make_chunk(text, language="fr"))
    _, unknown = features_of(make_chunk(text, language="en"))
    assert known[0, COSINE] > unknown[0, COSINE]


def test_the_reader_is_believed_where_it_finds_more(make_chunk):
    def reading(relevance):
        return PassageReading(
            spans=((0, 5),),
            relevance=relevance,
            evidence=np.zeros(1),
            starts=np.zeros(1),
            ends=np.zeros(1),
        )

    chunks = make_chunk("Le salarié part.", language="fr"), make_chunk("Staff leave.")
    candidates, _ = features_of(*chunks)
    low, high = [reading(0.1), reading(0.2)], [reading(0.7), reading(0.9)]
    french, english = reader_features(candidates, QUESTION, low, high)[:, 0]
    assert (french, english) == (0.7, 0.2)
