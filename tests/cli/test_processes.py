"""`philo serve`, `philo worker` and `philo ui` over one PostgreSQL and one vector server: each a
process of its own, in a test each of which goes on from the one before."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from assistant.data_directory import find_service
from tests.cli.processes import Processes, Started, await_job, titles, told_by, upload
from tests.servers.chroma import ChromaProcess
from tests.servers.postgres import PostgresServer
from tests.servers.proxy import Proxy

TOKEN = "sixteen signs or more"
ENDED = 128 + signal.SIGTERM
LONG = "\n\n".join(
    f"Rule {n}: locker {n} of the north hall is cleaned weekly." for n in range(9000)
)


class Installation(Processes):
    """Between its processes and their servers stand proxies that can be told to cut."""

    def __init__(
        self, data: Path, environment: dict[str, str], database: Proxy, vectors: Proxy
    ) -> None:
        super().__init__(data, environment)
        self.database = database
        self.vectors = vectors


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory,
    model_directory: Path,
    postgres_server: PostgresServer,
    chroma_server: ChromaProcess,
) -> Iterator[Installation]:
    with ExitStack() as opened:
        database = opened.enter_context(Proxy(postgres_server.port))
        vectors = opened.enter_context(Proxy(chroma_server.port))
        url = postgres_server.url(postgres_server.create())
        environment = {
            "PHILO_MODELS__DIRECTORY": str(model_directory),
            "PHILO_MODELS__GENERATOR": "none",
            "PHILO_STORAGE__DATABASE": url.replace(
                f":{postgres_server.port}/", f":{database.port}/"
            ),
            "PHILO_STORAGE__DATABASE_TIMEOUT_S": "10",
            "PHILO_STORAGE__VECTORS": "chroma",
            "PHILO_STORAGE__CHROMA__PORT": str(vectors.port),
            "PHILO_STORAGE__CHROMA__COLLECTION": "processes",
            "PHILO_INGEST__ELSEWHERE": "true",
            "PHILO_SERVING__NOTICE_S": "3",
        }
        data = tmp_path_factory.mktemp("processes") / "data"
        made = Installation(data, environment, database, vectors)
        opened.callback(made.kill_all)
        yield made


@pytest.fixture(scope="module")
def apis(installation: Installation) -> list[Started]:
    """Two, that start at the same moment."""
    begun = [installation.begin("serve", "--port", "0") for _ in range(2)]
    return [told_by(one) for one in begun]


@pytest.fixture(scope="module")
def worker(installation: Installation, apis: list[Started]) -> Started:
    return installation.start("worker")


def readiness(api: str) -> tuple[int, str]:
    answer = httpx.get(f"{api}/ready", timeout=20)
    return answer.status_code, answer.json().get("reason", "")


def test_what_one_api_accepts_the_worker_reads_and_the_other_api_finds(
    installation: Installation, apis: list[Started]
) -> None:
    first, second = (one.told["api"] for one in apis)
    job = upload(first, "gate.txt", "The north gate opens at seven in the morning.")
    assert await_job(second, job, "queued")["attempts"] == 0  # no process that serves reads it
    worker = installation.start("worker")
    assert worker.told == {"working": True}
    assert await_job(second, job, "done")["outcome"] == "added"
    assert titles(second, "When does the north gate open?") == ["gate"]
    assert worker.end(signal.SIGTERM) == ENDED


def test_a_worker_told_to_stop_gives_back_what_it_has_not_finished(
    installation: Installation, apis: list[Started], worker: Started
) -> None:
    api = apis[0].told["api"]
    job = upload(api, "rules.txt", LONG)
    await_job(api, job, "running")
    assert worker.end(signal.SIGTERM) == ENDED
    left = httpx.get(f"{api}/jobs/{job}").json()
    assert (left["state"], left["attempts"]) == ("queued", 0), left
    other = installation.start("worker")
    assert await_job(api, job, "running")["attempts"] == 1
    assert other.end(signal.SIGTERM) == ENDED
    httpx.post(f"{api}/jobs/{job}/cancel").raise_for_status()


def test_a_worker_tells_what_it_does_to_who_may_know(
    installation: Installation, apis: list[Started]
) -> None:
    with installation.set("PHILO_OBSERVABILITY__METRICS_TOKEN", TOKEN):
        worker = installation.start("worker", "--metrics-port", "0")
    job = upload(apis[0].told["api"], "bell.txt", "The bell rings at noon.")
    assert await_job(apis[0].told["api"], job, "done")["outcome"] == "added"
    address = worker.told["metrics"]
    assert httpx.get(address).status_code == 401
    told = httpx.get(address, headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert 'philo_way_seconds_count{outcome="published",way="document"} 1.0' in told
    assert worker.end(signal.SIGTERM) == ENDED


def test_a_worker_without_metrics_serves_none(installation: Installation) -> None:
    asked = installation.begin("worker", "--metrics-port", "0")
    assert asked.wait(60) == 1


def test_while_the_vector_server_is_away_a_document_waits_and_no_try_counts(
    installation: Installation, apis: list[Started]
) -> None:
    api = apis[0].told["api"]
    worker = installation.start("worker")
    installation.vectors.resetting = True
    job = upload(api, "bikes.txt", "Bicycles stand behind the south gate.")
    await_job(api, job, "running")
    assert await_job(api, job, "queued", "failed", "dead")["state"] == "queued"
    installation.vectors.resetting = False
    assert await_job(api, job, "done")["attempts"] == 1
    assert worker.end(signal.SIGTERM) == ENDED


@pytest.mark.parametrize(
    ("cut", "part"), [("database", "database"), ("vectors", "vectors")], ids=str
)
def test_it_is_ready_only_while_its_servers_answer(
    installation: Installation, apis: list[Started], cut: str, part: str
) -> None:
    api = apis[0].told["api"]
    assert readiness(api) == (200, "")
    proxy: Proxy = getattr(installation, cut)
    proxy.resetting = True
    assert readiness(api) == (503, f"{part}: StoreUnavailableError")
    assert httpx.get(f"{api}/live").status_code == 200
    proxy.resetting = False
    assert until(lambda: readiness(api) == (200, ""))


def test_readiness_does_not_hang_on_a_silent_server(
    installation: Installation, apis: list[Started]
) -> None:
    api = apis[0].told["api"]
    installation.database.silent = True
    try:
        began = time.monotonic()
        assert readiness(api) == (503, "no answer in time")
        assert time.monotonic() - began < 8
    finally:
        installation.database.silent = False
    assert until(lambda: readiness(api) == (200, ""))


def test_the_page_is_served_without_the_data(
    installation: Installation, apis: list[Started], tmp_path: Path
) -> None:
    apart = Processes(tmp_path / "none", {"PHILO_API": apis[0].told["api"]})
    try:
        page = apart.start("ui", "--port", "0")
        assert page.told["api"] == apis[0].told["api"]
        assert "<html" in httpx.get(page.told["url"]).text
        assert not apart.data.exists()
        assert page.end(signal.SIGTERM) == ENDED
    finally:
        apart.kill_all()


def test_an_api_that_drains_says_so_and_still_answers(
    installation: Installation, apis: list[Started]
) -> None:
    _, leaving = apis
    api = leaving.told["api"]
    assert readiness(api) == (200, "")
    leaving.process.send_signal(signal.SIGTERM)
    assert until(lambda: readiness(api) == (503, "draining"))
    assert httpx.get(f"{api}/live").status_code == 200
    assert titles(api, "When does the north gate open?")[:1] == ["gate"]
    assert leaving.process.wait(20) == ENDED
    assert readiness(apis[0].told["api"]) == (200, "")


def test_when_one_api_is_killed_another_goes_on(
    installation: Installation, apis: list[Started]
) -> None:
    second = installation.start("serve", "--port", "0")
    service = find_service(installation.data)
    assert service is not None
    assert service.url == second.told["api"]
    apis[0].end(signal.SIGKILL)
    api = second.told["api"]
    assert readiness(api) == (200, "")
    assert titles(api, "When does the north gate open?")[:1] == ["gate"]
    job = upload(api, "shop.txt", "The canteen sells soup on Mondays.")
    installation.start("worker")
    await_job(api, job, "done")
    assert "shop" in titles(api, "soup in the canteen")
    second.end(signal.SIGKILL)
    assert find_service(installation.data) is None  # though a worker shares the directory still


def until(holds: Callable[[], bool]) -> bool:
    """Whether it comes to hold within 15 seconds."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False
