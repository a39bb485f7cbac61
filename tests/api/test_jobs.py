"""Jobs and quarantine over HTTP."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.api.rest import create_api
from assistant.service import open_assistant
from assistant.settings import load_settings


@pytest.fixture(scope="module")
def strict(tmp_path_factory, model_directory: Path) -> Iterator[TestClient]:
    """A service that holds back whatever has a page without text."""
    settings = load_settings(
        tmp_path_factory.mktemp("data"),
        environ={
            "PHILO_MODELS__DIRECTORY": str(model_directory),
            "PHILO_MODELS__GENERATOR": "none",
            "PHILO_INGEST__MIN_READ_SHARE": "1",
        },
    )
    with open_assistant(settings) as assistant:
        assistant.start_work()
        yield TestClient(create_api(assistant, operator_token="t"))


def upload(api, name, content, **parameters):
    return api.post("/documents", files={"file": (name, content)}, params=parameters)


def wait_for(api, job_id):
    deadline = time.monotonic() + 60
    while (job := api.get(f"/jobs/{job_id}").json())["finished_at"] is None:
        assert time.monotonic() < deadline, job
        time.sleep(0.05)
    return job


def test_an_upload_need_not_be_waited_for(strict):
    answer = upload(strict, "later.txt", b"The gate opens at seven.", wait=False)
    assert answer.status_code == 202
    accepted = answer.json()
    assert accepted["uri"] == "upload://default/later.txt"
    job = wait_for(strict, accepted["id"])
    assert (job["state"], job["outcome"], job["chunks"]) == ("done", "added", 1)
    document = strict.get(f"/documents/{job['document_id']}").json()
    assert (document["title"], document["state"]) == ("later", "published")


def test_a_file_of_no_known_format_is_refused_at_once(strict):
    answer = upload(strict, "photo.xyz", b"x", wait=False)
    assert answer.status_code == 422
    assert "photo.xyz" in answer.json()["error"]["message"]


def test_a_failed_upload_is_listed_with_its_reason_retried_and_dismissed(strict):
    accepted = upload(strict, "noise.txt", bytes(range(256)) * 9, wait=False).json()
    job = wait_for(strict, accepted["id"])
    assert (job["state"], job["outcome"]) == ("dead", "failed")
    assert "binary data" in job["reason"]
    listed = strict.get("/jobs", params={"state": "dead"}).json()
    assert [one["id"] for one in listed["jobs"]] == [job["id"]]
    assert listed["counts"]["dead"] == listed["total"] == 1
    assert strict.post(f"/jobs/{job['id']}/retry").json()["state"] in ("queued", "running", "dead")
    assert wait_for(strict, job["id"])["state"] == "dead"
    assert strict.post(f"/jobs/{job['id']}/cancel").json()["state"] == "cancelled"
    assert strict.get("/jobs", params={"state": "dead"}).json()["total"] == 0


def test_an_unknown_job_is_404(strict):
    for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/retry")):
        answer = strict.request(method, f"/jobs/{'0' * 32}{path}")
        assert answer.status_code == 404
        assert answer.json()["error"]["type"] == "JobNotFoundError"
    assert strict.get("/jobs", params={"state": "no such"}).status_code == 422


def test_what_was_read_too_badly_is_held_until_it_is_released(strict):
    report = upload(strict, "scan.txt", b"The scan names a kestrel.\f\fOn the third page.").json()
    assert report["added"] == 0
    assert report["quarantined"][0]["uri"] == "upload://default/scan.txt"
    assert not hits(strict, "kestrel")
    [held] = strict.get("/documents", params={"state": "quarantined"}).json()["documents"]
    assert (held["pages"], held["pages_read"], held["empty_pages"]) == (3, 2, [2])
    assert "min_read_share" in held["reason"]
    released = strict.post(f"/documents/{held['id']}/release").json()
    assert released["state"] == "published"
    assert hits(strict, "kestrel")
    assert strict.get("/documents", params={"state": "quarantined"}).json()["total"] == 0
    assert strict.post(f"/documents/{held['id']}/release").status_code == 404


def hits(api, word):
    found = api.get("/search", params={"q": word}).json()["hits"]
    return [hit for hit in found if word in hit["text"]]
