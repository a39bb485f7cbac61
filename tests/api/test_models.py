"""Models as administrators see and fetch them."""

import json

OPERATOR = {"Authorization": "Bearer the operator's own"}


def test_the_catalogue_tells_what_is_here_and_in_use(api):
    told = api.get("/models", headers=OPERATOR).json()
    by_id = {one["id"]: one for one in told["models"]}
    assert (by_id["multilingual-e5-small"]["status"], by_id["multilingual-e5-small"]["used"]) == (
        "ready",
        True,
    )
    assert by_id["phi-3-mini-4k-cpu-int4"]["status"] == "missing"
    assert told["answers"]


def test_a_model_is_pulled_with_progress(api):
    pulled = api.post("/models/multilingual-e5-small/pull", headers=OPERATOR)
    events = [line for line in pulled.text.splitlines() if line.startswith("event: ")]
    assert events == ["event: progress", "event: report"]
    report = json.loads(pulled.text.split("data: ")[-1])
    assert report["status"] == "ready"


def test_an_unknown_model_is_refused_with_the_nearest_one(api):
    refused = api.post("/models/phi-3-mni-4k-cpu-int4/pull", headers=OPERATOR)
    assert refused.status_code == 404
    assert "phi-3-mini-4k-cpu-int4" in refused.json()["error"]["message"]


def test_nobody_else_sees_or_fetches_models(api):
    assert api.get("/models").status_code == 401
    assert api.post("/models/multilingual-e5-small/pull").status_code == 401
