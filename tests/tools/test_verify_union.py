"""The archive of several studies, some of them imported, is checked as that of one is."""

import json
import tarfile

import pytest
from archives import union_archive
from glossbench.tools.archive import pack
from glossbench.tools.verify import verify

pytestmark = pytest.mark.slow
OBJECTIVES = ["ce", "scl-ce", "gloss-sqrt-ce"]


def settings(name, corpus, **more):
    study = {"study": name, "corpora": [corpus], "encoders": ["minilm-l6"], "objectives": OBJECTIVES, "seeds": [0, 1]}
    return {**study, **more}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    studies = [settings("fetched", "bbc-news"), settings("taken", "r8", max_length=128)]
    return union_archive("both", studies, ["taken"], tmp_path_factory.mktemp("union"))


@pytest.fixture(scope="module")
def packed(archive):
    with tarfile.open(archive) as tar:
        return {member.name.partition("/")[2]: tar.extractfile(member).read() for member in tar}


def test_archive_of_several_studies_is_sound(archive, packed):
    assert verify(archive).faults == []
    assert {"config/members/taken.json", "members/taken/imported/index.json", "members/fetched/provenance.json",
            "members/taken/corpora/r8/card.json", "resources/corpora/bbc-news/SHA256SUMS"} <= set(packed)  # fmt: skip
    assert "resources/corpora/r8/SHA256SUMS" not in packed  # nothing was downloaded for it


def with_json(name, change):
    def forged(packed):
        content = json.loads(packed[name])
        change(content)
        return {**packed, name: json.dumps(content).encode()}

    return forged


def without(name):
    return lambda packed: {other: content for other, content in packed.items() if other != name}


def of_other_documents(index):
    for entry in index.values():
        entry["origin"]["inputs"]["settings"] = "0" * 16


FORGERIES = {
    "the epochs of a member": (
        with_json("config/members/taken.json", lambda study: study.update(training={"epochs": 7})),
        "runs.parquet: 6 of 6: trained with other settings than config/members/taken.json has",
    ),
    "the epochs of a member, as its provenance sees it": (
        with_json("config/members/taken.json", lambda study: study.update(training={"epochs": 7})),
        "members/taken/provenance.json: its settings are not those of the packed study",
    ),
    "the commit of a member": (
        with_json("members/taken/provenance.json", lambda made: made.update(commit="0" * 40)),
        "members/taken/provenance.json: not the file whose digest provenance.json states",
    ),
    "the machine of a member": (
        with_json("members/fetched/provenance.json", lambda made: made["runs"].update(devices="NVIDIA H100")),
        "members/fetched/provenance.json: what it says of the runs does not follow from runs.parquet",
    ),
    "no provenance of a member": (
        without("members/taken/provenance.json"),
        "members/taken/provenance.json: missing, the study has it",
    ),
    "no index of what was imported": (
        without("members/taken/imported/index.json"),
        "resources/corpora/r8/SHA256SUMS: missing, and its runs are not the imported ones",
    ),
    "runs that were imported of other documents": (
        with_json("members/taken/imported/index.json", of_other_documents),
        "resources/corpora/r8/SHA256SUMS: missing, and its runs are not the imported ones",
    ),
    "no list of what was fetched": (
        without("resources/encoders/minilm-l6/SHA256SUMS"),
        "resources/encoders/minilm-l6/SHA256SUMS: missing",
    ),
    "a card": (
        with_json("members/taken/corpora/r8/card.json", lambda card: card.update(n_duplicates=0)),
        "members/taken/corpora/r8/card.json: does not agree with corpora.parquet: n_duplicates",
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_of_a_study_among_several_is_found(packed, tmp_path, forgery):
    change, beginning = FORGERIES[forgery]
    changed = {name: content for name, content in change(packed).items() if name != "SHA256SUMS"}
    pack(tmp_path / "a.tar.gz", "both-artifact", changed)
    faults = verify(tmp_path / "a.tar.gz").faults
    assert any(fault.startswith(beginning) for fault in faults), faults
