"""SharePoint and OneDrive: files, who may read them, and a service that wants patience."""

import pytest
from pydantic import ValidationError

from assistant.errors import SourceItemGoneError, SourceUnavailableError
from ingestion.sources import connection, graph
from ingestion.sources.sharepoint import SharePointOptions, open_source
from tests.ingestion.sources.graph_server import (
    CLIENT,
    SECRET,
    TENANT,
    DriveFile,
    Graph,
    granted,
)
from tests.ingestion.sources.serving import served


@pytest.fixture(scope="module")
def server(certificates):
    made = Graph()
    with (
        served(made.app, certificates) as address,
        served(made.store_app, certificates) as store,
    ):
        yield made, address, store


@pytest.fixture
def service(server) -> Graph:
    made, address, store = server
    app, store_app = made.app, made.store_app
    fresh = Graph()
    vars(made).update(vars(fresh) | {"app": app, "store_app": store_app})
    made.address, made.store = address, store
    listed = [
        DriveFile("1", "leave.docx", b"PK", readers=[granted("group", "g-hr")]),
        DriveFile("2", "pay.pdf", b"%PDF", readers=[granted("user", "u-amelie", ("owner",))]),
        DriveFile("3", "film.mp4", b"film"),
    ]
    made.files = {file.id: file for file in listed}
    return made


@pytest.fixture
def opened(service, certificates, surroundings, monkeypatch):
    monkeypatch.setenv("SECRET", SECRET)
    sources = []

    def open_it(**options):
        stated = {
            "tenant": TENANT, "client_id": CLIENT, "client_secret_env": "SECRET",
            "login": service.address, "graph": service.address,
            "ca_file": str(certificates.authority),
        }  # fmt: skip
        if not {"user", "drive"} & options.keys():
            stated["site"] = "contoso.sharepoint.com:/sites/hr"
        sources.append(open_source(SharePointOptions(**stated | options), surroundings))
        return sources[-1]

    yield open_it
    for source in sources:
        source.close()


@pytest.fixture
def slept(monkeypatch) -> list[float]:
    """How long was waited, without waiting."""
    waits: list[float] = []
    for place in (connection.Connection.__init__, graph.Graph.__init__):
        defaults = {**place.__kwdefaults__, "sleep": waits.append}
        monkeypatch.setattr(place, "__kwdefaults__", defaults)
    return waits


def test_files_are_listed_with_their_readers_and_fetched(service, opened, fetched):
    source = opened()
    items = list(source.items())
    assert [(item.name, item.size_bytes, item.groups) for item in items] == [
        ("leave.docx", 2, {"group:g-hr"}),
        ("pay.pdf", 4, {"user:u-amelie"}),
    ]
    assert items[0].uri == "https://contoso.sharepoint.com/sites/hr/leave.docx#d%211/1"
    assert [fetched(source, item).read_bytes() for item in items] == [b"PK", b"%PDF"]


def test_the_token_does_not_follow_to_the_host_of_the_bytes(service, opened, fetched):
    source = opened()
    fetched(source, next(source.items()))
    assert service.store_headers
    assert "authorization" not in service.store_headers[0]


def test_of_a_file_that_is_listed_twice_the_last_word_counts(service, opened):
    assert [item.fingerprint for item in opened().items()] == ["c:1,1", "c:2,1"]
    service.files["2"].tag = 5
    assert [item.fingerprint for item in opened().items()] == ["c:1,1", "c:2,5"]


@pytest.mark.parametrize("place", [{"user": "amelie@contoso.com"}, {"drive": "d!1"}])
def test_a_drive_and_a_onedrive_are_sources_too(service, opened, place):
    assert len(list(opened(**place).items())) == 2


def test_only_who_is_named_is_a_reader(service, opened):
    """Links for everyone in the organisation, applications, and roles that do not let read."""
    service.files["1"].readers = [
        {"roles": ["read"], "link": {"scope": "organization"}},
        {"roles": ["read"], "link": {"scope": "users"},
         "grantedToIdentitiesV2": [{"user": {"id": "u-b"}}, {"siteUser": {"loginName": "i:0#x"}}]},
        granted("application", "app"),
        granted("user", "u-none", ("sp.limited access",)),
        {"roles": ["write"], "grantedToV2": {"siteGroup": {"id": "5", "displayName": "HR team"}}},
    ]  # fmt: skip
    service.files["2"].readers = []
    assert [item.groups for item in opened().items()] == [
        {"user:u-b", "siteuser:i:0#x", "sitegroup:HR team"},
        frozenset(),
    ]


