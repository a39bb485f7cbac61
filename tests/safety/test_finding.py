"""What is found in a text, and what is not."""

import random

import pytest

from assistant.safety.personal import Kind, find_personal
from assistant.safety.personal.checksums import is_card, is_french_vat, is_iban, is_nir, is_siret
from assistant.safety.secrets import find_secrets


def found(text: str, kind: Kind) -> list[str]:
    return [text[one.start : one.end] for one in find_personal(text) if one.kind == kind]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (
            "Livrer à 118 Via Lunga 12 Apt. 4\nRoma\nItaly 00161, avant midi.",
            Kind.ADDRESS,
            "118 Via Lunga 12 Apt. 4\nRoma\nItaly 00161",
        ),
        (
            "Our office: 77 Old Mill Bend Suite 310\nBoulder, CO 80301",
            Kind.ADDRESS,
            "77 Old Mill Bend Suite 310\nBoulder, CO 80301",
        ),
        (
            "She serves at PSC 1234, Box 567\nAPO AE 09123 until May.",
            Kind.ADDRESS,
            "PSC 1234, Box 567\nAPO AE 09123",
        ),
        ("Écrire à anne.durand@exemple.fr.", Kind.EMAIL, "anne.durand@exemple.fr"),
        ("Ask jo [at] example [dot] org please", Kind.EMAIL, "jo [at] example [dot] org"),
        ("Appelez le 06 12 34 56 78 demain.", Kind.PHONE, "06 12 34 56 78"),
        ("Ring +44 20 7946 0958 now", Kind.PHONE, "+44 20 7946 0958"),
        ("Dial (212) 555-0187 today", Kind.PHONE, "(212) 555-0187"),
        ("Ask for (898)666-3621x0135 today", Kind.PHONE, "(898)666-3621x0135"),
        ("Écrivez au +33 1 23 45 67 89 poste 412.", Kind.PHONE, "+33 1 23 45 67 89 poste 412"),
        ("They are not answering at 78 651 450", Kind.PHONE, "78 651 450"),
        ("4 rue Basse\n28-64-66-98 office\nNice", Kind.PHONE, "28-64-66-98"),
        (
            "IBAN : FR14 2004 1010 0505 0001 3M02 606.",
            Kind.IBAN,
            "FR14 2004 1010 0505 0001 3M02 606",
        ),
        ("compte DE89370400440532013000 fermé", Kind.IBAN, "DE89370400440532013000"),
        ("carte 4970 1000 0000 0014, exp. 12/27", Kind.CARD, "4970 1000 0000 0014"),
        ("card 4111-1111-1111-1111 was charged", Kind.CARD, "4111-1111-1111-1111"),
        ("n° de sécurité sociale 1 84 12 76 451 089 46", Kind.NIR, "1 84 12 76 451 089 46"),
        ("née en Corse : 2 69 05 2A 123 456 88", Kind.NIR, "2 69 05 2A 123 456 88"),
        ("SIREN 732 829 320, RCS Paris", Kind.SIREN, "732 829 320"),
        ("SIRET : 732 829 320 00074", Kind.SIRET, "732 829 320 00074"),
        ("La Poste 35600000049837", Kind.SIRET, "35600000049837"),
        ("TVA FR40303265045", Kind.VAT, "FR40303265045"),
        ("from 203.0.113.9 at noon", Kind.IP, "203.0.113.9"),
        ("host 2001:db8::8a2e:370:7334 down", Kind.IP, "2001:db8::8a2e:370:7334"),
        ("Merci à Mme Durand-Leroy pour", Kind.PERSON, "Durand-Leroy"),
        ("as Sophie de la Tour said", Kind.PERSON, "Sophie de la Tour"),
        ("signé avec Krzysztof Wójcik hier", Kind.PERSON, "Krzysztof Wójcik"),
        ("a meeting with Yusuf Yıldız on Monday", Kind.PERSON, "Yusuf Yıldız"),
        ("My name is Rubija and I ask", Kind.PERSON, "Rubija"),
        ("Nom de famille :   Vasquez", Kind.PERSON, "Vasquez"),
        ("Bonjour Mamadou, voici", Kind.PERSON, "Mamadou"),
        (
            "au 12 bis, rue des Lilas, 75011 Paris.",
            Kind.ADDRESS,
            "12 bis, rue des Lilas, 75011 Paris",
        ),
        (
            "lives at 221B Baker Street, London NW1 6XE",
            Kind.ADDRESS,
            "221B Baker Street, London NW1 6XE",
        ),
        (
            "Lieferung an Hauptstraße 12a, 10115 Berlin, bitte",
            Kind.ADDRESS,
            "Hauptstraße 12a, 10115 Berlin",
        ),
        (
            "sede in Via Giuseppe Verdi 5, 20121 Milano.",
            Kind.ADDRESS,
            "Via Giuseppe Verdi 5, 20121 Milano",
        ),
        ("Calle de Alcalá, 48, 28014 Madrid", Kind.ADDRESS, "Calle de Alcalá, 48, 28014 Madrid"),
        ("ul. Długa 7/12, 00-238 Warszawa", Kind.ADDRESS, "ul. Długa 7/12, 00-238 Warszawa"),
        (
            "woont Prinsengracht 263, 1016 GV Amsterdam",
            Kind.ADDRESS,
            "Prinsengracht 263, 1016 GV Amsterdam",
        ),
        ("Vasagatan 11, 111 20 Stockholm", Kind.ADDRESS, "Vasagatan 11, 111 20 Stockholm"),
    ],
)
def test_personal_data_is_found_where_it_stands(text, kind, value):
    assert found(text, kind) == ([value] if value else [])


