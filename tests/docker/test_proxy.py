"""The proxy before Philo: Caddy with docker/Caddyfile, and two small servers behind it."""

import http.server
import json
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.docker.conftest import ROOT


class Echo(http.server.BaseHTTPRequestHandler):
    """Tells what it is and what it was asked."""

    def do_GET(self) -> None:
        told = {
            "name": self.server.server_name_told,  # type: ignore[attr-defined]
            "path": self.path,
            "from": self.headers.get("X-Forwarded-For"),
            "host": self.headers.get("Host"),
        }
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


HOST = "philo.example"


class Proxy(NamedTuple):
    http: int
    https: int
    health: int
    certificate: Path


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Its ports, and what it shows."""
    folder = tmp_path_factory.mktemp("proxy")
    (folder / "make_secrets.sh").write_bytes((ROOT / "docker/make_secrets.sh").read_bytes())
    subprocess.run(["sh", folder / "make_secrets.sh", HOST], check=True, capture_output=True)
    behind = {}
    for name in ("api", "page"):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        server.server_name_told = name  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        behind[name] = server
    secrets = folder / "secrets"
    made = Proxy(free_port(), free_port(), free_port(), secrets / "tls_certificate")
    environ = {
        **os.environ,
        "HOME": str(folder),
        "PHILO_TLS_FOLDER": str(secrets),
        "PHILO_HTTP_PORT": str(made.http),
        "PHILO_HTTPS_PORT": str(made.https),
        "PHILO_HEALTH_PORT": str(made.health),
        "PHILO_HOST": HOST,
        "PHILO_API": f"127.0.0.1:{behind['api'].server_port}",
        "PHILO_PAGE": f"127.0.0.1:{behind['page'].server_port}",
    }
    run = ["caddy", "run", "--config", ROOT / "docker/Caddyfile", "--adapter", "caddyfile"]
    with subprocess.Popen(run, env=environ, stderr=subprocess.PIPE, text=True) as caddy:
        assert caddy.stderr is not None
        while "serving initial configuration" not in (line := caddy.stderr.readline()):
            assert line, "Caddy ended"
        threading.Thread(target=caddy.stderr.read, daemon=True).start()
        yield made
        caddy.terminate()
    for server in behind.values():
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def ask(proxy: Proxy) -> Iterator[Callable[..., httpx.Response]]:
    """As somebody who knows the proxy by its name, which is not looked up, and its certificate."""
    known = ssl.create_default_context(cafile=proxy.certificate)
    with httpx.Client(verify=known, trust_env=False, timeout=10) as client:

        def get(url: str, **headers: str) -> httpx.Response:
            named = {"Host": HOST, **headers}
            return client.get(url, headers=named, extensions={"sni_hostname": HOST})

        yield get


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "page"),
        ("/apiary", "page"),
        ("/_stcore/health", "page"),
        ("/api/live", "api"),
        ("/api", "api"),
        ("/v1/models", "api"),
        ("/account", "api"),
        ("/account/sign-in", "api"),
    ],
)
def test_the_api_and_the_page_share_one_origin(proxy, ask, path, name):
    told = ask(f"https://127.0.0.1:{proxy.https}{path}").json()
    assert (told["name"], told["path"], told["host"]) == (name, path, HOST)


def test_a_caller_cannot_lie_about_where_it_comes_from(proxy, ask):
    answer = ask(f"https://127.0.0.1:{proxy.https}/api", **{"X-Forwarded-For": "8.8.8.8"})
    assert answer.json()["from"] == "127.0.0.1"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Caddy" not in answer.headers.get("Server", "")


def test_plain_http_is_sent_to_https(proxy, ask):
    moved = ask(f"http://127.0.0.1:{proxy.http}/ask?x=1")
    assert moved.status_code == 308
    assert moved.headers["Location"] == f"https://{HOST}/ask?x=1"


def test_its_health_is_that_of_the_api_whatever_its_name(proxy):
    """As compose.yaml asks, without TLS and from within the container alone."""
    told = httpx.get(f"http://127.0.0.1:{proxy.health}/", trust_env=False).json()
    assert (told["name"], told["path"], told["host"]) == ("api", "/api/live", HOST)
