"""Signed bundles: what comes out is what went in, and nothing else ever comes out."""

from __future__ import annotations

import io
import json
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assistant.errors import (
    BundleError,
    ImportRefusedError,
    KeyFileError,
    ModelDamagedError,
    ModelMissingError,
)
from assistant.models.archive import header
from assistant.models.bundle import (
    CONTENTS,
    PURPOSE,
    SIGNATURE,
    read_contents,
    read_files,
    render_signature,
    write_bundle,
)
from assistant.models.catalog import ModelEntry, find_model
from assistant.models.depot import Depot
from assistant.models.importing import import_model
from assistant.models.signatures import load_key, make_key, parse_public, public_text
from assistant.models.unbundling import unpack_bundle
from tests.models.test_import import make_ready_folder

PHI = "phi-3-mini-4k-cpu-int4"
STRIDE = 13
"""Bytes from one flipped bit to the next; with 1 it takes half a minute and finds no more."""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ed25519PrivateKey, str]:
    path = tmp_path_factory.mktemp("keys") / "key.pem"
    public = make_key(path)
    return load_key(path), public


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Depot:
    """A depot with a model of its own and one of the catalogue."""
    root = tmp_path_factory.mktemp("full")
    depot = Depot(root / "models")
    import_model(depot, make_ready_folder(root / "one"), model_id="mine", licence="ours")
    import_model(depot, make_ready_folder(root / "two", b"other weights"), model_id=PHI)
    return depot


@pytest.fixture(scope="module")
def bundle(
    full: Depot,
    keys: tuple[Ed25519PrivateKey, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> bytes:
    path = tmp_path_factory.mktemp("bundles") / "two.philo"
    write_bundle(full, [find_model("mine", full), find_model(PHI)], path, keys[0])
    return path.read_bytes()


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return Depot(tmp_path / "models")


@pytest.fixture
def unpack(
    depot: Depot, tmp_path: Path, keys: tuple[Ed25519PrivateKey, str]
) -> Callable[..., list[ModelEntry]]:
    def run(content: bytes, *trusted: str, **options: bool) -> list[ModelEntry]:
        path = tmp_path / "brought.philo"
        path.write_bytes(content)
        return unpack_bundle(depot, path, trusted or (keys[1],), **options)

    return run


def assert_nothing_is_left(depot: Depot) -> None:
    assert {path.name for path in depot.directory.iterdir()} <= {".staging.lock"}


def check(content: bytes, public: str) -> None:
    """All that unpacking checks, without writing."""
    stream = io.BytesIO(content)
    for _ in read_files(stream, read_contents(stream, [public]), None):
        pass


def test_a_bundle_brings_its_models_to_another_machine(
    unpack: Callable[..., list[ModelEntry]], bundle: bytes, full: Depot, depot: Depot
) -> None:
    entries = unpack(bundle)
    assert [entry.id for entry in entries] == ["mine", PHI]
    for entry in entries:
        assert depot.status(entry) == "ready"
        assert depot.manifest(entry).files == full.manifest(entry).files
        assert depot.manifest(entry).origin["bundle_key"].startswith("ed25519:")
    assert find_model("mine", depot).licence == "ours"
    assert unpack(bundle) == entries  # a second time changes nothing


def test_any_tar_program_can_list_a_bundle(bundle: bytes) -> None:
    with tarfile.open(fileobj=io.BytesIO(bundle)) as archive:
        names = archive.getnames()
    assert names[:2] == [CONTENTS, SIGNATURE]
    assert f"models/{PHI}/{find_model(PHI).revision}/genai_config.json" in names
    assert len(bundle) % tarfile.RECORDSIZE == 0


def test_a_flipped_bit_anywhere_is_refused(
    bundle: bytes, keys: tuple[Ed25519PrivateKey, str]
) -> None:
    check(bundle, keys[1])
    chance = random.Random(5)  # noqa: S311 - the same in each run
    for place in range(chance.randrange(STRIDE), len(bundle), STRIDE):
        changed = bytearray(bundle)
        changed[place] ^= 1 << chance.randrange(8)
        with pytest.raises(BundleError):
            check(bytes(changed), keys[1])


def test_a_flipped_byte_leaves_nothing_behind(
    unpack: Callable[..., list[ModelEntry]], bundle: bytes, depot: Depot
) -> None:
    place = bundle.index(b"other weights")
    changed = bundle[:place] + b"O" + bundle[place + 1 :]
    with pytest.raises(BundleError, match=r"model\.onnx has SHA-256 .*get another copy"):
        unpack(changed)
    assert_nothing_is_left(depot)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.9, 0.999])
