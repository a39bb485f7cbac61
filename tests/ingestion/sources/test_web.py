"""Pages of the web: what a site may lead us to, and what it may not."""

import socket
import ssl
import time
from dataclasses import replace

import pytest
from starlette.responses import Response

from assistant.errors import (
    ParseError,
    SettingsError,
    SourceItemGoneError,
    SourceRefusedError,
    SourceUnavailableError,
)
from assistant.ingest_settings import SourceSettings
from ingestion.sources.addresses import AddressPolicy
from ingestion.sources.web import WebOptions, open_source
from ingestion.sources.web_client import WebClient
from tests.ingestion.sources.serving import served
from tests.ingestion.sources.web_site import Site, Trickle, bomb, html, redirect, sitemap, zipped

HERE = "127.0.0.1/32"
LIMIT = 100_000


@pytest.fixture(scope="module")
def server():
    site = Site()
    with served(site) as address:
        yield site, address


@pytest.fixture
def site(server) -> Site:
    server[0].__init__()
    return server[0]


@pytest.fixture
def root(server) -> str:
    return server[1]


@pytest.fixture
def opened(surroundings):
    sources = []

    def open_it(url, *, allow=(HERE,), sitemap=False, **settings):
        chosen = SourceSettings(web=True, web_delay_s=0, web_allow=allow, **settings)
        options = WebOptions(url=url, sitemap=sitemap)
        sources.append(open_source(options, replace(surroundings, settings=chosen)))
        return sources[-1]

    yield open_it
    for source in sources:
        source.close()


@pytest.fixture
def page(opened, fetched):
    """The one page of an address, fetched."""

    def get(url, **settings):
        source = opened(url, **settings)
        (item,) = source.items()
        return fetched(source, item)

    return get


def client_of(policy: AddressPolicy, **options) -> WebClient:
    return WebClient(policy, delay_s=0, timeout_s=5, **options)


def test_pages_are_not_fetched_unless_the_settings_allow_it(surroundings, root):
    with pytest.raises(SourceUnavailableError, match="web = true"):
        open_source(WebOptions(url=root), surroundings)


def test_a_page_is_fetched(site, root, page):
    site.pages["/leave"] = html("26 days")
    path = page(f"{root}/leave#annual")
    assert path.name == "leave.html"
    assert "26 days" in path.read_text()


def test_the_content_type_decides_the_format(site, root, page):
    site.pages["/get.php"] = Response(b"%PDF-1.7", media_type="application/pdf")
    site.pages["/a.html"] = Response(b"plain", media_type="text/plain; charset=utf-8")
    site.pages["/b.pdf"] = Response(b"%PDF-1.7", media_type="application/octet-stream")
    assert page(f"{root}/get.php").name == "get.php.pdf"
    assert page(f"{root}/a.html").name == "a.html.txt"
    assert page(f"{root}/b.pdf").name == "b.pdf"
    site.pages["/c.png"] = Response(b"", media_type="image/x-unknown")
    with pytest.raises(ParseError, match="image/x-unknown"):
        page(f"{root}/c.png")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/x",
        "gopher://example.org/x",
        "//example.org/x",
        "http://",
        "http://user:secret@example.org/",
        "http://exa mple.org/",
        "http://example.org/\r\nX: y",
        "http://[::1/",
        "http://example.org:99999/",
        "javascript:alert(1)",
    ],
)
def test_addresses_that_are_no_pages_are_refused(url, opened):
    with pytest.raises(SourceRefusedError) as failure:
        opened(url)
    assert "secret" not in str(failure.value)


PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1",
    "172.16.5.4", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.2.3", "240.0.0.1",
    "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd12::1", "fec0::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "2002:7f00:1::", "2002:0a00:0001::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "100::1",
    "fe80::1%eth0", "not an address",
]  # fmt: skip
PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8",
          "64:ff9b::808:808"]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_with_an_address_that_is_not_public_is_refused(address):
    policy = AddressPolicy([], lambda host: ["93.184.216.34", address])
    with pytest.raises(SourceRefusedError, match="not public"):
        policy.addresses_of("example.org")


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address):
    assert AddressPolicy([], lambda host: [address]).addresses_of("example.org") == [address]


