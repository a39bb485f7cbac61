"""Erasing, holds and one's own data on the command line."""

import json
import zipfile

SALARY = "The director of the institute earns two hundred thousand euros in a year"


def test_a_document_and_a_person_are_erased_with_receipts_that_can_be_checked(
    philo, handbook, data, tmp_path
):
    (handbook / "pay.md").write_text(f"# Pay\n\n{SALARY}.\n")
    assert philo("ingest", handbook).code == 0
    assert philo("users", "add", "Zebulon").code == 0
    question = "How much does the director of the institute earn in a year?"
    assert "two hundred" in philo("ask", question, "--as", "Zebulon").out
    listed = philo("documents", "list", "--json").json["documents"]
    pay = next(one["id"] for one in listed if one["title"] == "Pay")
    hold = philo("audit", "hold", "add", "--document", pay, "--reason", "case 7", "--json").json
    refused = philo("erase", "--document", pay)
    assert refused.code == 1
    assert f"philo audit hold release {hold['id']}" in refused.err
    assert philo("audit", "hold", "release", hold["id"]).code == 0
    receipt = tmp_path / "receipt.json"
    erased = philo("erase", "--document", pay, "--output", receipt)
    assert erased.code == 0, erased.out
    assert "complete; receipt" in erased.out
    assert "the file that a document was read from" in erased.out  # it is still in its folder
    kept = [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    assert not any(SALARY.encode() in content for content in kept)
    assert philo("erase", "--check", receipt).out.startswith("genuine")
    forged = json.loads(receipt.read_text()) | {"asked_by": "somebody else"}
    receipt.write_text(json.dumps(forged))
    assert philo("erase", "--check", receipt).code == 1
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
    assert philo("audit", "verify").code == 0
    assert philo("erase", "--user", "zebulon").code == 1
    assert philo("erase").code == 2