def test_a_truncated_bundle_is_refused(
    unpack: Callable[..., list[ModelEntry]], bundle: bytes, depot: Depot, share: float
) -> None:
    with pytest.raises(BundleError, match=r"ends early|no bundle of models"):
        unpack(bundle[: int(len(bundle) * share)])
    assert_nothing_is_left(depot)


def test_something_after_the_end_is_refused(
    unpack: Callable[..., list[ModelEntry]], bundle: bytes, depot: Depot
) -> None:
    with pytest.raises(BundleError, match="follows after the bundle's end"):
        unpack(bundle + b"\0")
    assert_nothing_is_left(depot)


def members_of(bundle: bytes) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(bundle)) as archive:
        found = []
        for member in archive:
            stream = archive.extractfile(member)
            assert stream is not None
            found.append((member, stream.read()))
        return found


def pack(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for member, content in members:
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def test_an_honest_repacking_is_the_same_file(bundle: bytes) -> None:
    """The refusals below would be worth nothing if this failed."""
    assert pack(members_of(bundle)) == bundle


def added(name: str, **changes: object) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.mode = 0o644
    for field, value in changes.items():
        setattr(member, field, value)
    return member, b""


@pytest.mark.parametrize(
    "extra",
    [
        added("models/extra.bin"),
        added("../../outside"),
        added("/etc/outside"),
        added("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        added("hard", type=tarfile.LNKTYPE, linkname="bundle.json"),
        added("pipe", type=tarfile.FIFOTYPE),
    ],
)
@pytest.mark.parametrize("place", [0, 2, 5, None])
def test_an_extra_member_is_refused(
    unpack: Callable[..., list[ModelEntry]],
    bundle: bytes,
    depot: Depot,
    extra: tuple[tarfile.TarInfo, bytes],
    place: int | None,
) -> None:
    members = members_of(bundle)
    members.insert(len(members) if place is None else place, extra)
    with pytest.raises(BundleError):
        unpack(pack(members))
    assert_nothing_is_left(depot)


def test_a_missing_member_is_refused(
    unpack: Callable[..., list[ModelEntry]], bundle: bytes, depot: Depot
) -> None:
    members = members_of(bundle)
    for place in range(len(members)):
        with pytest.raises(BundleError):
            unpack(pack(members[:place] + members[place + 1 :]))
    assert_nothing_is_left(depot)


def test_another_key_is_refused_and_named(
    unpack: Callable[..., list[ModelEntry]],
    bundle: bytes,
    depot: Depot,
    keys: tuple[Ed25519PrivateKey, str],
) -> None:
    other = public_text(Ed25519PrivateKey.generate().public_key())
    with pytest.raises(BundleError, match=r"which is not trusted.*models\.trusted_keys") as refused:
        unpack(bundle, other)
    assert keys[1] in str(refused.value)
    assert_nothing_is_left(depot)
    assert unpack(bundle, other, keys[1])


def resign(contents: bytes, key: Ed25519PrivateKey, purpose: bytes = PURPOSE) -> bytes:
    """The head of a bundle with any contents, signed."""
    signature = render_signature(public_text(key.public_key()), key.sign(purpose + contents))
    sig_member, contents_member = tarfile.TarInfo(SIGNATURE), tarfile.TarInfo(CONTENTS)
    for member, content in ((contents_member, contents), (sig_member, signature)):
        member.size, member.mode = len(content), 0o644
    return pack([(contents_member, contents), (sig_member, signature)])


def test_a_signature_of_another_key_under_a_trusted_name_is_refused(
    unpack: Callable[..., list[ModelEntry]], bundle: bytes, keys: tuple[Ed25519PrivateKey, str]
) -> None:
    contents = members_of(bundle)[0][1]
    forged = render_signature(keys[1], Ed25519PrivateKey.generate().sign(PURPOSE + contents))
    members = members_of(bundle)
    members[1] = (members[1][0], forged)
    with pytest.raises(BundleError, match="signature does not fit"):
        unpack(pack(members))


def test_a_signature_made_for_something_else_is_refused(
    unpack: Callable[..., list[ModelEntry]], bundle: bytes, keys: tuple[Ed25519PrivateKey, str]
) -> None:
    contents = members_of(bundle)[0][1]
    with pytest.raises(BundleError, match="signature does not fit"):
        unpack(resign(contents, keys[0], purpose=b""))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda model: model.update(id="../../outside"), "names a model"),
        (lambda model: model.update(revision=".."), "names a model"),
        (lambda model: model["files"].update({"../x": file_row()}), "no plain file name"),
        (lambda model: model["files"].update({"/etc/x": file_row()}), "no plain file name"),
        (lambda model: model["files"].update({"manifest.json": file_row()}), "of its own"),
        (lambda model: model["files"].update({"x": {"bytes": -1, "sha256": "0" * 64}}), "size"),
        (lambda model: model["files"].update({"x": {"bytes": 1, "sha256": "no"}}), "SHA-256"),
        (lambda model: model.update(id=PHI), "make the bundle with the same version"),
        (lambda model: model["files"].pop("model.json"), "catalogue lacks"),
        (lambda model: model.pop("files"), "contents cannot be read"),
        (lambda model: model["files"].update({"x": {"bytes": 10**18, "sha256": "0" * 64}}), "free"),
    ],
)
def test_even_a_trusted_key_signs_nothing_that_leads_astray(
    unpack: Callable[..., list[ModelEntry]],
    bundle: bytes,
    depot: Depot,
    keys: tuple[Ed25519PrivateKey, str],
    change: Callable[[dict[str, object]], object],
    said: str,
) -> None:
    listed = json.loads(members_of(bundle)[0][1])
    listed["models"] = listed["models"][:1]
    change(listed["models"][0])
    with pytest.raises(BundleError, match=said):
        unpack(resign(json.dumps(listed).encode(), keys[0]))
    assert_nothing_is_left(depot)


