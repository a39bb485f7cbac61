"""The REST API, called as its clients do."""

import json
import threading
import time

import pytest

from assistant.api.background import stream_work
from assistant.service import open_assistant
from assistant.types import OPERATOR


def events_of(response) -> list[tuple[str, dict]]:
    frames = [frame for frame in response.text.split("\n\n") if frame]
    lines = [frame.split("\n") for frame in frames]
    return [
        (name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        for name, data in lines
    ]


def upload(api, name: str, content: bytes) -> dict:
    response = api.post("/documents", files={"file": (name, content)})
    assert response.status_code == 200, response.text
    return response.json()


def test_an_answer_streams_passages_sentences_and_the_whole(api):
    response = api.post("/ask/stream", json={"question": "How many days of leave in Dublin?"})
    assert response.headers["content-type"].startswith("text/event-stream")
    events = events_of(response)
    assert [name for name, _ in events] == ["passages", "sentence", "answer"]
    sentence, answer = events[1][1], events[2][1]
    assert sentence["sentence"]["text"] in answer["answer"]
    assert sentence["citations"] == answer["citations"]
    assert "26" in answer["answer"]


def test_the_whole_answer_at_once_is_the_same(api):
    answer = api.post("/ask", json={"question": "How many days of leave in Dublin?"}).json()
    assert "26" in answer["answer"]
    assert answer["citations"][0]["uri"] == "upload://default/leave.md"


def test_a_follow_up_is_understood_from_the_history(api):
    upload(api, "hotel.md", b"# Hotels\n\nThe hotel limit in Oslo is 210 euros a night.\n")
    history = [{"role": "user", "text": "What is the hotel limit in Oslo?"}]
    answer = api.post("/ask", json={"question": "And per night?", "history": history}).json()
    assert "210" in answer["answer"]


def test_an_upload_is_found_and_its_next_version_replaces_it(api):
    assert upload(api, "key.md", b"# Keys\n\nThe spare key hangs in cabinet 7.\n")["added"] == 1
    assert upload(api, "key.md", b"# Keys\n\nThe spare key hangs in cabinet 9.\n")["updated"] == 1
    hits = api.get("/search", params={"q": "spare key cabinet"}).json()["hits"]
    texts = [hit["text"] for hit in hits if hit["uri"].endswith("key.md")]
    assert texts
    assert all("cabinet 9" in text for text in texts)


def test_an_unreadable_upload_says_why(api):
    report = upload(api, "broken.pdf", b"%PDF-1.4 nothing more")
    assert report["added"] == 0
    assert report["failed"][0]["reason"]


def test_a_file_that_is_too_large_is_refused(api):
    response = api.post("/documents", files={"file": ("big.txt", b"a" * 300_000)})
    assert response.status_code == 422
    assert "max_file_bytes" in response.json()["error"]["message"]


def test_a_path_in_the_file_name_is_dropped(api):
    upload(api, "../../etc/escape.md", b"# Escape\n\nNowhere to go from here.\n")
    listed = api.get("/documents", params={"q": "escape"}).json()
    assert [one["uri"] for one in listed["documents"]] == ["upload://default/escape.md"]


def test_a_deleted_document_is_gone(api):
    upload(api, "gone.md", b"# Zeppelin\n\nThe zeppelin leaves at noon.\n")
    [one] = api.get("/documents", params={"q": "gone.md"}).json()["documents"]
    assert api.get(f"/documents/{one['id']}/chunks").json()["chunks"][0]["text"]
    assert api.delete(f"/documents/{one['id']}").status_code == 204
    assert api.get(f"/documents/{one['id']}").status_code == 404
    assert api.delete(f"/documents/{one['id']}").status_code == 404
    hits = api.get("/search", params={"q": "zeppelin noon"}).json()["hits"]
    assert not any("zeppelin" in hit["text"].lower() for hit in hits)


def test_the_list_is_paged(api):
    upload(api, "second.md", b"# Second\n\nOne more document.\n")
    everything = api.get("/documents").json()
    first = api.get("/documents", params={"limit": 1}).json()
    assert len(first["documents"]) == 1
    assert first["total"] == everything["total"] == len(everything["documents"])


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"question": ""}, "empty"),
        ({"question": "x" * 9000}, "at most"),
        ({"query": "wrong name"}, "question"),
        ({"question": "ok", "extra": 1}, "extra"),
    ],
)
def test_a_bad_question_is_told_what_is_wrong(api, body, what):
    for path in ("/ask", "/ask/stream"):
        response = api.post(path, json=body)
        assert response.status_code == 422
        assert what in response.json()["error"]["message"]


