"""Where sentences begin and end."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.sentences import split_sentences


def sentences(text, language=None):
    return [text[start:end] for start, end in split_sentences(text, language)]


@pytest.mark.parametrize(
    "text",
    [
        "M. Dupont et Mme Durand ont vu le Dr. Martin.",
        "Selon l'art. L. 121-1 du code, cf. p. 12, le délai court.",
        "Le taux passe de 3,5 à 4.2 points, etc., en un an.",
        "Il demande « Vraiment ? » puis sort.",
        "Le dossier n° 4 (rép. 12) est clos.",
        "As shown in Fig. 3 and by Smith et al. (2020), e.g. in No. 5, it holds.",
        "The U.S. Army and Acme Inc. signed at 9 a.m. on Jan. 3.",
        "J. Smith and J.-P. Martin v. Jones, pp. 3 and vol. 2, agree.",
        "See https://example.org/a.b?c=1.2&d=e! for more.",
        "The function is slow... but it works.",
        "1. The first item of a list.",
        "Section 3.2 tells more.",
        "A sentence that\nis wrapped over\nthree lines.",
    ],
)
def test_one_sentence_stays_whole(text):
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Il part. Elle reste.", ["Il part.", "Elle reste."]),
        ("C'est fini ! Vraiment ? Oui.", ["C'est fini !", "Vraiment ?", "Oui."]),
        ("Il dit : « Je viens. » Puis il part.", ["Il dit : « Je viens. »", "Puis il part."]),
        ("25 jours, etc. Les autres non.", ["25 jours, etc.", "Les autres non."]),
        ("Le taux est de 3 %. Il baisse.", ["Le taux est de 3 %.", "Il baisse."]),
        ("Il gagne 100 €. 20 % sont pris.", ["Il gagne 100 €.", "20 % sont pris."]),
        ("He lives in the U.S. The house is old.", ["He lives in the U.S.", "The house is old."]),
        ("Take vitamin C. The dose is small.", ["Take vitamin C.", "The dose is small."]),
        ("Donnez-le à M. Le Goff. Il attend.", ["Donnez-le à M. Le Goff.", "Il attend."]),
        ("C'est ce qu'il est. Elle part.", ["C'est ce qu'il est.", "Elle part."]),
        ("The wall is 3 m. The door is 2 m.", ["The wall is 3 m.", "The door is 2 m."]),
        ("Give it to me. Then go.", ["Give it to me.", "Then go."]),
        ("Is it? No. It is closed.", ["Is it?", "No.", "It is closed."]),
        ("It was in 2019. 45 people came.", ["It was in 2019.", "45 people came."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("Wait... The end is near.", ["Wait...", "The end is near."]),
        ("(It is so.) Done.", ["(It is so.)", "Done."]),
        ("It holds. [2] The rest too [3].", ["It holds. [2]", "The rest too [3]."]),
        ("It holds [1][2]. The rest too.", ["It holds [1][2].", "The rest too."]),
        ("It was shown. [12] proposes more.", ["It was shown.", "[12] proposes more."]),
    ],
)
def test_sentences_are_parted(text, expected):
    assert sentences(text) == expected


def test_blank_line_is_a_border():
    assert sentences("Leave\n\nEvery employee has 25 days") == [
        "Leave",
        "Every employee has 25 days",
    ]


def test_list_items_are_sentences_of_their_own():
    text = "Bring:\n- a badge\n- a laptop\n  and its charger\n1. first\n2) second"
    assert sentences(text) == [
        "Bring:",
        "- a badge",
        "- a laptop\n  and its charger",
        "1. first",
        "2) second",
    ]


def test_each_row_of_a_table_is_a_sentence_and_its_rule_is_none():
    text = "Rates:\n| kind | rate |\n|---|---|\n| A | 3. B |\n| C | 4 |\nAfter the table."
    assert sentences(text) == [
        "Rates:",
        "| kind | rate |",
        "| A | 3. B |",
        "| C | 4 |",
        "After the table.",
    ]


def test_markdown_heading_is_a_sentence_of_its_own():
    assert sentences("# Leave\nTwenty-five days.") == ["# Leave", "Twenty-five days."]


def test_abbreviations_depend_on_the_language():
    text = "Me. Dupont plaide."
    assert sentences(text, "fr") == [text]
    assert sentences(text, "en") == ["Me.", "Dupont plaide."]


@given(st.text(alphabet='aA1. !?…«»\n-|[]#"é\u00a0', max_size=80))
def test_spans_hold_every_letter_in_order(text):
    spans = split_sentences(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)
    kept = "".join(text[start:end] for start, end in spans)
    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]