def file_row() -> dict[str, object]:
    return {"bytes": 1, "sha256": "0" * 64}


def test_a_newer_format_says_so(
    unpack: Callable[..., list[ModelEntry]], keys: tuple[Ed25519PrivateKey, str]
) -> None:
    with pytest.raises(BundleError, match="has format 2, this Philo reads 1"):
        unpack(resign(b'{"format": 2, "models": []}', keys[0]))


def test_another_file_is_no_bundle(
    unpack: Callable[..., list[ModelEntry]], depot: Depot, tmp_path: Path
) -> None:
    for content in (
        b"",
        b"PK\x03\x04" + bytes(2000),
        bytes(20_000),
        header("x", 9) + bytes(20_000),
    ):
        with pytest.raises(BundleError, match="no bundle of models"):
            unpack(content)
    with pytest.raises(BundleError, match="cannot be read"):
        unpack_bundle(depot, tmp_path / "nowhere.philo", [])


def test_a_model_of_the_same_id_is_replaced_only_when_asked(
    unpack: Callable[..., list[ModelEntry]], bundle: bytes, depot: Depot, tmp_path: Path
) -> None:
    held = import_model(depot, make_ready_folder(tmp_path / "x", b"own"), model_id="mine")
    with pytest.raises(ImportRefusedError, match="add --replace"):
        unpack(bundle)
    assert depot.status(held) == "ready"
    entries = unpack(bundle, replaces=True)
    assert find_model("mine", depot) == entries[0]


def test_a_damaged_model_is_not_bundled(
    full: Depot, depot: Depot, keys: tuple[Ed25519PrivateKey, str], tmp_path: Path
) -> None:
    entry = import_model(depot, make_ready_folder(tmp_path / "x"), model_id="mine")
    (depot.path(entry) / "model.onnx").write_bytes(b"WEIGHTS")
    path = tmp_path / "out.philo"
    with pytest.raises(ModelDamagedError, match="is not what its manifest says"):
        write_bundle(depot, [entry], path, keys[0])
    with pytest.raises(ModelMissingError):
        write_bundle(depot, [find_model("phi-2-cpu-int4")], path, keys[0])
    assert not list(tmp_path.glob("*out.philo*"))


def test_an_existing_file_is_not_overwritten(
    full: Depot, keys: tuple[Ed25519PrivateKey, str], tmp_path: Path
) -> None:
    path = tmp_path / "out.philo"
    path.write_text("mine")
    with pytest.raises(BundleError, match="exists and was left as it is"):
        write_bundle(full, [find_model("mine", full)], path, keys[0])
    assert path.read_text() == "mine"


def test_a_private_key_is_for_its_owner_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    public = make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert public_text(load_key(path).public_key()) == public
    with pytest.raises(KeyFileError, match="exists and was left as it is"):
        make_key(path)


def test_a_file_that_holds_no_signing_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    elliptic = generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    for content, said in (
        (b"", "holds no key"),
        (elliptic, "of another kind"),
        (bytes(20_000), "too large"),
    ):
        path.write_bytes(content)
        with pytest.raises(KeyFileError, match=said):
            load_key(path)
    with pytest.raises(KeyFileError, match="cannot be read"):
        load_key(tmp_path / "none.pem")


@pytest.mark.parametrize(
    "text", ["", "ed25519:", "ed25519:AAAA", "rsa:AAAA", "ed25519:é", "x" * 51]
)
def test_a_text_that_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(KeyFileError, match=r"is no public key.*models\.trusted_keys"):
        parse_public(text)