def test_an_intranet_is_allowed_by_host_and_by_network():
    policy = AddressPolicy(["wiki.corp", "10.1.0.0/16", "fd12::/16"], lambda host: ["10.2.0.1"])
    assert policy.addresses_of("WIKI.corp.") == ["10.2.0.1"]
    assert policy.allows("other.corp", "10.1.2.3")
    assert policy.allows("other.corp", "::ffff:10.1.2.3")
    assert policy.allows("other.corp", "fd12::5")
    assert not policy.allows("other.corp", "10.2.0.1")
    assert not policy.allows("sub.wiki.corp", "10.2.0.1")


@pytest.mark.parametrize("entry", ["10.0.0.0/33", "a/b", "fd12::x", " "])
def test_an_allowance_that_is_none_is_refused(entry):
    with pytest.raises(SettingsError):
        AddressPolicy([entry])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]"])
def test_this_machine_is_not_reached_under_any_of_its_names(host, root, site, page):
    site.pages["/"] = html("secret")
    port = root.rpartition(":")[2]
    told = r"not public|not known|no address"
    with pytest.raises((SourceRefusedError, SourceUnavailableError), match=told):
        page(f"http://{host}:{port}/", allow=())
    assert site.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_into_the_own_network_is_refused(status, site, root, page):
    site.pages["/go"] = redirect("http://169.254.169.254/latest/meta-data/", status)
    with pytest.raises(SourceRefusedError, match=r"169\.254\.169\.254.*not public"):
        page(f"{root}/go")


def test_each_hop_of_a_redirect_is_checked(site, root, opened):
    """The last hop leads to a name whose address is private."""
    names = {"one.example": "127.0.0.1", "two.example": "127.0.0.2"}
    policy = AddressPolicy([HERE], lambda host: [names[host]])
    port = root.rpartition(":")[2]
    site.pages["/1"] = redirect("/2")
    site.pages["/2"] = redirect(f"http://one.example:{port}/3")
    site.pages["/3"] = redirect(f"http://two.example:{port}/4")
    site.pages["/4"] = html("secret")
    client = client_of(policy)
    with pytest.raises(SourceRefusedError, match=r"two.example has the address 127.0.0.2"):
        client.get(f"http://one.example:{port}/1", limit_bytes=LIMIT)
    client.close()
    assert site.asked == ["/1", "/2", "/3"]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://x/", "http://u:p@example.org/"])
def test_a_redirect_to_what_is_no_page_is_refused(target, site, root, page):
    site.pages["/go"] = redirect(target)
    with pytest.raises(SourceRefusedError):
        page(f"{root}/go")


def test_redirects_end(site, root, page):
    site.pages["/go"] = redirect("/go")
    with pytest.raises(SourceUnavailableError, match="redirects"):
        page(f"{root}/go")


def test_a_name_that_changes_its_address_gains_nothing(site, root):
    """DNS rebinding: each connection is made to an address that was checked for it."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    site.pages["/a"] = html("fine")
    client = client_of(AddressPolicy([HERE], lambda host: next(answers)))
    port = root.rpartition(":")[2]
    with pytest.raises(SourceRefusedError, match=r"10.0.0.1, which is not public"):
        client.get(f"http://rebind.example:{port}/a", limit_bytes=LIMIT)
    client.close()
    assert (site.robots_asked, site.asked) == (1, [])


def test_the_connection_is_made_to_the_address_that_was_checked(monkeypatch):
    """The system's resolver is asked once, and what it says later has no effect."""
    connected = []

    def connect(address, *arguments, **options):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    policy = AddressPolicy([], lambda host: ["93.184.216.34", "93.184.216.35"])
    client = client_of(policy)
    with pytest.raises(SourceUnavailableError):
        client.get("http://example.org/", limit_bytes=LIMIT)
    client.close()
    assert [address[0] for address in connected] == ["93.184.216.34", "93.184.216.35"]


