"""The archive as a Workflow Run RO-Crate, checked by the validator of the profile and read by another library."""

import io
import json
from pathlib import Path

import pytest
from glossbench.archives.format import unpacked

from tests.support.registered import CLAIMS

pytestmark = pytest.mark.slow
BIOSCHEMAS, RUN_TERMS = "https://bioschemas.org/", "https://w3id.org/ro/terms/workflow-run"


@pytest.fixture(scope="module")
def folder(archive, tmp_path_factory) -> Path:
    return unpacked(archive, tmp_path_factory.mktemp("crate"))


@pytest.fixture(scope="module")
def entities(folder) -> dict[str, dict]:
    graph = json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]
    assert len({entity["@id"] for entity in graph}) == len(graph)
    return {entity["@id"]: entity for entity in graph}


def contexts(path: Path) -> Path:
    """A cache of the two contexts, so that nothing is downloaded.

    The terms of RO-Crate are those that the package rocrate has, of its version 1.3; four have other names in 1.1.
    """
    rocrate, requests_cache = pytest.importorskip("rocrate"), pytest.importorskip("requests_cache")
    import requests
    from urllib3 import HTTPResponse

    terms = json.loads((Path(rocrate.__file__).parent / "data/ro-crate.jsonld").read_text())["@context"]
    terms |= {name: f"{BIOSCHEMAS}{name}" for name in ("ComputationalWorkflow", "FormalParameter")}
    terms |= {name: f"{BIOSCHEMAS}ComputationalWorkflow#{name}" for name in ("input", "output")}
    runs = {name: f"{RUN_TERMS}#{name}" for name in ("sha256", "resourceUsage")}
    session = requests_cache.CachedSession(str(path), expire_after=-1)
    for address, content in {"https://w3id.org/ro/crate/1.1/context": terms, f"{RUN_TERMS}/context": runs}.items():
        answer = requests.Response()
        answer.status_code, answer.url = 200, address
        answer.headers["Content-Type"] = "application/ld+json"
        answer._content = json.dumps({"@context": content}).encode()
        answer.request = requests.Request("GET", address).prepare()
        stream = io.BytesIO(answer.content)
        answer.raw = HTTPResponse(body=stream, headers=answer.headers, status=200, preload_content=False)
        session.cache.save_response(answer)
    session.close()
    return path


def faults(folder: Path, cache: Path) -> list[str]:
    """What the validator of Provenance Run Crate says is required and missing."""
    services = pytest.importorskip("rocrate_validator.services")
    from rocrate_validator.models import Severity, ValidationSettings

    settings = ValidationSettings(rocrate_uri=str(folder), profile_identifier="provenance-run-crate-0.5", offline=True,
                                  requirement_severity=Severity.REQUIRED, cache_path=cache, skip_availability_check=True)  # fmt: skip
    return [f"{issue.check.identifier} {issue.message}" for issue in services.validate(settings).get_issues()]


def test_the_validator_of_the_profile_finds_no_fault(folder, tmp_path):
    cache = contexts(tmp_path / "contexts")
    assert faults(folder, cache) == []
    crate = json.loads((folder / "ro-crate-metadata.json").read_text())
    crate["@graph"] = [one for one in crate["@graph"] if one["@id"] != "#organized"]
    for one in crate["@graph"]:
        one.pop("instrument", None)  # a validator that checks nothing would not say a word
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in ("Snakefile", "SHA256SUMS"):
        (broken / name).write_bytes((folder / name).read_bytes())
    (broken / "ro-crate-metadata.json").write_text(json.dumps(crate))
    assert any("instrument" in fault for fault in faults(broken, cache))


def test_another_library_reads_it(folder):
    rocrate = pytest.importorskip("rocrate.rocrate")
    crate = rocrate.ROCrate(str(folder))
    assert crate.mainEntity.id == "Snakefile"
    assert crate.name == "Evidence of the study mine"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {one.id for one in crate.data_entities} == files - {"ro-crate-metadata.json"}
    (paper,) = [one for one in crate.contextual_entities if one.type == "ScholarlyArticle"]
    assert [author["name"] for author in paper["author"]] == ["Aditya Sharma", "Vinti Agarwal", "Rajesh Kumar"]


def test_it_has_runs_inputs_licences_claims_and_software(entities, folder):
    runs = [one for one in entities.values() if one["@type"] == "CreateAction" and one["@id"].startswith("#runs/")]
    assert len(runs) == 6
    assert all(one["object"] == [{"@id": "#corpora/bbc-news"}, {"@id": "#encoders/minilm-l6"}] for one in runs)
    corpus = entities["#corpora/bbc-news"]
    assert "non-commercial" in entities[corpus["license"]["@id"]]["name"]
    assert "92c3f2ebd8dab4bf9d6bb61a6041f381422b30edcf17068a17c84768dd31e270" in corpus["identifier"]
    assert corpus["subjectOf"]["@id"] in entities
    texts = {one["text"] for one in entities.values() if one["@type"] == "Claim"}
    assert texts == {claim.claim for claim in CLAIMS.values()}
    assert entities["#claim-C1"]["name"] == "C1 of the paper"
    assert entities["#claim-N1"]["name"] == "N1, our own"
    assert entities["#package-torch"]["softwareVersion"].startswith("2.")
    listed = dict(line.split("  ")[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    stated = {name: one["sha256"] for name, one in entities.items() if "sha256" in one and name in listed}
    assert stated == {name: digest for name, digest in listed.items() if name != "ro-crate-metadata.json"}


def test_whatever_is_referred_to_is_described(entities):
    outside = ("http://schema.org/", BIOSCHEMAS, "https://snakemake.github.io", "https://w3id.org/ro/crate/")
    referred = {
        value["@id"]
        for one in entities.values()
        for values in one.values()
        for value in (values if isinstance(values, list) else [values])
        if isinstance(value, dict)
    }
    assert {name for name in referred - set(entities) if not name.startswith(outside)} == set()
