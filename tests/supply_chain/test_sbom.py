"""The bill of materials that `make sbom` writes."""

import json
import subprocess

from tests.docker.conftest import ROOT
from tests.supply_chain.locks import read_lock


def test_it_names_every_package_of_the_image_with_version_hash_and_nothing_else(tmp_path):
    out = tmp_path / "service.cdx.json"
    done = subprocess.run(["sh", ROOT / "docker/make_sbom.sh", out], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    bill = json.loads(out.read_text())
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "philo")
    named = {one["name"]: one for one in bill["components"]}
    assert {name: one["version"] for name, one in named.items()} == read_lock("service")
    for one in named.values():
        assert one["purl"].startswith("pkg:pypi/")
        assert any(
            made["alg"] == "SHA-256" and len(made["content"]) == 64
            for reference in one["externalReferences"]
            for made in reference.get("hashes", [])
        ), one["name"]
    again = tmp_path / "again.cdx.json"
    subprocess.run(["sh", ROOT / "docker/make_sbom.sh", again], check=True, capture_output=True)
    assert again.read_bytes() == out.read_bytes()
