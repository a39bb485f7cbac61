"""A foreign page in the same browser cannot use a service that trusts its own machine."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from assistant.api.guard import OriginGuard


async def hello(_request):
    return PlainTextResponse("hello")


async def socket(websocket):
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


@pytest.fixture
def client():
    routes = [Route("/", hello), WebSocketRoute("/socket", socket)]
    app = Starlette(routes=routes, middleware=[Middleware(OriginGuard)])
    return TestClient(app, base_url="http://127.0.0.1:8501")


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "[::1]:8501"])
def test_the_own_machine_is_answered(client, host):
    assert client.get("/", headers={"host": host}).text == "hello"
    same = {"host": host, "origin": f"http://{host}"}
    assert client.get("/", headers=same).status_code == 200


@pytest.mark.parametrize("base", ["https://philo.example", "http://philo:8501"])
def test_the_stated_address_is_answered_with_and_without_a_proxy_s_own_name_for_it(base):
    app = OriginGuard(PlainTextResponse("hello"), base_url=base, own_host="10.0.0.5:8501")
    client = TestClient(app, base_url=base)
    for host in (base.partition("//")[2], "127.0.0.1:8501", "10.0.0.5:8501"):
        asked = {"host": host, "origin": base, "x-forwarded-for": "192.0.2.9"}
        assert client.get("/", headers=asked).status_code == 200
    for foreign in ({"host": "evil.example"}, {"origin": "https://evil.example"}):
        assert client.get("/", headers=foreign).status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_where_nobody_signs_in_a_proxy_makes_nobody_the_operator(header):
    app = OriginGuard(PlainTextResponse("hello"), forwarded=False)
    client = TestClient(app, base_url="http://127.0.0.1:8501")
    assert client.get("/").status_code == 200
    refused = client.get("/", headers={header: "for=192.0.2.9"})
    assert refused.status_code == 403
    assert "base_url" in refused.text


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example:8501"},
        {"host": "evil.example@127.0.0.1:8501:x"},
        {"host": ""},
        {"host": "127.0.0.1:8501", "origin": "https://evil.example"},
        {"host": "127.0.0.1:8501", "origin": "http://127.0.0.1:9999"},
        {"host": "127.0.0.1:8501", "origin": "null"},
    ],
)
def test_another_host_or_origin_is_refused(client, headers):
    assert client.get("/", headers=headers).status_code == 403
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/socket", headers=headers):
        pass


def test_the_page_s_name_for_the_api_is_answered_and_no_other():
    app = OriginGuard(
        PlainTextResponse("hello"), base_url="https://philo.example", internal_hosts=["api:8501"]
    )
    client = TestClient(app, base_url="http://api:8501")
    assert client.get("/").status_code == 200
    assert client.get("/", headers={"host": "api.evil.example:8501"}).status_code == 403
    assert client.get("/", headers={"origin": "https://evil.example"}).status_code == 403
