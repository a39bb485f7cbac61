"""Erasing and one's own data on the command line."""

import tempfile
import zipfile

SALARY = "The director of the institute earns two hundred thousand euros in a year"


def test_a_document_and_a_person_are_erased_with_receipts_that_can_be_checked(
    philo, handbook, data, tmp_path, monkeypatch
):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (handbook / "pay.md").write_text(f"# Pay\n\n{SALARY}.\n")
    assert philo("ingest", handbook).code == 0
    assert philo("users", "add", "Zebulon").code == 0
    question = "How much does the director of the institute earn in a year?"
    answer = philo("ask", question, "--as", "Zebulon", "--json").json
    assert "two hundred" in answer["answer"]
    pay = answer["citations"][0]["document_id"]
    receipt = tmp_path / "receipt.json"
    erased = philo("erase", "--document", pay, "--output", receipt)
    assert erased.code == 0, erased.out
    assert "complete; receipt" in erased.out
    assert "the file that a document was read from" in erased.out  # it is still in its folder
    kept = [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    assert not any(SALARY.encode() in content for content in kept)
    assert philo("erase", "--check", receipt).out.startswith("genuine")
    own = tmp_path / "own.zip"
    assert philo("users", "export", "Zebulon", own).code == 0
    with zipfile.ZipFile(own) as archive:
        assert question in archive.read("questions.json").decode()
    person = philo("erase", "--user", "zebulon", "--json")
    assert person.code == 0, person.json
    assert str(own) in str(person.json["stays"])
    kept = [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    assert not any(b"Zebulon" in content for content in kept)
    assert not any(question.encode() in content for content in kept)
    assert philo("erase").code == 2
