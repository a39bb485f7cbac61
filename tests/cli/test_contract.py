"""The JSON that other programs read (docs/command-line.md): none of these keys goes."""

import pytest

ASK = {"answer", "refused", "model", "citations", "sentences", "passages", "timings_ms"}
CITATION = {
    "marker", "document_id", "title", "uri", "page", "start", "end", "quote", "boxes",
}  # fmt: skip
HIT = {"rank", "score", "chunk_id", "document_id", "uri", "title", "page", "text"}
INGEST = {"added", "updated", "unchanged", "removed", "failed", "pages", "chunks", "seconds"}


@pytest.fixture
def ingested(philo, handbook):
    report = philo("ingest", handbook, "--json")
    assert report.code == 0
    assert report.json.keys() >= INGEST
    assert report.json["added"] == 2
    assert report.json["failed"] == []
    return philo


@pytest.mark.parametrize(
    ("question", "said", "cited"),
    [
        ("How many days of annual leave do employees in Dublin have?", "26", "leave.md"),
        ("Quel est le plafond d'une nuit d'hôtel à Paris ?", "160 euros", "frais.md"),
    ],
)
def test_ask_answers_with_citations(ingested, question, said, cited):
    outcome = ingested("ask", question, "--json")
    answer = outcome.json
    assert outcome.code == 0
    assert answer.keys() >= ASK
    assert answer["timings_ms"].keys() >= {"retrieve", "first_token", "total"}
    assert not answer["refused"]
    assert said in answer["answer"]
    assert "[1]" in answer["answer"]
    first = answer["citations"][0]
    assert first.keys() >= CITATION
    assert first["uri"].endswith(cited)
    assert said in first["quote"]
    assert first["end"] - first["start"] == len(first["quote"])
    markers = {citation["marker"] for citation in answer["citations"]}
    for sentence in answer["sentences"]:
        assert sentence["supported"]
        assert sentence["citations"]
        assert set(sentence["citations"]) <= markers


def test_ask_refuses_what_the_documents_do_not_answer(ingested):
    answer = ingested("ask", "Who won the football world cup in 1998?", "--json").json
    assert answer["refused"]
    assert answer["citations"] == answer["sentences"] == []
    assert answer["passages"]
    assert "not find" in answer["answer"]


def test_search_ranks_hits(ingested):
    hits = ingested("search", "doctor's certificate", "-k", "3", "--json").json["hits"]
    assert [hit["rank"] for hit in hits] == [*range(1, len(hits) + 1)]
    assert all(hit.keys() >= HIT for hit in hits)
    assert hits[0]["uri"].endswith("leave.md")
    assert [hit["score"] for hit in hits] == sorted((h["score"] for h in hits), reverse=True)


def test_documents_are_listed_shown_and_deleted(ingested):
    listed = ingested("documents", "list", "--json").json
    assert listed["total"] == 2
    one = next(doc for doc in listed["documents"] if doc["uri"].endswith("leave.md"))
    assert (one["title"], one["language"]) == ("Leave policy", "en")
    assert ingested("documents", "show", one["id"], "--json").json == one
    assert ingested("documents", "delete", one["id"], "--json").code == 0
    assert ingested("documents", "show", one["id"]).code == 1
    hits = ingested("search", "annual leave", "--json").json["hits"]
    assert not any(hit["uri"].endswith("leave.md") for hit in hits)


def test_a_folder_is_kept_in_step(ingested, handbook):
    assert ingested("ingest", handbook, "--json").json["unchanged"] == 2
    (handbook / "leave.md").write_text("# Leave\n\nIn Dublin there are now 30 days of leave.\n")
    (handbook / "frais.md").unlink()
    report = ingested("ingest", handbook, "--json").json
    assert (report["updated"], report["removed"], report["added"]) == (1, 1, 0)
    answer = ingested("ask", "How many days of leave are there in Dublin?", "--json").json
    assert "30" in answer["answer"]
    assert "26" not in answer["answer"]


def test_a_collection_narrows_the_question(ingested, tmp_path):
    (tmp_path / "menu.md").write_text("# Canteen\n\nOn Monday the canteen serves lentils.\n")
    ingested("ingest", tmp_path / "menu.md", "--collection", "canteen")
    inside = ingested("search", "Monday", "--collection", "canteen", "--json").json["hits"]
    assert {hit["title"] for hit in inside} == {"Canteen"}
    assert ingested("search", "Monday", "--collection", "nowhere", "--json").json == {"hits": []}


def test_a_scope_narrows_the_question(ingested, tmp_path):
    (tmp_path / "menu.md").write_text(
        "---\nauthor: Ada Lovelace\ndate: 12 mars 2024\n---\n# Canteen\n\nOn Monday: lentils.\n"
    )
    ingested("ingest", tmp_path / "menu.md")

    def titles(*options):
        return {
            hit["title"] for hit in ingested("search", "Monday", "--json", *options).json["hits"]
        }

    assert titles("--author", "ada") == {"Canteen"}
    assert titles("--before", "2024-03-12", "--type", "text") == {"Canteen"}
    assert "Canteen" not in titles("--after", "2024-03-13")
    assert titles("--source", tmp_path / "menu.md") == {"Canteen"}
    assert ingested("search", "Monday", "--after", "soon").code == 2
    assert "no day" in ingested("ask", "?", "--after", "2024-2-1", "--before", "2024-1-1").err


def test_indexes_are_made_anew(ingested):
    assert ingested("documents", "reindex", "--json").json == {"documents": 2, "chunks": 2}
    assert ingested("search", "doctor's certificate", "--json").json["hits"]


def test_models_are_listed_and_verified(philo):
    rows = {row["id"]: row for row in philo("models", "list", "--json").json["models"]}
    assert rows["multilingual-e5-small"]["status"] == "ready"
    assert rows["smollm2-135m-instruct"]["licence"] == "Apache-2.0"
    assert philo("models", "verify", "--json").json == {
        "verified": ["multilingual-e5-small", "multilingual-e5-small-reader"]
    }


def test_doctor_finds_a_sound_installation(ingested):
    checks = ingested("doctor", "--json").json
    assert checks["ok"], checks
    assert any("2 documents" in check["finding"] for check in checks["checks"])
