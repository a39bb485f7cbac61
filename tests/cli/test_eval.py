"""`philo eval` as a program calls it."""

import json
from pathlib import Path

import pytest

from tests.evaluation.conftest import write_set  # noqa: F401 - a fixture

CONTRACT = {"dataset", "queries", "ndcg@10", "recall@10", "recall@100", "mrr@10", "answers"}
ANSWERS = {"em", "f1", "citation_precision", "refusal_precision", "refusal_recall"}


@pytest.fixture
def small(write_set) -> Path:  # noqa: F811
    return write_set()


def test_a_small_set_is_measured_compared_and_reported(philo, small, data, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text("[answering]\nevidence_threshold = 1.0\n", encoding="utf-8")
    report = tmp_path / "reports" / "small.md"
    done = philo("eval", small, "--answers", "--compare", other, "--report", report,
                 "--k", "1", "--json")  # fmt: skip
    assert done.code == 0, done.err
    told = done.json
    assert told.keys() >= CONTRACT
    assert (told["dataset"], told["queries"], told["documents"]) == ("small", 2, 3)
    assert told["ndcg@10"] == told["mrr@10"] == told["recall@10"] == told["recall@1"] == 1.0
    answers = told["answers"]
    assert answers.keys() >= ANSWERS
    assert answers["citation_precision"] == answers["refusal_recall"] == 1.0
    assert answers["contains_answer"] == 1.0
    assert 0 < answers["f1"] < 1
    assert answers["intervals"]["f1"][0] <= answers["f1"] <= answers["intervals"]["f1"][1]
    # Everything is refused under the other settings.
    compared = told["comparison"]
    assert compared["changed"] == [
        {"setting": "answering.evidence_threshold", "first": 0.5, "second": 1.0}
    ]
    assert compared["retrieval"]["ndcg@10"]["difference"] == 0.0
    assert compared["answers"]["refusal_recall"]["second"] == 1.0
    assert compared["answers"]["f1"]["second"] == 0.0
    assert {one["query"] for one in compared["lost"]["f1"]} == {"1", "2"}
    # The user's own knowledge stays as it was: there is none.
    assert not (data / "philo.db").exists()
    check_report(report)
    again = philo("eval", small)
    assert again.code == 0
    assert "ndcg@10                      1.000  [1.000, 1.000]" in again.out
    [kept] = (data / "evaluation").iterdir()
    runs = philo("eval", "history", "--json").json["runs"]
    assert [one["figures"]["ndcg@10"] for one in runs] == [1.0, 1.0, 1.0]
    refusing = [one for one in runs if "answering.evidence_threshold" in one["settings"]]
    assert [one["figures"]["answers.f1"] for one in refusing] == [0.0]
    assert "ndcg@10 1.000" in philo("eval", "history").out
    cleaned = philo("eval", "clean", "--json")
    assert cleaned.json["removed"] == [str(kept)]
    assert not kept.exists()


def check_report(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    for part in ("## Finding", "## Answers", "gate's probability", "## Comparison", "Lost most f1"):
        assert part in text
    named = [line.split("(<")[1].rstrip(">)") for line in text.splitlines() if line[:2] == "!["]
    assert len(named) == 6
    for name in named:
        drawn = (report.parent / name).read_text(encoding="utf-8")
        assert drawn.rstrip().endswith("</svg>")
        assert 'href="http' not in drawn
    rows = (report.parent / "small-questions.jsonl").read_text(encoding="utf-8").splitlines()
    first = json.loads(rows[0])
    assert first["scores"]["ndcg@10"] == 1.0
    assert first["second_scores"]["f1"] == 0.0
    assert "26 days" in first["answer"]


@pytest.mark.parametrize(
    ("files", "arguments", "said"),
    [
        ({"qrels": ["9\tleave\t1"]}, [], "no question has a relevant document"),
        ({"answers": None}, ["--answers"], "--answers needs answers.jsonl"),
        ({"queries": ["{"]}, [], "queries.jsonl line 1 is not JSON"),
        ({}, ["--compare", "/nowhere.toml"], "/nowhere.toml cannot be read"),
    ],
)
def test_what_cannot_be_measured_is_said(philo, write_set, files, arguments, said):  # noqa: F811
    done = philo("eval", write_set(**files), *arguments)
    assert done.code == 1
    assert said in done.err
    assert done.out == ""


def test_a_set_without_an_answerable_question_is_measured_with_a_note(philo, write_set):  # noqa: F811
    rows = [{"_id": "3", "answerable": False}]
    told = philo("eval", write_set(answers=rows, qrels=[]), "--answers", "--json").json
    assert told["ndcg@10"] is None
    assert told["answers"]["f1"] is None
    assert told["answers"]["refusal_recall"] == 1.0
    assert "0 questions are answerable: answers are not measured" in told["warnings"]


def test_usage_is_told(philo, tmp_path):
    assert philo("eval").code == 2
    assert philo("eval", tmp_path, "--k", "0").code == 2
    helped = philo("eval", "--help")
    assert (helped.code, "philo eval DIR" in helped.out) == (0, True)


def test_nothing_rated_is_said(philo, tmp_path):
    done = philo("eval", "collect", tmp_path / "own")
    assert done.code == 1
    assert "rate answers as good, or correct them" in done.err
