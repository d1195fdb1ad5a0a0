"""The archive of a small study, made once for all tests of it."""

import json
import tarfile
from pathlib import Path

import pytest
from glossbench.evidence.build import Evidence
from glossbench.evidence.report.page import shown_outputs
from glossbench.frames import write_frame
from glossbench.provenance import describe
from glossbench.study.names import names_of
from glossbench.study.study import Study, load_study
from glossbench.tools.archive import contents, pack
from made_up import corpora, coverage, epochs, runs
from registered import CLAIMS, CONFIG, OUTPUTS, PUBLISHED, ROOT, caption
from report_pages import PNG

OBJECTIVES = ["ce", "scl-ce", "gloss-sqrt-ce"]
SETTINGS = {
    "study": "mine",
    "corpora": ["bbc-news"],
    "encoders": ["minilm-l6"],
    "objectives": OBJECTIVES,
    "seeds": [0, 1],
}
PICTURES = {"png": PNG, "pdf": b"%PDF-1.4\n"}  # verify does not look into them


@pytest.fixture(scope="session")
def study_settings() -> dict:
    """The study as its file has it."""
    return SETTINGS


@pytest.fixture(scope="session")
def archive(tmp_path_factory) -> Path:
    """The archive of the study: frames, tables, figures, verdicts, tests and report as the workflow would leave them."""
    work = tmp_path_factory.mktemp("artifact")
    results = work / "results/mine"
    study = load_study(SETTINGS, "study", CONFIG)
    made = Evidence(study_frames(), PUBLISHED, names_of(study, CONFIG))
    for folder in ("tables", "figures"):
        (results / folder).mkdir(parents=True)
    for name, frame in made.frames.items():
        write_frame(name, frame, results / f"{name}.parquet")
    write_products(made, study, results)
    manifests = []
    for name in ("corpora/bbc-news", "encoders/minilm-l6"):
        manifest = work / "resources" / name / "SHA256SUMS"
        manifest.parent.mkdir(parents=True)
        manifest.write_text(f"{'0' * 64}  a file of {name}\n")
        manifests.append(str(manifest))
    products = [str(path) for path in results.rglob("*") if path.is_file()]
    packed = results / "mine-artifact.tar.gz"
    pack(packed, "mine-artifact", contents(ROOT, results, products, manifests, SETTINGS))
    return packed


@pytest.fixture(scope="session")
def packed(archive) -> dict[str, bytes]:
    """The archive's files by their names below its top folder."""
    with tarfile.open(archive) as tar:
        return {member.name.partition("/")[2]: tar.extractfile(member).read() for member in tar}


def study_frames() -> dict:
    scores = {("bbc-news", "minilm-l6", key): [0.9 + 0.01 * place, 0.91] for place, key in enumerate(OBJECTIVES)}
    own = runs(scores, study="mine")
    curves = [[0.5, 0.7, 0.8]] * len(own)
    return {"runs": own, "epochs": epochs(own, curves), "corpora": corpora("bbc-news"), "coverage": coverage(own)}


def write_products(made: Evidence, study: Study, results: Path) -> None:
    entries = []
    for output in [output for output in OUTPUTS if output.fillable(study)]:
        make = made.table if output.kind == "table" else made.figure_texts
        files = {ending: text.encode() for ending, text in make(output.specification(), caption(output.key)).items()}
        for ending, content in {**files, **(PICTURES if output.kind == "figure" else {})}.items():
            (results / f"{output.kind}s/{output.key}.{ending}").write_bytes(content)
        entries.append({**output.shown(), "caption": caption(output.key)})
    for name, texts in {"claims": made.claims(CLAIMS), "significance": made.significance()}.items():
        for ending, text in texts.items():
            (results / f"{name}.{ending}").write_text(text, encoding="utf-8")
    shown = shown_outputs(entries, sorted([*results.glob("tables/*.html"), *results.glob("figures/*.png")]))
    claims = (results / "claims.json").read_text(encoding="utf-8")
    settings = json.loads(json.dumps(study.settings))
    report = made.report(settings, describe(ROOT), shown, claims)
    (results / "report.html").write_text(report["html"], encoding="utf-8")
    (results / "provenance.json").write_text(report["json"], encoding="utf-8")
