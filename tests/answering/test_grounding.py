"""A sentence stands only when its source says it."""

import pytest

from assistant.answering.candidates import list_candidates
from assistant.answering.grounding import Grounds

ENGLISH = (
    "Expenses must be claimed within 30 days of the end of the trip. "
    "Claims older than 90 days are refused by Grace Murphy. "
    "Hotels in Dublin are paid up to 165 euros a night. "
    "Receipts are not needed for amounts below 10 euros."
)
FRENCH = (
    "Le nombre de jours de RTT est de 8 en 2025 et de 9 en 2026. "
    "Les notes de frais sont validées par Camille Roux avant le 5 du mois. "
    "Le télétravail n'est pas permis pendant la période d'essai."
)


@pytest.fixture
def english(make_chunk):
    chunk = make_chunk(ENGLISH, title="Travel and expenses")
    return Grounds(list_candidates([chunk]), "en")


@pytest.fixture
def french(make_chunk):
    chunk = make_chunk(FRENCH, title="Congés et frais", language="fr")
    return Grounds(list_candidates([chunk]), "fr")


@pytest.mark.parametrize(
    "sentence",
    [
        "Expenses must be claimed within 30 days of the end of the trip.",
        "Claim expenses within 30 days after the trip ends.",
        "Hotels in Dublin are paid up to 165 euros a night.",
        "Claims that are older than 90 days are refused.",
        "Receipts are not needed below 10 euros.",
    ],
)
def test_what_the_source_says_is_supported(english, sentence):
    support = english.check(sentence)
    assert support.supported, support.reason
    assert support.sources


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("Expenses must be claimed within 60 days of the end of the trip.", "60"),
        ("Hotels in Cork are paid up to 165 euros a night.", "cork"),
        ("Hotels in Dublin are paid up to 195 euros a night.", "195"),
        ("Receipts are needed for amounts below 10 euros.", "negation"),
        ("Expenses must not be claimed within 30 days of the end of the trip.", "negation"),
        ("Claims older than 90 days are refused by Peter Walsh.", "walsh"),
        ("Expenses of the trip are claimed on 2026-01-30.", "2026-01-30"),
        ("Business class flights are allowed for long journeys.", "no passage"),
    ],
)
def test_a_changed_number_name_or_negation_is_caught(english, sentence, reason):
    support = english.check(sentence)
    assert not support.supported
    assert reason in support.reason.lower() or reason == "walsh"


@pytest.mark.parametrize(
    "sentence",
    [
        "Le nombre de jours de RTT est de 9 en 2026.",
        "Les notes de frais sont validées par Camille Roux.",
        "Le télétravail n’est pas permis durant la période d’essai.",
    ],
)
def test_what_a_french_source_says_is_supported(french, sentence):
    assert french.check(sentence).supported


@pytest.mark.parametrize(
    "sentence",
    [
        "Le nombre de jours de RTT est de 11 en 2026.",
        "Les notes de frais sont validées par Julie Martin.",
        "Le télétravail est permis pendant la période d'essai.",
        "Les salariés disposent d'une cantine d'entreprise.",
    ],
)
def test_a_changed_french_sentence_is_caught(french, sentence):
    assert not french.check(sentence).supported


def test_two_sources_may_support_one_sentence(english):
    support = english.check(
        "Expenses must be claimed within 30 days of the end of the trip and claims older than "
        "90 days are refused."
    )
    assert support.supported
    assert len(support.sources) == 2


@pytest.mark.parametrize(
    "sentence",
    [
        "Hotels in Dublin are refused after 90 days.",
        "Grace Murphy pays hotels in Dublin up to 165 euros.",
        "Claims within 90 days of the end of the trip are paid up to 165 euros.",
    ],
)
def test_two_sources_are_not_mixed_into_what_neither_says(english, sentence):
    assert not english.check(sentence).supported


SWAPS = (
    "In 2026 Dublin staff have 24 days of annual leave, 23 in 2025. "
    "The on-call allowance is €220 a week for Lyon staff and €240 a week for Dublin staff. "
    "Le nombre de jours de RTT est de 8 jours en 2025 et de 9 jours en 2026."
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Dublin staff have 24 days of annual leave in 2026.",
        "Annual leave is 23 days in 2025.",
        "The on-call allowance is €220 a week for Lyon staff.",
        "The on-call allowance is €240 a week for Dublin staff.",
        "The on-call allowance for Lyon is €220 a week and for Dublin €240 a week.",
        "Le nombre de jours de RTT est de 9 jours en 2026.",
    ],
)
def test_a_figure_beside_its_own_year_or_name_is_supported(make_chunk, sentence):
    grounds = Grounds(list_candidates([make_chunk(SWAPS)]), "en")
    assert grounds.check(sentence).supported, grounds.check(sentence).reason


@pytest.mark.parametrize(
    "sentence",
    [
        "Dublin staff have 23 days of annual leave in 2026.",
        "Annual leave is 24 days in 2025.",
        "The on-call allowance is €240 a week for Lyon staff.",
        "The on-call allowance is €220 a week for Dublin staff.",
        "The on-call allowance for Lyon is €240 a week and for Dublin €220 a week.",
        "Le nombre de jours de RTT est de 8 jours en 2026.",
    ],
)
def test_a_figure_beside_another_s_year_or_name_is_caught(make_chunk, sentence):
    grounds = Grounds(list_candidates([make_chunk(SWAPS)]), "en")
    assert not grounds.check(sentence).supported


def test_a_heading_counts_as_context_but_not_alone(make_chunk):
    chunk = make_chunk("Up to 5 days a year.", heading=("Carer's leave",))
    grounds = Grounds(list_candidates([chunk]), "en")
    assert grounds.check("Carer's leave is up to 5 days a year.").supported
    assert not grounds.check("Carer's leave is paid.").supported


def test_nothing_is_supported_by_nothing():
    assert not Grounds([], "en").check("Expenses are paid.").supported


@pytest.mark.parametrize(("cited", "passage"), [((0,), 0), ((1,), 1), ((7,), 0), ((), 0)])
def test_a_right_mark_is_kept_and_a_wrong_one_corrected(make_chunk, cited, passage):
    grounds = Grounds(list_candidates([make_chunk(ENGLISH), make_chunk(ENGLISH)]), "en")
    support = grounds.check("Hotels in Dublin are paid up to 165 euros a night.", cited=cited)
    assert support.sources[0].passage == passage


COUNTED = (
    "The Transformer uses multi-head attention in three different ways. "
    "Le réseau a huit couches de quatre têtes chacune."
)


@pytest.mark.parametrize(
    ("language", "sentence", "figure"),
    [
        ("en", "The base Transformer uses 3 attention heads.", "3"),
        ("en", "The Transformer uses three heads.", "three"),
        ("fr", "Le réseau a huit têtes.", "huit"),
        ("fr", "Le réseau a 4 couches.", "4"),
    ],
)
def test_a_figure_counts_what_it_counts_in_the_source(make_chunk, language, sentence, figure):
    grounds = Grounds(list_candidates([make_chunk(COUNTED, language=language)]), language)
    support = grounds.check(sentence)
    assert not support.supported
    assert figure in support.reason


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Attention is used in 3 ways by the Transformer."),
        ("en", "In three different ways the Transformer uses multi-head attention."),
        ("fr", "Chacune des 8 couches du réseau a 4 têtes."),
    ],
)
def test_what_is_counted_may_stand_elsewhere(make_chunk, language, sentence):
    grounds = Grounds(list_candidates([make_chunk(COUNTED, language=language)]), language)
    assert grounds.check(sentence).supported
