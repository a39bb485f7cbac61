"""Ratings over HTTP."""

from tests.api.conftest import TOKEN

OPERATOR = {"Authorization": f"Bearer {TOKEN}"}


def test_everybody_rates_and_only_the_operator_sees_ratings(api):
    answer = api.post("/ask", json={"question": "How many days of leave in Dublin?"}).json()
    assert 0.5 <= answer["evidence"] <= 1.0
    cited = answer["citations"][0]["document_id"]
    said = {
        "question": answer["question"],
        "good": True,
        "sentences": [{"text": answer["sentences"][0]["text"], "document_ids": [cited]}],
    }
    rated = api.post("/ratings", json=said)
    assert rated.status_code == 201
    assert api.get("/ratings").status_code == 401
    page = api.get("/ratings", headers=OPERATOR).json()
    assert (page["total"], page["ratings"]) == (1, [rated.json()])
    path = f"/ratings/{rated.json()['id']}"
    assert api.delete(path).status_code == 401
    assert api.delete(path, headers=OPERATOR).status_code == 204
    assert api.delete(path, headers=OPERATOR).status_code == 404


def test_ratings_that_make_no_sense_are_refused(api):
    for said, status in (
        ({"question": "", "good": True}, 422),
        ({"question": "q", "good": "perhaps"}, 422),
        ({"question": "q" * 20_001, "good": True}, 422),
        ({"question": "q", "good": True, "document_ids": ["nothing"]}, 404),
    ):
        assert api.post("/ratings", json=said).status_code == status