def test_tls_is_checked_for_the_name_and_not_for_the_address(certificates):
    site = Site(pages={"/": html("by name")})
    trust = ssl.create_default_context(cafile=certificates.authority)
    with served(site, certificates) as root:
        port = root.rpartition(":")[2]
        policy = AddressPolicy([HERE], lambda host: ["127.0.0.1"])
        client = client_of(policy, trust=trust)
        assert b"by name" in client.get(f"https://localhost:{port}/", limit_bytes=LIMIT).content
        with pytest.raises(SourceUnavailableError, match="certificate"):
            client.get(f"https://other.example:{port}/", limit_bytes=LIMIT)
        site.pages["/down"] = redirect(f"http://localhost:{port}/")
        with pytest.raises(SourceRefusedError, match="from https to http"):
            client.get(f"https://localhost:{port}/down", limit_bytes=LIMIT)
        client.close()


def test_robots_are_obeyed(site, root, page):
    site.robots = Response("User-agent: *\nDisallow: /private\nDisallow: /*.pdf$\n")
    site.pages["/private/a"] = site.pages["/public"] = html("x")
    site.pages["/go"] = redirect("/private/a")
    assert page(f"{root}/public")
    for path in ("/private/a", "/x.pdf", "/go"):
        with pytest.raises(SourceRefusedError, match="robots"):
            page(root + path)
    assert site.asked == ["/public", "/go"]


def test_rules_for_philo_come_before_those_for_all(site, root, page):
    site.robots = Response("User-agent: *\nDisallow: /\n\nUser-agent: Philo\nAllow: /\n")
    site.pages["/"] = html("x")
    assert page(root)


@pytest.mark.parametrize(("status", "allowed"), [(404, True), (403, True), (500, False)])
def test_missing_rules_allow_and_broken_rules_forbid(status, allowed, site, root, page):
    site.robots = Response(status_code=status)
    site.pages["/"] = html("x")
    if allowed:
        assert page(root)
    else:
        with pytest.raises(SourceUnavailableError, match="500"):
            page(root)


def test_a_huge_page_is_not_read_to_its_end(site, root, page):
    site.pages["/"] = Response(b"<p>" + b"x" * 5_000_000, media_type="text/html")
    assert page(root).stat().st_size == LIMIT + 1


def test_a_bomb_is_not_unpacked(site, root, page):
    content = bomb(64 * 2**20)
    site.pages["/"] = Response(
        content, media_type="text/html", headers={"Content-Encoding": "gzip"}
    )
    started = time.monotonic()
    assert page(root).stat().st_size == LIMIT + 1
    assert time.monotonic() - started < 3


def test_packings_that_were_not_asked_for_are_refused(site, root, page):
    site.pages["/"] = Response(b"x", headers={"Content-Encoding": "br"})
    with pytest.raises(SourceUnavailableError, match="packed as br"):
        page(root)


def test_a_page_that_trickles_is_given_up(site, root, page):
    site.pages["/"] = Trickle()
    started = time.monotonic()
    with pytest.raises(SourceUnavailableError, match="took more than"):
        page(root, web_timeout_s=0.5)
    assert time.monotonic() - started < 10


def test_a_host_is_given_time_between_two_requests(site, root):
    site.robots = Response("User-agent: *\nCrawl-delay: 7\n")
    site.pages["/a"] = site.pages["/b"] = html("x")
    slept: list[float] = []
    client = client_of(AddressPolicy([HERE]), sleep=slept.append)
    client.get(f"{root}/a", limit_bytes=LIMIT)
    assert slept == []
    client.get(f"{root}/b", limit_bytes=LIMIT)
    client.close()
    assert slept == [pytest.approx(7, abs=1)]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, SourceUnavailableError),
        (500, SourceUnavailableError),
        (204, SourceUnavailableError),
    ],
)
def test_what_a_page_answers_is_told(status, error, site, root, page):
    site.pages["/"] = Response(status_code=status)
    with pytest.raises(error, match=str(status)):
        page(root)


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_told_and_not_listed(status, site, root, opened):
    site.pages["/"] = Response(status_code=status)
    source = opened(root)
    assert list(source.items()) == []
    assert str(status) in source.failures[0].reason


