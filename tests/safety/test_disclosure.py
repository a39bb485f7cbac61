"""What is written says so to machines, and an operator can end all writing within a second."""

from __future__ import annotations

import io
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import uvicorn
from docx import Document

from assistant.api.rest import create_api
from assistant.errors import DataDirectoryError, GenerationStoppedError
from assistant.safety.disclosure import STOP_FILE, GenerationSwitch

TOKEN = "the operator's own"
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}
QUESTION = "How many days of leave does an employee have in Dublin?"
ASKERS = 8


@pytest.fixture
def resumed(api):
    yield
    api.post("/safety/resume", headers=OPERATOR).raise_for_status()


def test_an_answer_says_that_a_machine_wrote_it_and_when(api):
    response = api.post("/ask", json={"question": QUESTION})
    answer = response.json()
    assert answer["ai_generated"] is True
    assert answer["made_at"].endswith("+00:00")
    assert response.headers["X-Philo-AI-Generated"] == "true"
    assert response.headers["X-Philo-Model"] == answer["model"] == "smollm2-135m-instruct"
    assert response.headers["X-Philo-Made-At"] == answer["made_at"]


def test_an_answer_from_the_cache_keeps_the_time_when_it_was_written(api):
    first = api.post("/ask", json={"question": QUESTION}).json()
    again = api.post("/ask", json={"question": QUESTION}).json()
    assert again["cached"]
    assert again["made_at"] == first["made_at"]


def test_exports_of_a_summary_say_so_in_their_metadata(api):
    document = api.get("/documents").json()["documents"][0]["id"]
    stream = api.post("/summaries/stream", json={"documents": [document]})
    assert stream.headers["X-Philo-AI-Generated"] == "true"
    summary = json.loads(stream.text.rpartition("event: summary\ndata: ")[2])
    files = {
        form: api.post("/summaries/export", json={"summary": summary, "format": form})
        for form in ("md", "docx", "pdf")
    }
    made_at = files["md"].headers["X-Philo-Made-At"]
    assert files["md"].text.startswith('---\nai_generated: true\nmodel: "')
    assert f'made_at: "{made_at}"' in files["md"].text.partition("\n---\n")[0]
    properties = Document(io.BytesIO(files["docx"].content)).core_properties
    assert "ai_generated: true" in properties.comments
    assert made_at in properties.comments
    assert b"ai_generated" in files["pdf"].content


def test_only_the_operator_turns_the_switch(api):
    assert api.post("/safety/stop", json={"reason": "x"}).status_code == 401
    assert api.post("/safety/resume").status_code == 401


def test_while_stopped_only_searching_works(api, resumed):
    api.post("/safety/stop", json={"reason": "drill"}, headers=OPERATOR).raise_for_status()
    refused = api.post("/ask", json={"question": QUESTION})
    assert refused.status_code == 503
    assert refused.json()["error"]["type"] == "GenerationStoppedError"
    assert "drill" in refused.json()["error"]["message"]
    assert api.post("/ask/stream", json={"question": QUESTION}).status_code == 503
    document = api.get("/documents").json()["documents"][0]["id"]
    assert api.post("/summaries/stream", json={"documents": [document]}).status_code == 503
    assert api.get("/search", params={"q": "leave"}).json()["hits"]
    assert api.get("/health").json()["generation"]["state"] == "stopped"
    api.post("/safety/resume", headers=OPERATOR).raise_for_status()
    assert api.post("/ask", json={"question": QUESTION}).status_code == 200


def test_stopping_and_going_on_stand_in_the_audit_log(api, assistant, resumed):
    api.post("/safety/stop", json={"reason": "audit me"}, headers=OPERATOR)
    api.post("/safety/resume", headers=OPERATOR)
    stopped, gone_on = list(assistant.audit.every())[-2:]
    assert (stopped.action, stopped.details["reason"]) == ("generation.stop", "audit me")
    assert gone_on.action == "generation.resume"


def test_the_switch_outlives_the_process(tmp_path):
    GenerationSwitch(tmp_path).stop("over night", by="somebody")
    found = GenerationSwitch(tmp_path)
    assert (found.state.reason, found.state.by) == ("over night", "somebody")
    with pytest.raises(GenerationStoppedError, match="over night"):
        found.require_running()
    found.resume()
    assert not GenerationSwitch(tmp_path).is_stopped


def test_a_switch_that_cannot_be_read_is_not_taken_for_running(tmp_path):
    (tmp_path / STOP_FILE).write_text("{")
    with pytest.raises(DataDirectoryError, match="answers are stopped"):
        GenerationSwitch(tmp_path)


def test_eight_answers_under_way_end_within_a_second_and_say_why(assistant, resumed):
    """Over a real server. The questions differ, so that none comes out of the cache."""
    config = uvicorn.Config(
        create_api(assistant, operator_token=TOKEN), port=0, log_level="warning", lifespan="off"
    )
    server = uvicorn.Server(config)
    serving = threading.Thread(target=server.run)
    serving.start()
    while not server.started:
        time.sleep(0.01)
    address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    began, told = threading.Barrier(ASKERS + 1), []

    def ask(number: int) -> tuple[str, float]:
        body = {"question": f"Case {number}: {QUESTION}"}
        last = ""
        with httpx.stream("POST", f"{address}/ask/stream", json=body, timeout=60) as response:
            began.wait()
            for line in response.iter_lines():
                last = line if line.startswith("data: ") else last
                if "GenerationStoppedError" in line:
                    return line, time.perf_counter()
        return last, time.perf_counter()

    try:
        with ThreadPoolExecutor(ASKERS) as pool:
            waiting = [pool.submit(ask, number) for number in range(ASKERS)]
            began.wait()
            stopped = time.perf_counter()
            httpx.post(
                f"{address}/safety/stop", json={"reason": "load"}, headers=OPERATOR, timeout=10
            ).raise_for_status()
            returned = time.perf_counter()
            told = [one.result() for one in waiting]
    finally:
        server.should_exit = True
        serving.join()
    ended = [(text, at) for text, at in told if "GenerationStoppedError" in text]
    assert len(ended) >= ASKERS // 2  # a quick one may have been finished before
    assert returned - stopped < 1.0
    assert max(at for _, at in ended) - stopped < 1.0
