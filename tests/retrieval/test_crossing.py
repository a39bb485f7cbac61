"""Questions in one language, passages in the other."""

import pytest

from assistant.retrieval.crossing import even_out, join_texts
from assistant.retrieval.glossary import translate_words
from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.types import OPERATOR, ScoredId


@pytest.mark.parametrize(
    ("question", "language", "expected", "unwanted"),
    [
        ("Combien pèse le LM-240 ?", "fr", {"weigh", "lm-240"}, {"pese", "combien"}),
        ("Who repairs a defective meter?", "en", {"reparer", "defectueux", "compteur"}, {"a"}),
        ("Quels employés travaillent à Dublin ?", "fr", {"employee", "work", "dublin"}, {"a"}),
        ("???", "en", set(), set()),
    ],
)
def test_known_words_are_translated_and_others_stay(question, language, expected, unwanted):
    words = set(translate_words(question, language).split())
    assert expected <= words
    assert not unwanted & words


def test_a_foreign_passage_overtakes_one_that_is_hardly_nearer():
    dense = [ScoredId("own", 0.90), ScoredId("foreign", 0.89), ScoredId("far", 0.80)]
    assert [hit.id for hit in even_out(dense, {"foreign"})] == ["foreign", "own", "far"]
    assert even_out(dense, set()) == dense
    assert even_out([], {"foreign"}) == []


def test_translated_words_count_only_in_the_other_language():
    own = [ScoredId("own", 5.0), ScoredId("both", 1.0)]
    translated = [ScoredId("foreign", 7.0), ScoredId("own", 9.0), ScoredId("both", 3.0)]
    joined = join_texts(own, translated, {"foreign", "both"}, k=10)
    assert joined == [ScoredId("foreign", 7.0), ScoredId("own", 5.0), ScoredId("both", 3.0)]
    assert join_texts(own, translated, {"foreign", "both"}, k=1) == [ScoredId("foreign", 7.0)]


def test_each_language_finds_the_other(tmp_path, model_directory):
    """Three documents in the question's own language speak of something near."""
    for number in range(3):
        (tmp_path / f"fr{number}.md").write_text(
            f"# Note {number}\n\nLe bureau {number} ferme à 18 h, et le salarié rend sa clé.\n"
        )
        (tmp_path / f"en{number}.md").write_text(
            f"# Memo {number}\n\nOffice {number} closes at 6 pm, and staff return the key.\n"
        )
    (tmp_path / "rançon.md").write_text("# Attaques\n\nL'entreprise ne paie aucune rançon.\n")
    (tmp_path / "password.md").write_text("# Sign-in\n\nA password has at least 14 characters.\n")
    environ = {
        "PHILO_MODELS__DIRECTORY": str(model_directory),
        "PHILO_MODELS__GENERATOR": "none",
    }
    with open_assistant(load_settings(tmp_path / "data", environ=environ)) as assistant:
        assistant.ingestor.ingest([str(tmp_path)])
        for question, title in (
            ("Does the company pay a ransom?", "Attaques"),
            ("Quelle est la longueur minimale d'un mot de passe ?", "Sign-in"),
        ):
            hits = assistant.search(question, k=2, readable=OPERATOR)
            assert title in {hit.title for hit in hits}
