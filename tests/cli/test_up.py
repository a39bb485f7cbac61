"""While `philo up` runs it owns the data directory, and the other commands go through it."""

import signal

import httpx

from assistant.data_directory import find_service


def test_commands_go_through_the_running_service(service, philo, handbook):
    report = philo("ingest", handbook, "--json").json
    assert report["added"] == 2
    answer = philo("ask", "How many days of annual leave are there in Dublin?", "--json").json
    assert "26" in answer["answer"]
    assert philo("search", "hôtel", "--json").json["hits"]
    listed = philo("documents", "list", "--json").json
    assert listed["total"] == 2
    one = listed["documents"][0]
    assert philo("documents", "show", one["id"], "--json").json == one
    assert philo("documents", "delete", one["id"]).code == 0
    gone = philo("documents", "show", one["id"])
    assert gone.code == 1
    assert one["id"] in gone.err
    assert philo("ask", "").code == 1
    assert philo("ingest", handbook / "nowhere").code == 1
    assert philo("doctor", "--json").json["ok"]


def test_the_page_and_the_api_share_one_port(service):
    _, url = service
    assert "<html" in httpx.get(url).text
    assert httpx.get(f"{url}/api/health").json()["status"] == "ok"
    assert httpx.get(f"{url}/api/docs").status_code == 200
    foreign = {"Host": "evil.example"}
    assert httpx.get(url, headers=foreign).status_code == 403
    assert httpx.get(f"{url}/api/health", headers=foreign).status_code == 403


def test_only_its_user_can_read_how_to_reach_the_service(service, data):
    assert (data / "service.json").stat().st_mode & 0o077 == 0
    assert data.stat().st_mode & 0o077 == 0


def test_it_ends_cleanly_when_told_to(service, data, philo):
    process, _ = service
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 128 + signal.SIGTERM
    assert not (data / "service.json").exists()
    assert find_service(data) is None
    assert philo("documents", "list").code == 0


def test_after_kill_the_directory_is_free_again(service, data, handbook, philo):
    process, _ = service
    assert philo("ingest", handbook, "--json").json["added"] == 2
    process.kill()
    process.wait()
    assert find_service(data) is None
    assert philo("documents", "list", "--json").json["total"] == 2


def test_a_second_service_is_refused_with_what_to_do(service, philo):
    outcome = philo("up", "--port", "0")
    assert outcome.code == 1
    assert "in use" in outcome.err
