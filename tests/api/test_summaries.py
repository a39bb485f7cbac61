"""Summaries over HTTP."""

import json
from pathlib import Path

TOKEN = "the operator's own"
TEXT = "# Boilers\n\n" + " ".join(
    f"Boiler {n} of the plant was inspected by the {word} team in {n + 3} hours."
    for n, word in enumerate("first second third fourth fifth sixth seventh".split(), start=1)
)


def events_of(response):
    pairs = zip(response.text.split("\n\n"), strict=False)
    frames = [frame.split("\n") for (frame,) in pairs if frame]
    return [(name.removeprefix("event: "), json.loads(data[6:])) for name, data in frames]


def test_progress_statements_and_the_summary_come_as_events(api):
    api.post("/documents", files={"file": ("boilers.md", TEXT.encode())}).raise_for_status()
    told = events_of(api.post("/summaries/stream", json={"documents": ["Boilers"]}))
    names = [name for name, _ in told]
    assert names[0] == "progress"
    assert names[-1] == "summary"
    assert names.count("statement") == len(told[-1][1]["statements"]) >= 5
    saved = api.post("/summaries/export", json={"summary": told[-1][1], "format": "pdf"})
    assert saved.headers["content-type"] == "application/pdf"
    assert saved.content.startswith(b"%PDF")


def test_refusals_have_their_status(api):
    def status(**body):
        return api.post("/summaries/stream", json=body).status_code

    assert status(documents=["nothing of that name"]) == 404
    assert status(documents=[], form="points") == 422
    assert status(documents=["a", "b"], form="verse") == 422


def test_only_the_operator_reads_files_by_their_path(api, tmp_path: Path):
    path = tmp_path / "secret.txt"
    path.write_text("The vault opens at nine in the morning.", encoding="utf-8")
    body = {"files": [str(path)]}
    refused = api.post("/summaries/stream", json=body)
    assert refused.status_code == 401
    assert "vault" not in refused.text
    allowed = api.post("/summaries/stream", json=body, headers={"Authorization": f"Bearer {TOKEN}"})
    assert "vault" in allowed.text