def test_a_page_of_a_sitemap_that_is_gone_is_told(site, root, opened, fetched):
    site.pages["/s.xml"] = Response(sitemap(f"{root}/a", "mailto:a@example.org"))
    source = opened(f"{root}/s.xml", sitemap=True)
    (item,) = source.items()
    with pytest.raises(SourceItemGoneError, match="404"):
        fetched(source, item)


def test_a_site_that_is_down_is_told(page, free_port):
    with pytest.raises(SourceUnavailableError, match="cannot be read"):
        page(f"http://127.0.0.1:{free_port}/")


def test_pages_of_a_sitemap_are_listed(site, root, opened, fetched):
    site.robots = Response("User-agent: *\nDisallow: /secret\n")
    site.pages["/sitemap.xml"] = Response(
        sitemap(f"{root}/a 2026-01-02", f"{root}/b.pdf", f"{root}/a", f"{root}/secret",
                "https://elsewhere.example/c")
    )  # fmt: skip
    site.pages["/a"] = html("A")
    source = opened(f"{root}/sitemap.xml", sitemap=True)
    items = list(source.items())
    assert [item.uri for item in items] == [f"{root}/a", f"{root}/b.pdf"]
    assert [item.name for item in items] == ["a.html", "b.pdf"]
    assert items[0].fingerprint == "2026-01-02"
    assert items[1].fingerprint == ""
    assert b"A" in fetched(source, items[0]).read_bytes()


def test_an_index_of_sitemaps_is_followed(site, root, opened):
    site.pages["/index.xml"] = Response(
        sitemap(f"{root}/1.xml", f"{root}/2.xml.gz", f"{root}/1.xml", kind="sitemapindex")
    )
    site.pages["/1.xml"] = Response(sitemap(f"{root}/a"))
    site.pages["/2.xml.gz"] = Response(zipped(sitemap(f"{root}/b", f"{root}/a")))
    found = opened(f"{root}/index.xml", sitemap=True).items()
    assert [item.uri for item in found] == [f"{root}/a", f"{root}/b"]


BILLION = (
    b'<?xml version="1.0"?><!DOCTYPE u [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    b"<urlset><url><loc>&b;</loc></url></urlset>"
)


@pytest.mark.parametrize(
    "content",
    [b"", b"<html></html>", b"<urlset><url>", BILLION, b"\x1f\x8b broken", zipped(b"<x/>")[:-9]],
    ids=["empty", "no sitemap", "cut short", "billion laughs", "no gzip", "cut gzip"],
)
def test_what_is_no_sitemap_is_told(content, site, root, opened):
    site.pages["/sitemap.xml"] = Response(content)
    with pytest.raises(SourceUnavailableError, match="sitemap"):
        list(opened(f"{root}/sitemap.xml", sitemap=True).items())


def test_a_sitemap_bomb_is_not_unpacked(site, root, opened):
    site.pages["/sitemap.xml.gz"] = Response(bomb(64 * 2**20))
    with pytest.raises(SourceUnavailableError, match="larger than 50 MiB"):
        list(opened(f"{root}/sitemap.xml.gz", sitemap=True).items())


def test_a_sitemap_of_too_many_pages_is_refused(site, root, opened):
    site.pages["/s.xml"] = Response(sitemap(*(f"{root}/{number}" for number in range(11))))
    with pytest.raises(SourceUnavailableError, match="web_max_pages"):
        list(opened(f"{root}/s.xml", sitemap=True, web_max_pages=10).items())


def test_sitemaps_that_lead_on_and_on_are_refused(site, root, opened):
    for number in range(6):
        site.pages[f"/{number}.xml"] = Response(
            sitemap(f"{root}/{number + 1}.xml", kind="sitemapindex")
        )
    with pytest.raises(SourceUnavailableError, match="deep"):
        list(opened(f"{root}/0.xml", sitemap=True).items())


def test_a_part_of_a_sitemap_that_is_missing_fails_the_listing(site, root, opened):
    site.pages["/index.xml"] = Response(
        sitemap(f"{root}/1.xml", f"{root}/2.xml", kind="sitemapindex")
    )
    site.pages["/1.xml"] = Response(sitemap(f"{root}/a"))
    with pytest.raises(SourceUnavailableError):
        list(opened(f"{root}/index.xml", sitemap=True).items())