def test_paths_are_ingested_for_the_operator_only(api, tmp_path):
    (tmp_path / "own.md").write_text("# Own\n\nThe operator's own file.\n")
    body = {"paths": [str(tmp_path)]}
    assert api.post("/ingest", json=body).status_code == 401
    wrong = {"Authorization": "Bearer guess"}
    assert api.post("/ingest", json=body, headers=wrong).status_code == 401
    right = {"Authorization": "Bearer the operator's own"}
    events = events_of(api.post("/ingest", json=body, headers=right))
    assert [name for name, _ in events] == ["progress", "report"]
    assert events[-1][1]["added"] == 1


def test_a_failing_ingestion_ends_its_stream_with_the_reason(api, tmp_path):
    headers = {"Authorization": "Bearer the operator's own"}
    body = {"paths": [str(tmp_path / "nowhere")]}
    [(name, data)] = events_of(api.post("/ingest", json=body, headers=headers))
    assert name == "error"
    assert "nowhere" in data["error"]["message"]


@pytest.mark.parametrize("watched", [False, True])
def test_an_ingestion_ends_when_its_client_goes_away(watched, settings, tmp_path, monkeypatch):
    """Closing the stream is what the server does when the client hangs up. The embedder waits
    for that after its first texts: what it had been handed is finished, the rest is not begun."""
    files = 400
    for number in range(files):
        (tmp_path / f"{number}.md").write_text(f"# Paper {number}\n\nA text of number {number}.\n")
    other = settings.model_copy(update={"data": tmp_path / "data"})
    begun, gone = threading.Event(), threading.Event()
    with open_assistant(other) as assistant:
        encode = assistant.embedder.encode_passages

        def encode_until_gone(texts):
            if begun.is_set():
                assert gone.wait(60)
            begun.set()
            return encode(texts)

        monkeypatch.setattr(assistant.embedder, "encode_passages", encode_until_gone)

        def work(tell, report, stop):
            if watched:
                assistant.ingestor.watch(
                    [str(tmp_path)], listener=tell, on_report=report, stop=stop
                )
            else:
                report(assistant.ingestor.ingest([str(tmp_path)], listener=tell))

        events = stream_work(work)
        while next(events)[0] == "alive":
            pass
        events.close()
        gone.set()
        deadline = time.monotonic() + 30
        while any(thread.name == "philo-request" for thread in threading.enumerate()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert 0 < len(assistant.library.documents(OPERATOR)) < files


def test_health_says_what_answers(api):
    health = api.get("/health").json()
    assert health["status"] == "ok"
    assert health["embedder"] == "multilingual-e5-small"
    assert health["documents"] >= 1


def test_the_openapi_pages_load_nothing_from_other_hosts(api):
    page = api.get("/docs").text
    assert "swagger" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "/ask/stream" in api.get("/openapi.json").json()["paths"]


def test_a_scope_narrows_search_and_answers(api):
    upload(
        api,
        "pay.md",
        b"---\nauthor: Ada Lovelace\ndate: 2024-03-12\n---\n"
        b"# Pay\n\nThe pay day of each month is the 27th.\n",
    )
    upload(api, "pay.html", b"<title>Pay</title><h1>Pay</h1><p>The old pay day was the 3rd.</p>")
    for parameters, names in (
        ({"author": "lovelace"}, {"pay.md"}),
        ({"type": "web"}, {"pay.html"}),
        ({"after": "2024-03-01", "before": "2024-03-31"}, {"pay.md"}),
        ({"type": ["web", "text"], "after": "2030-01-01"}, set()),
    ):
        hits = api.get("/search", params={"q": "pay day", **parameters}).json()["hits"]
        assert {hit["uri"].rpartition("/")[2] for hit in hits} == names
    body = {"question": "Which day of each month is the pay day?", "scope": {"author": "lovelace"}}
    answer = api.post("/ask", json=body).json()
    assert {one["uri"] for one in answer["passages"]} == {"upload://default/pay.md"}
    assert "27" in answer["answer"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"after": "2024-02-01", "before": "2024-01-01"},
        {"after": "soon"},
        {"type": "papyrus"},
        {"language": "de"},
    ],
)
def test_a_scope_that_makes_no_sense_is_refused(api, parameters):
    response = api.get("/search", params={"q": "pay day", **parameters})
    assert response.status_code == 422
    assert response.json()["error"]["message"]
