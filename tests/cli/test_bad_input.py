"""Bad input: a clear message that says what to do, exit 1 (2 for wrong usage), nothing lost."""

import socket

import pytest


def test_an_empty_folder(philo, tmp_path):
    (tmp_path / "empty").mkdir()
    outcome = philo("ingest", tmp_path / "empty")
    assert outcome.code == 1
    assert "empty" in outcome.err
    assert ".pdf" in outcome.err


def test_a_path_that_does_not_exist(philo, tmp_path):
    outcome = philo("ingest", tmp_path / "nowhere")
    assert outcome.code == 1
    assert "nowhere" in outcome.err


def test_bad_files_are_reported_and_the_others_go_on(philo, handbook):
    (handbook / "empty.docx").touch()
    (handbook / "cut.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<< /Type /Cat")
    (handbook / "noise.txt").write_bytes(bytes(range(256)) * 20)
    outcome = philo("ingest", handbook, "--json")
    assert outcome.code == 0
    reasons = {one["uri"].rsplit("/", 1)[1]: one["reason"] for one in outcome.json["failed"]}
    assert outcome.json["added"] == 2
    assert reasons.keys() == {"empty.docx", "cut.pdf", "noise.txt"}
    assert "empty" in reasons["empty.docx"]
    assert all(reasons.values())


def test_only_bad_files_is_a_failure(philo, tmp_path):
    (tmp_path / "empty.docx").touch()
    assert philo("ingest", tmp_path / "empty.docx").code == 1


@pytest.mark.parametrize("question", ["", "  ", "?"])
def test_an_empty_question(philo, question):
    outcome = philo("ask", question)
    assert outcome.code == 1
    assert "type a question" in outcome.err


def test_a_question_of_20000_characters(philo):
    outcome = philo("ask", "why " * 5000, "--json")
    assert outcome.code == 1
    assert "at most 4,000" in outcome.json["error"]["message"]


def test_a_question_to_no_documents_is_refused_honestly(philo):
    answer = philo("ask", "How many days of leave are there?", "--json")
    assert answer.code == 0
    assert answer.json["refused"]


def test_a_missing_model(philo, tmp_path, monkeypatch):
    monkeypatch.setenv("PHILO_MODELS__DIRECTORY", str(tmp_path / "none"))
    outcome = philo("ask", "anything")
    assert outcome.code == 1
    assert "philo models pull multilingual-e5-small" in outcome.err


def test_an_unknown_model_suggests_the_nearest(philo):
    outcome = philo("models", "pull", "multilingual-e5-smal")
    assert outcome.code == 1
    assert "multilingual-e5-small" in outcome.err


def test_a_port_in_use(philo):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        outcome = philo("up", "--port", taken.getsockname()[1])
    assert outcome.code == 1
    assert "--port" in outcome.err


def test_an_address_of_the_network_is_refused_without_login(philo):
    outcome = philo("up", "--host", "0.0.0.0")
    assert outcome.code == 1
    assert "base_url" in outcome.err


def test_a_wrong_setting_is_named(philo, monkeypatch):
    monkeypatch.setenv("PHILO_RETRIEVAL__PASSAGES", "many")
    outcome = philo("documents", "list")
    assert outcome.code == 1
    assert "retrieval.passages" in outcome.err


def test_an_unknown_setting_is_named(philo, data):
    data.mkdir()
    (data / "philo.toml").write_text("[retrieval]\npasages = 3\n")
    outcome = philo("documents", "list")
    assert outcome.code == 1
    assert "retrieval.pasages" in outcome.err


def test_a_data_directory_that_is_a_file(philo, data):
    data.write_text("in the way")
    outcome = philo("documents", "list")
    assert outcome.code == 1
    assert "--data" in outcome.err


def test_another_embedder_s_knowledge(philo, handbook, monkeypatch):
    philo("ingest", handbook)
    monkeypatch.setenv("PHILO_MODELS__EMBEDDER", "all-minilm-l6-v2")
    assert philo("search", "annual leave in Dublin").code == 0, "the index in use decides"
    listed = philo("index", "list", "--json").json["indexes"]
    assert [one["embedder"].partition("@")[0] for one in listed] == ["multilingual-e5-small"]


def test_a_missing_document(philo):
    for command in ("show", "delete"):
        outcome = philo("documents", command, "0" * 32)
        assert outcome.code == 1
        assert "0" * 32 in outcome.err


@pytest.mark.parametrize(
    "arguments", [["ask"], ["ingest"], ["nonsense"], ["search", "x", "-k", "0"]]
)
def test_wrong_usage_exits_with_2(philo, arguments):
    assert philo(*arguments).code == 2


def test_any_text_is_a_question(philo, handbook):
    """A few of those in tests/answering/test_odd_questions.py, as the shell hands them over."""
    philo("ingest", handbook)
    for question in ("'; DROP TABLE documents; --", "-t-il", "🎉🎉🎉"):
        outcome = philo("ask", "--json", "--", question)
        assert outcome.code == 0, question
        assert "answer" in outcome.json
