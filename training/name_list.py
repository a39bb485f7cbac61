"""First names of many countries, for `assistant/safety/personal/world_names.txt`.

    pip download faker==40.63.0 --no-deps && unzip faker-*.whl
    PYTHONPATH=.:FOLDER python training/name_list.py --words /usr/share/dict/american-english
        --sets PIAF_FR_DEV CLAPNQ_DEV --write

The names are those of Faker's providers (MIT) in Latin letters. Left out is what is a word as
well: small letters in the list of words (SCOWL) or in the passages of the sets; and what is a
country, state or town of Faker's addresses or a people of the list below.
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
LATIN = re.compile(r"[A-Z\u00c0-\u024f][a-z\u00df-\u024f]{2,19}")
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
PEOPLES = frozenset(
    """African American Arabic Arab Asian Australian Austrian Belgian British Canadian Catholic
    Chinese Christian Danish Dutch Egyptian English European Finnish French German Greek Hindu
    Indian Irish Islam Islamic Israeli Italian Japanese Jewish Jew Korean Latin Mexican Muslim
    Norwegian Persian Polish Portuguese Roman Romanian Russian Scottish Serbian Spanish Swedish
    Swiss Syrian Turkish Welsh London Paris Lyon Boston Dallas Denver Houston Francisco Diego
    Orleans Angeles York Ford Chrysler Lincoln Kodak Siemens Bosch Microsoft Google Oracle Philips
    Easter Mac Washington Virginia Carolina Dakota Georgia Montana Nevada Indiana
    Louisiana""".split()
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--words", type=Path, required=True)
    parser.add_argument("--sets", type=Path, nargs="+", required=True)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    words = {word for word in arguments.words.read_text().split() if word.islower()}
    for folder in arguments.sets:
        for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
            words |= set(re.findall(r"[^\W\d_]+", json.loads(line)["text"]))
    words = {word for word in words if word.islower()}
    places = {part for place in _values(faker.providers.address, PLACES) for part in place.split()}
    found = {
        name
        for name in _values(faker.providers.person, ("first_names", "first_name"))
        if LATIN.fullmatch(name) and name.lower() not in words
    }
    kept = sorted(found - places - PEOPLES - names.first_names())
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
