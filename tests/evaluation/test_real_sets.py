"""Real question sets, which are not part of Philo: PHILO_QUESTION_SETS names their folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assistant.evaluation.evaluate import evaluate
from assistant.evaluation.question_set import load_question_set
from assistant.settings import load_settings

SETS = os.environ.get("PHILO_QUESTION_SETS")
pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(14_400),
    pytest.mark.skipif(not SETS, reason="PHILO_QUESTION_SETS does not name a folder of sets"),
]


@pytest.mark.parametrize(
    ("name", "least_ndcg"), [("clapnq_dev", 0.97), ("piaf_fr_dev", 0.84), ("cranfield", 0.45)]
)
def test_finding_on_a_real_set_is_as_good_as_it_was(name, least_ndcg, tmp_path, model_directory):
    settings = load_settings(
        tmp_path,
        environ={
            "PHILO_MODELS__DIRECTORY": str(model_directory),
            "PHILO_MODELS__GENERATOR": "none",
        },
    )
    assert SETS is not None
    questions = load_question_set(Path(SETS) / name)
    first = evaluate(settings, questions)
    assert first.measures["ndcg@10"].value > least_ndcg
    again = evaluate(settings, questions)
    assert again.rankings == first.rankings
