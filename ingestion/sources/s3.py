"""Buckets of Amazon S3 and of what speaks like it (MinIO, Ceph, Garage, ...)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, unquote, urlsplit

from pydantic import Field, model_validator

from assistant.errors import SourceItemGoneError, SourceUnavailableError
from ingestion.parsers.base import format_of
from ingestion.sources.base import Source, SourceItem
from ingestion.sources.download import write_file
from ingestion.sources.options import Options, ServiceAddress, Surroundings, read_secret

if TYPE_CHECKING:
    from minio import Minio
    from urllib3 import PoolManager

TIMEOUT_S = 60.0
PIECE_BYTES = 64 * 2**10
_GONE = frozenset({"NoSuchKey", "NoSuchObject", "NoSuchVersion", "ResourceNotFound"})


class S3Options(Options):
    """One bucket, or what begins with `prefix` in it."""

    bucket: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.\-_]{1,254}$")
    prefix: str = Field("", max_length=1000, description="only keys that begin with it")
    endpoint: ServiceAddress = Field("https://s3.amazonaws.com", description="of the service")
    region: str = Field("us-east-1", max_length=100)
    access_key_env: str = Field("", description="environment variable with the access key's id")
    secret_key_env: str = Field("", description="environment variable with the secret key")
    secret_key_file: str = Field("", description="file with the secret key, and nothing else")
    anonymous: bool = Field(False, description="a public bucket that asks for no key")
    ca_file: str = Field("", description="certificates to trust (PEM), for a service of your own")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.anonymous == bool(self.access_key_env):
            raise ValueError("give access_key_env and secret_key_env, or anonymous=true")
        if urlsplit(self.endpoint).path:
            raise ValueError("endpoint must be without a path; the bucket is an option of its own")
        return self


OPTIONS = S3Options


class S3Source:
    """Keys are addresses, ETags fingerprints. S3 states no readers for single objects."""

    def __init__(
        self, options: S3Options, client: Minio, pool: PoolManager, *, limit_bytes: int
    ) -> None:
        self._options = options
        self._client = client
        self._pool = pool
        self._root = f"s3://{urlsplit(options.endpoint).netloc}/{options.bucket}/"
        self._limit_bytes = limit_bytes

    @property
    def address(self) -> str:
        return self._root + quote(self._options.prefix)

    def items(self) -> Iterator[SourceItem]:
        options = self._options
        with self._translated(f"bucket {options.bucket}"):
            for entry in self._client.list_objects(
                options.bucket, prefix=options.prefix or None, recursive=True
            ):
                key = entry.object_name or ""
                name = key.rsplit("/", 1)[-1]
                if entry.is_dir or not name or format_of(name) is None:
                    continue
                yield SourceItem(
                    uri=self._root + quote(key),
                    name=name,
                    fingerprint=(entry.etag or "").strip('"') or str(entry.last_modified),
                    size_bytes=entry.size,
                )

    def fetch(self, item: SourceItem, folder: Path) -> Path:
        key = unquote(item.uri.removeprefix(self._root))
        with self._translated(item.uri):
            response = self._client.get_object(self._options.bucket, key)
            try:
                pieces = response.stream(PIECE_BYTES)
                return write_file(folder, item.name, pieces, limit_bytes=self._limit_bytes)
            finally:
                response.close()
                response.release_conn()

    def close(self) -> None:
        self._pool.clear()

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        import urllib3
        from minio.error import InvalidResponseError, MinioException, S3Error

        where = f"{what} at {self._options.endpoint}"
        try:
            yield
        except S3Error as exc:
            if exc.code in _GONE:
                raise SourceItemGoneError(f"{what} does not exist there") from exc
            raise SourceUnavailableError(f"{where} refuses: {_explain(exc.code)}") from exc
        except InvalidResponseError as exc:
            raise SourceUnavailableError(
                f"{where} does not answer like S3; is the endpoint right?"
            ) from exc
        except (MinioException, urllib3.exceptions.HTTPError, ValueError, SyntaxError) as exc:
            # SyntaxError: XML that is none, by the standard library's parser
            reason = str(getattr(exc, "reason", None) or exc)[:200]
            raise SourceUnavailableError(f"{where} cannot be read ({reason})") from exc


def open_source(options: S3Options, surroundings: Surroundings) -> Source:
    """Raises SourceUnavailableError: a key that is named is not there."""
    import urllib3
    from minio import Minio

    access_key = secret_key = None
    if not options.anonymous:
        access_key = read_secret(options.access_key_env, "", option="access_key")
        secret_key = read_secret(
            options.secret_key_env, options.secret_key_file, option="secret_key"
        )
    parts = urlsplit(options.endpoint)
    try:
        trust = ssl.create_default_context(cafile=options.ca_file or None)
    except OSError as exc:
        raise SourceUnavailableError(f"ca_file {options.ca_file} cannot be used ({exc})") from exc
    pool = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=10.0, read=TIMEOUT_S),
        retries=urllib3.Retry(
            total=4,
            connect=1,
            read=2,
            backoff_factor=0.5,
            status_forcelist=[429, 500, 502, 503, 504],
            redirect=0,
        ),
        ssl_context=trust,
    )
    client = Minio(
        parts.netloc,
        access_key=access_key,
        secret_key=secret_key,
        secure=parts.scheme == "https",
        region=options.region,
        http_client=pool,
    )
    return S3Source(options, client, pool, limit_bytes=surroundings.max_file_bytes)


def _explain(code: str | None) -> str:
    match code:
        case "NoSuchBucket":
            return "there is no such bucket"
        case "InvalidAccessKeyId" | "SignatureDoesNotMatch":
            return "the keys are wrong; correct what access_key_env and secret_key_env name"
        case "AccessDenied":
            return "the keys have no right to read it"
        case "SlowDown":
            return "it is too busy; it is tried again at the next run"
        case _:
            return code or "no reason given"
