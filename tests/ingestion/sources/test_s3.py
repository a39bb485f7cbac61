"""Buckets, on a server that checks each signature."""

import pytest

from assistant.errors import SourceItemGoneError, SourceUnavailableError
from ingestion.sources.s3 import S3Options, open_source
from tests.ingestion.sources.s3_server import ACCESS_KEY, SECRET_KEY, Bucket
from tests.ingestion.sources.serving import served


@pytest.fixture(scope="module")
def server():
    bucket = Bucket()
    with served(bucket.app) as address:
        yield bucket, address


@pytest.fixture
def bucket(server) -> Bucket:
    server[0].__init__()
    server[0].objects = {"a.md": b"# A", "b.pdf": b"%PDF", "c.exe": b"", "in/d e+é.txt": b"D"}
    return server[0]


@pytest.fixture
def opened(server, surroundings, monkeypatch):
    monkeypatch.setenv("KEY", ACCESS_KEY)
    monkeypatch.setenv("SECRET", SECRET_KEY)
    sources = []

    def open_it(**options):
        stated = {"bucket": "papers", "endpoint": server[1], "access_key_env": "KEY"}
        checked = S3Options(**stated | {"secret_key_env": "SECRET"} | options)
        sources.append(open_source(checked, surroundings))
        return sources[-1]

    yield open_it
    for source in sources:
        source.close()


def test_all_pages_of_a_bucket_are_listed(bucket, opened, server):
    items = list(opened().items())
    host = server[1].removeprefix("http://")
    assert [item.uri for item in items] == [
        f"s3://{host}/papers/a.md",
        f"s3://{host}/papers/b.pdf",
        f"s3://{host}/papers/in/d%20e%2B%C3%A9.txt",
    ]
    assert items[2].name == "d e+é.txt"
    assert [item.size_bytes for item in items] == [3, 4, 1]
    assert bucket.listings == 2


def test_a_prefix_narrows(bucket, opened):
    assert [item.name for item in opened(prefix="in/").items()] == ["d e+é.txt"]


def test_the_fingerprint_follows_the_content(bucket, opened):
    source = opened()
    before = {item.name: item.fingerprint for item in source.items()}
    bucket.objects["a.md"] = b"# Another"
    after = {item.name: item.fingerprint for item in source.items()}
    assert [name for name in after if before[name] != after[name]] == ["a.md"]


def test_objects_are_fetched(bucket, opened, fetched):
    source = opened()
    contents = [fetched(source, item).read_bytes() for item in source.items()]
    assert contents == [b"# A", b"%PDF", b"D"]


def test_an_object_larger_than_the_limit_is_not_fetched_whole(bucket, opened, fetched):
    bucket.objects = {"large.txt": b"x" * 500_000}
    source = opened()
    (item,) = source.items()
    assert fetched(source, item).stat().st_size == 100_001


def test_an_object_deleted_since_it_was_listed_is_gone(bucket, opened, fetched):
    source = opened()
    item = next(source.items())
    del bucket.objects["a.md"]
    with pytest.raises(SourceItemGoneError):
        fetched(source, item)


def test_a_listing_that_breaks_off_fails(bucket, opened):
    bucket.cut_page = 1
    with pytest.raises(SourceUnavailableError, match="papers"):
        list(opened().items())


def test_a_busy_server_is_asked_again(bucket, opened):
    bucket.busy_answers = 1
    assert len(list(opened().items())) == 3


def test_wrong_keys_are_told_without_the_keys(bucket, opened, monkeypatch):
    monkeypatch.setenv("SECRET", "not that secret")
    with pytest.raises(SourceUnavailableError, match="the keys are wrong") as failure:
        list(opened().items())
    assert "not that secret" not in str(failure.value)


def test_a_missing_variable_is_named(opened, monkeypatch):
    monkeypatch.delenv("SECRET")
    with pytest.raises(SourceUnavailableError, match="SECRET"):
        opened()


def test_an_unknown_bucket_is_told(bucket, opened):
    with pytest.raises(SourceUnavailableError, match="no such bucket"):
        list(opened(bucket="others").items())


def test_a_server_that_is_down_is_told(opened, free_port):
    with pytest.raises(SourceUnavailableError, match="cannot be read"):
        list(opened(endpoint=f"http://127.0.0.1:{free_port}").items())


def test_a_huge_bucket_is_streamed(bucket, opened):
    """The first item comes before the second page is asked for."""
    bucket.objects = {f"{number:06}.txt": b"" for number in range(10_000)}
    bucket.page_size = 1000
    items = opened().items()
    assert next(items).name == "000000.txt"
    assert bucket.listings == 1
    assert sum(1 for _ in items) == 9_999
    assert bucket.listings == 10