def test_readers_can_be_left_to_the_operator(service, opened):
    assert [item.groups for item in opened(permissions=False).items()] == [None, None]
    assert service.batches == 0


def test_readers_are_asked_for_twenty_files_at_once(service, opened):
    service.files = {
        str(number): DriveFile(
            str(number), f"{number}.pdf", readers=[granted("group", f"g{number}")]
        )
        for number in range(45)
    }
    service.page_size = 10
    groups = {item.name: item.groups for item in opened().items()}
    assert len(groups) == 45
    assert all(groups[f"{number}.pdf"] == {f"group:g{number}"} for number in range(45))
    assert service.batches == 3


def test_a_busy_service_is_given_the_time_that_it_asks_for(service, opened, slept):
    service.throttled, service.throttled_in_batch = 2, 1
    assert len(list(opened().items())) == 2
    assert slept == [2.0, 2.0, 3.0]


def test_a_token_that_expires_in_the_middle_is_renewed(service, opened, fetched):
    service.token_uses = 2
    source = opened()
    items = list(source.items())
    assert [fetched(source, item).read_bytes() for item in items] == [b"PK", b"%PDF"]
    assert service.tokens_given > 2


def test_a_wrong_secret_is_told_without_it(service, opened, monkeypatch):
    monkeypatch.setenv("SECRET", "not the secret")
    with pytest.raises(SourceUnavailableError, match="AADSTS7000215") as failure:
        list(opened().items())
    assert "not the secret" not in str(failure.value)


def test_a_login_that_is_down_or_unknown_is_told(service, opened, free_port):
    with pytest.raises(SourceUnavailableError, match=str(free_port)):
        list(opened(login=f"https://127.0.0.1:{free_port}").items())
    with pytest.raises(SourceUnavailableError, match="tenant"):
        list(opened(tenant="nobody").items())


@pytest.mark.parametrize("cut_at", [2, -1])
def test_a_listing_that_breaks_off_fails(service, opened, cut_at):
    """With an error, or by a last page that does not say that it is the last."""
    service.cut_at = cut_at
    with pytest.raises(SourceUnavailableError):
        list(opened().items())


def test_a_list_that_goes_on_elsewhere_is_not_followed(service, opened):
    service.next_host = "https://evil.example"
    with pytest.raises(SourceUnavailableError, match="another host"):
        list(opened().items())


def test_a_file_deleted_while_its_readers_are_asked_for_is_left_out(service, opened):
    service.vanished = "1"
    assert [item.name for item in opened().items()] == ["pay.pdf"]


def test_a_file_deleted_since_it_was_listed_is_gone(service, opened, fetched):
    source = opened()
    item = next(source.items())
    service.vanished = "1"
    with pytest.raises(SourceItemGoneError):
        fetched(source, item)


def test_an_application_that_may_not_see_readers_fails_the_listing(service, opened):
    """Taken for nobody's or everyone's, documents would be lost or given away."""
    service.batch_status = 403
    with pytest.raises(SourceUnavailableError, match=r"Sites\.Read\.All"):
        list(opened().items())


def test_an_unknown_site_is_told(service, opened):
    with pytest.raises(SourceUnavailableError, match="site"):
        list(opened(site="contoso.sharepoint.com:/sites/other").items())


@pytest.mark.parametrize(
    "options",
    [
        {"site": "a", "drive": "b"},
        {},
        {"site": "a", "graph": "http://graph.example"},
        {"site": "a", "tenant": "a/b"},
        {"site": "a", "client_secret_file": "x"},
    ],
)
def test_options_that_make_no_sense_are_refused(options):
    stated = {"tenant": "t", "client_id": "c", "client_secret_env": "S"}
    with pytest.raises(ValidationError):
        SharePointOptions(**stated | options)