@pytest.mark.parametrize(
    "text",
    [
        "Commande 0612345678 expédiée le 12/03/2024.",
        "ISBN 978-2-07-036822-8, version 10.2.3.4, section 3.2.1.4",
        "IBAN FR14 2004 1010 0505 0001 3M02 607",
        "carte 4111 1111 1111 1112",
        "numéro 1 84 12 76 451 089 47",
        "SIREN 732 829 321",
        "un total de 732 829 320 euros",
        "The odds ratio was 0.36 (0.26-0.49).",
        "12 500 000 mobile users and 28 640 660 home visits",
        "À 12:30:45, std::vector<int>, le ratio 16:9:4",
        "The University of Oxford and New York City Council met.",
        "Partie 2, Lyon reste; Garantie 24 mois; Sortie 3 de l'autoroute A6; Brigade 3, Annexe 4",
        "Via Internet 5 commandes, Via Microsoft Teams 3 réunions, Plaza Hotel 2 stars",
        "Cher Client, Cher Monsieur, Réunion Lundi Matin",
        "Asia Pacific, Milan Fashion Week, IBM Rosetta",
        "Nom : Prénom : Date de naissance : Username: Email: Password: First name: Last name:",
        "The username Password pair, lastname: String, Le nom : Rapport annuel",
        "L'outil s'appelle Word. He called me Monday. Mercedes Classe, SEAT Leon",
        "Thales Services Numériques, Philo Configuration",
        "Hannibal came via Alpes 218 BC; Via Appia is old. Figure via Smith 12.",
        "Corso 2019, in Gasse 7 % of Paseo",
        "Bonjour Madame, Dear Customer, Hi Team, Hello World",
        "No. 3 Bach Cello Suite 1 in G, 2 Adobe Suite 6 licences, 5 Old Flat 4 tyres, 1 Unit 2",
        "Mac OS, Victoria Cross and Beverly Hills are no people.",
    ],
)
def test_near_misses_are_left_alone(text):
    assert find_personal(text) == []


def test_a_name_that_was_announced_once_is_found_everywhere():
    text = "Mme Okonkwo dirige le service. Le rapport de Okonkwo date de mai."
    assert found(text, Kind.PERSON) == ["Okonkwo", "Okonkwo"]


@pytest.mark.parametrize("sign", ["\u200b", "\u00ad", "\0", "\ufeff"])
def test_invisible_characters_hide_nothing(sign):
    number = sign.join("DE89370400440532013000")
    text = f"Compte {number} fermé"
    assert found(text, Kind.IBAN) == [number]


@pytest.mark.parametrize("zero", ["０", "٠", "०", "𝟎"])
def test_digits_of_other_scripts_are_digits(zero):
    text = "Tél. " + "".join(chr(ord(zero) + int(d)) for d in "0612345678")
    assert len(found(text, Kind.PHONE)) == 1


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u2009"])
def test_spaces_of_typesetters_are_spaces(space):
    assert found(f"SIRET 732{space}829{space}320{space}00074", Kind.SIRET)


def test_checksums_agree_with_known_numbers():
    assert is_iban("GB82WEST12345698765432")
    assert is_nir("255081416802538")
    assert is_siret("73282932000074")
    assert is_french_vat("FR83404833048")
    assert is_card("378282246310005", named=False)
    assert not is_card("0000000000000000", named=True)


def test_any_changed_digit_breaks_a_checksum():
    rng = random.Random(9)  # noqa: S311 - no secret
    for number, holds in [
        ("GB82WEST12345698765432", is_iban),
        ("255081416802538", is_nir),
        ("73282932000074", is_siret),
    ]:
        for place in [i for i, sign in enumerate(number) if sign.isdigit()]:
            other = rng.choice([digit for digit in "0123456789" if digit != number[place]])
            assert not holds(number[:place] + other + number[place + 1 :])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("mot de passe : Tr0ub4dor&3", "Tr0ub4dor&3"),
        ("Le mot de passe est S3same-42.", "S3same-42"),
        ("identifiant : jdupont42", "jdupont42"),
        ("clé d'accès = 9f8e7d6c5b4a", "9f8e7d6c5b4a"),
        ("password: hunter2", "hunter2"),
        ("Le mot de passe du Wi-Fi invité est Ete2025!", "Ete2025"),
        ("Mot de passe : ouistiti\n", "ouistiti"),
        ("key AKIAIOSFODNN7EXAMPLE in use", "AKIAIOSFODNN7EXAMPLE"),
        (
            "token ghp_0123456789abcdefghijABCDEFGHIJ012345",
            "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        ),
        ("https://bob:correcthorse@db.local/x", "correcthorse"),
    ],
)
def test_secrets_are_found(text, value):
    assert [text[one.start : one.end] for one in find_secrets(text)] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "Votre mot de passe doit compter douze caractères.",
        "Mot de passe : changez-le souvent et ne le notez pas.",
        "The password is stored as a hash.",
        "Secret de fabrication : la recette reste à l'usine.",
        "Part number SK-2041-B, serial 0f3a9c11d2e4",
        "password: ********",
    ],
)
def test_advice_about_secrets_is_none(text):
    assert find_secrets(text) == []


def test_a_private_key_is_found_whole():
    body = "\n".join(["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"] * 5)
    key = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"
    text = f"avant\n{key}\naprès"
    assert [text[one.start : one.end] for one in find_secrets(text)] == [key]
