"""What the tests of all sources need: certificates, surroundings, a place to fetch to."""

from __future__ import annotations

import datetime
import ipaddress
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.ingest_settings import IngestSettings, SourceSettings
from assistant.knowledge.database import open_database
from assistant.knowledge.lexicon.tantivy_index import TantivyLexicon
from assistant.knowledge.library import Library
from assistant.knowledge.vectors.memory import MemoryVectors
from assistant.models.embedders.hashing import HashingEmbedder
from assistant.settings import Settings
from ingestion.pipeline import LocalIngestor
from ingestion.sources.base import Source, SourceItem
from ingestion.sources.options import Surroundings
from ingestion.stages import LocalStages
from tests.ingestion.sources.serving import Certificates


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    now = datetime.datetime.now(datetime.UTC)

    def begin(subject: str, issuer: str, key: Any) -> x509.CertificateBuilder:
        names = [
            x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
            for name in (subject, issuer)
        ]
        return (
            x509.CertificateBuilder(names[1], names[0], key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
        )

    folder = tmp_path_factory.mktemp("certificates")
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    identifier = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    authority = (
        begin("Test authority", "Test authority", root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
                key_encipherment=False, data_encipherment=False, key_agreement=False,
                encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .sign(root_key, hashes.SHA256())
    )  # fmt: skip
    local = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    signed = (
        begin("localhost", "Test authority", key)
        .add_extension(local, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
            critical=False,
        )
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    made = Certificates(folder / "authority.pem", folder / "chain.pem", folder / "key.pem")
    made.authority.write_bytes(authority.public_bytes(pem))
    made.chain.write_bytes(signed.public_bytes(pem))
    made.key.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made


@pytest.fixture
def surroundings(tmp_path: Path) -> Surroundings:
    return Surroundings(SourceSettings(), max_file_bytes=100_000, cache=tmp_path / "cache")


@pytest.fixture
def fetched(tmp_path: Path) -> Callable[[Source, SourceItem], Path]:
    """Fetches an item into a folder of its own."""
    numbers = iter(range(1000))

    def fetch(source: Source, item: SourceItem) -> Path:
        folder = tmp_path / f"fetched-{next(numbers)}"
        folder.mkdir()
        return source.fetch(item, folder)

    return fetch


@pytest.fixture
def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    allowed = SourceSettings(web=True, web_allow=("127.0.0.1/32",), web_delay_s=0)
    return Settings(data=tmp_path / "data", ingest=IngestSettings(workers=1), sources=allowed)


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    """A real one but for its vectors, which are in memory."""
    embedder = HashingEmbedder()
    settings.data.mkdir()
    opened = Library(
        open_database(settings.data / "philo.db"),
        MemoryVectors(embedder.dimension),
        TantivyLexicon(),
        embedder_id=embedder.id,
    )
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def stages() -> Iterator[KeptStages]:
    """One pool of parsing children for all tests of a module."""
    opened = KeptStages(HashingEmbedder(), IngestSettings(workers=1))
    yield opened
    LocalStages.close(opened)


class KeptStages(LocalStages):
    def close(self) -> None:
        """Not after each of the worker's busy periods."""


@pytest.fixture
def ingestor(library: Library, settings: Settings, stages: KeptStages) -> Iterator[LocalIngestor]:
    opened = LocalIngestor(library, HashingEmbedder(), settings, open_stages=lambda: stages)
    yield opened
    opened.close()
