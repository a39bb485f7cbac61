"""Models in one signed file, for machines without a connection.

A bundle is an archive (uncompressed: weights do not shrink) whose first member, `bundle.json`,
names every file with its size and SHA-256. The second, `bundle.sig`, is an Ed25519 signature of
the first; the files follow in that order, and then nothing. See `assistant.models.archive`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assistant.errors import BundleError, ModelDamagedError
from assistant.models.archive import (
    COPY_BYTES,
    GET_ANOTHER,
    copy_content,
    ending,
    header,
    padding,
    read_member,
    require_bytes,
    write_member,
)
from assistant.models.catalog import ModelEntry
from assistant.models.depot import Depot
from assistant.models.hub import Meter
from assistant.models.manifests import FileRecord, Manifest, parse_manifest
from assistant.models.signatures import is_signed, parse_public, public_text

CONTENTS, SIGNATURE = "bundle.json", "bundle.sig"
FORMAT = 1
PURPOSE = b"philo bundle 1\n"
"""Signed before the contents, so that a signature of something else never fits."""

LARGEST_CONTENTS_BYTES = 16 * 2**20
LARGEST_SIGNATURE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle holds, after its signature was found to be good. `key` is public."""

    key: str
    models: tuple[Manifest, ...]

    @property
    def size_bytes(self) -> int:
        return sum(model.size_bytes for model in self.models)

    def members(self) -> Iterator[tuple[Manifest, str, FileRecord]]:
        """Model, file name and record, in the order of the archive."""
        for model in self.models:
            for name in sorted(model.files):
                yield model, name, model.files[name]


def write_bundle(
    depot: Depot,
    entries: Sequence[ModelEntry],
    path: Path,
    key: Ed25519PrivateKey,
    *,
    meter: Meter | None = None,
) -> Bundle:
    """Put models into a new file at `path`, in one step when it is complete.

    Raises:
        ModelMissingError, ModelDamagedError: a model is not in the depot as it was made.
        BundleError: the file exists or cannot be written.
    """
    models = tuple(depot.manifest(entry) for entry in entries)
    bundle = Bundle(public_text(key.public_key()), models)
    contents = _render({"format": FORMAT, "models": [model.to_json() for model in models]})
    signature = render_signature(bundle.key, key.sign(PURPOSE + contents))
    partial = path.with_name(f".{path.name}.partial")
    try:
        if path.exists():
            raise BundleError(f"{path} exists and was left as it is; choose another name")
        free = shutil.disk_usage(path.absolute().parent).free
        if free < bundle.size_bytes:
            raise BundleError(
                f"{path.parent} has {free / 1e9:.1f} GB free, the bundle takes "
                f"{bundle.size_bytes / 1e9:.1f} GB; free some space or choose another place"
            )
        with partial.open("wb") as stream:
            write_member(stream, CONTENTS, contents)
            write_member(stream, SIGNATURE, signature)
            done = 0
            for model, name, record in bundle.members():
                stream.write(header(_member_name(model, name), record.bytes))
                source = depot.directory / model.id / model.revision / name
                _copy_checked(source, stream, record)
                stream.write(padding(record.bytes))
                done += record.bytes
                if meter is not None:
                    meter(done, bundle.size_bytes)
            stream.write(ending(stream.tell()))
        partial.rename(path)
    except OSError as exc:
        raise BundleError(f"{path} cannot be written: {exc}") from exc
    finally:
        partial.unlink(missing_ok=True)
    return bundle


def read_contents(stream: IO[bytes], trusted_keys: Sequence[str]) -> Bundle:
    """Read the first two members, and nothing more unless a trusted key signed them.

    Raises:
        BundleError: it is no bundle, not signed by a trusted key, or changed.
        KeyFileError: a trusted key is none.
    """
    contents = read_member(stream, CONTENTS, LARGEST_CONTENTS_BYTES)
    signature_text = read_member(stream, SIGNATURE, LARGEST_SIGNATURE_BYTES)
    try:
        stated = json.loads(signature_text)
        key, signature = str(stated["key"]), bytes.fromhex(stated["signature"])
        if render_signature(key, signature) != signature_text:
            raise ValueError("not as Philo writes it")
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise BundleError(f"the bundle's signature cannot be read ({exc}); {GET_ANOTHER}") from exc
    if key not in {public_text(parse_public(trusted)) for trusted in trusted_keys}:
        raise BundleError(
            f"the bundle is signed with {key!r}, which is not trusted; if that is the key that "
            "its maker told you (not one that came with the bundle), add it to models.trusted_keys"
        )
    if not is_signed(parse_public(key), signature, PURPOSE + contents):
        raise BundleError(f"the bundle's signature does not fit its contents; {GET_ANOTHER}")
    try:
        listed = json.loads(contents)
        if listed["format"] != FORMAT:
            raise BundleError(
                f"the bundle has format {listed['format']}, this Philo reads {FORMAT}; make it "
                "with the same version of Philo"
            )
        models = tuple(parse_manifest(model) for model in listed["models"])
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise BundleError(f"the bundle's contents cannot be read ({exc})") from exc
    if len({model.id for model in models}) != len(models):
        raise BundleError("the bundle holds one model twice")
    return Bundle(key, models)


def read_files(
    stream: IO[bytes], bundle: Bundle, target: Path | None, meter: Meter | None = None
) -> Iterator[str]:
    """Check the rest of a bundle to its end, file by file, and write it below `target`.

    Args:
        target: files come to `<target>/<id>/<revision>/<name>`; None only checks.
    Yields:
        The member that was just found to be good.
    Raises:
        BundleError: a byte differs from what the contents say, some are missing, or more follow.
    """
    done = 0
    for model, name, record in bundle.members():
        member = _member_name(model, name)
        require_bytes(stream, header(member, record.bytes), f"the place of {member}")
        if target is None:
            found = copy_content(stream, record.bytes, None)
        else:
            file = target / model.id / model.revision / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("xb") as copy:
                found = copy_content(stream, record.bytes, copy)
        if found != record.sha256:
            raise BundleError(
                f"{member} has SHA-256 {found}, expected {record.sha256}; {GET_ANOTHER}"
            )
        require_bytes(stream, padding(record.bytes), f"the filling after {member}")
        done += record.bytes
        if meter is not None:
            meter(done, bundle.size_bytes)
        yield member
    require_bytes(stream, ending(stream.tell()), "the end")
    if stream.read(1):
        raise BundleError(f"something follows after the bundle's end; {GET_ANOTHER}")


def _member_name(model: Manifest, name: str) -> str:
    return f"models/{model.id}/{model.revision}/{name}"


def _render(content: object) -> bytes:
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()


def render_signature(key: str, signature: bytes) -> bytes:
    return _render({"algorithm": "ed25519", "key": key, "signature": signature.hex()})


def _copy_checked(source: Path, target: IO[bytes], record: FileRecord) -> None:
    with source.open("rb") as stream:
        size, digest = 0, hashlib.sha256()
        while block := stream.read(COPY_BYTES):
            digest.update(block)
            size += len(block)
            target.write(block)
    if size != record.bytes or digest.hexdigest() != record.sha256:
        raise ModelDamagedError(
            f"{source} is not what its manifest says; run: philo models verify, and pull or "
            "import the model again"
        )
