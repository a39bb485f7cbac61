"""The web page's own files and sockets: for whoever is signed in."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from assistant.api.gate import SignInGate
from tests.login.conftest import BASE, Browser


async def page(_request):
    return PlainTextResponse("the page")


async def socket(websocket):
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


@pytest.fixture
def open_page(house):
    routes = [WebSocketRoute("/_stcore/stream", socket), Route("/{path:path}", page)]
    gate = Middleware(SignInGate, login=house.login)
    app = Starlette(routes=routes, middleware=[gate])

    def open_(signed_in_as=None):
        client = Browser(app, base_url=BASE, follow_redirects=False)
        if signed_in_as is not None:
            entered = house.browser()
            entered.sign_in(signed_in_as)
            name = house.login.cookie_name
            client.cookies.set(name, entered.cookies[name])
        return client

    return open_


def test_a_stranger_is_led_to_the_sign_in_and_back(open_page):
    asked = {"accept": "text/html"}
    answer = open_page().get("/documents?language=fr", headers=asked)
    assert answer.status_code == 303
    assert answer.headers["location"] == (
        "/account/sign-in?next=%2Fdocuments%3Flanguage%3Dfr&language=fr"
    )


@pytest.mark.parametrize(
    "path", ["/_stcore/upload_file/x/y", "/media/abc.pdf", "/component/x", "/metrics/x"]
)
def test_a_stranger_gets_nothing_else_of_it(open_page, path):
    assert open_page().get(path).status_code == 401
    assert open_page().put(path).status_code == 401


def test_metrics_ask_for_themselves(open_page):
    """For a token, or for a program of this machine: see tests/observing."""
    assert open_page().get("/metrics").status_code == 200


def test_a_stranger_opens_no_socket(open_page):
    with (
        pytest.raises(WebSocketDisconnect),
        open_page().websocket_connect("/_stcore/stream"),
    ):
        pass


def test_who_is_signed_in_gets_all_until_they_are_changed(house, open_page):
    house.add("Anne")
    client = open_page("Anne")
    assert client.get("/").text == "the page"
    with client.websocket_connect("/_stcore/stream") as opened:
        assert opened.receive_text() == "hello"
    house.assistant.people.change_user("Anne", join=["rh"])
    assert client.get("/").status_code == 401
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_stcore/stream"):
        pass
