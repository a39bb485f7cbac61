"""`philo summarize` in a process of its own."""

import json
from pathlib import Path

NOTE = "# Canteen\n\nThe canteen opens at 11:40. It closes at 14:05 on every working day.\n"


def test_files_of_a_folder_are_summarised_one_after_the_other(philo, tmp_path: Path):
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "a.md").write_text(NOTE, encoding="utf-8")
    (tmp_path / "papers" / "b.txt").write_text("", encoding="utf-8")
    output = tmp_path / "all.md"
    done = philo("summarize", str(tmp_path / "papers"), "--json", "--output", str(output))
    told = json.loads(done.out)
    assert done.code == 0
    assert [one["titles"] for one in told["summaries"]] == [["Canteen"]]
    assert told["failed"][0]["document"].endswith("b.txt")
    assert "b.txt" in told["failed"][0]["reason"]
    assert "opens at 11:40" in output.read_text(encoding="utf-8")


def test_an_unknown_document_and_a_wrong_output_are_told(philo, tmp_path: Path):
    unknown = philo("summarize", "No such paper", "--json")
    assert unknown.code == 1
    assert json.loads(unknown.out)["error"]["type"] == "DocumentNotFoundError"
    assert philo("summarize", "x", "--output", "x.odt").code == 2
